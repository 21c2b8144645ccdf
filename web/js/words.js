// Numbers and codes in words: verdicts that fit the confidence, errors that say what to do.

/** @import {ApiError} from "./api.js" */
/** @import {Result} from "./types.js" */

const share = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A score 0..1 as text; what is not quite certain is not called 100 %. */
export function percent(/** @type {number} */ score) {
  if (score < 1 && score > 0.999) return "> 99.9%";
  if (score > 0 && score < 0.001) return "< 0.1%";
  return share.format(score);
}

/** A label as people write it: `sea_lion` is a sea lion. */
export function spoken(/** @type {string} */ label) {
  return label.replaceAll(/[_\s]+/g, " ").trim();
}

/** With its article; names that are plurals (as of a folder `cats`) stand alone. */
function article(/** @type {string} */ label) {
  const name = spoken(label);
  if (/[^suio]s$/i.test(name)) return name;
  return `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;
}

function sentenceCase(/** @type {string} */ text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * The verdict as a sentence, and a second one where there is more to say.
 * @param {Result} result
 * @returns {{verdict: string, note: string}}
 */
export function inWords(result) {
  const [first, second] = result.predictions;
  const best = article(first.label);
  if (result.verdict === "neither") {
    return {
      verdict: result.predictions.length > 2 ? "None of these, I think" : "Neither, I think",
      note: `It looks unlike the photos I learned from. If I had to choose: ${best}.`,
    };
  }
  const verdict =
    first.score >= 0.99 ? `${best}, no doubt`
    : first.score >= 0.9 ? `${best}, I am quite sure`
    : first.score >= 0.75 ? `probably ${best}`
    : first.score >= 0.6 ? `perhaps ${best}`
    : `${best}? Hard to say`;
  const note = first.score >= 0.75 ? "" : `It could also be ${article(second.label)}.`;
  return { verdict: sentenceCase(verdict), note };
}

/** Where the map is brightest, as text: "the upper left". */
export function brightest(/** @type {number[][]} */ map) {
  let [sum, x, y] = [0, 0, 0];
  map.forEach((row, i) =>
    row.forEach((value, j) => {
      const weight = value ** 3; // the peaks count, the haze does not
      sum += weight;
      x += (weight * (j + 0.5)) / row.length;
      y += (weight * (i + 0.5)) / map.length;
    }),
  );
  if (!sum) return "nothing in particular";
  const across = x / sum < 0.4 ? "left" : x / sum > 0.6 ? "right" : "";
  const down = y / sum < 0.4 ? "upper" : y / sum > 0.6 ? "lower" : "";
  if (!across && !down) return "the middle";
  if (!across) return `the ${down} part`;
  return down ? `the ${down} ${across}` : `the ${across} side`;
}

/** Model, time and file in one line. */
export function facts(/** @type {Result} */ result) {
  const { model, image, timing_ms: time } = result;
  const total = time.fetch + time.decode + time.inference;
  const parts = [
    time.fetch ? `${number.format(time.fetch)} ms to fetch` : "",
    `${number.format(time.decode)} ms to decode`,
    `${number.format(time.inference)} ms to think`,
  ].filter(Boolean);
  const size = image.bytes < 1000 ? `${image.bytes} bytes`
    : image.bytes < 1e6 ? `${number.format(image.bytes / 1000)} kB`
    : `${(image.bytes / 1e6).toFixed(1)} MB`;
  return [
    `Model ${model.name}, version ${model.version}`,
    `${number.format(total)} ms (${parts.join(", ")})`,
    `${image.format}, ${image.width} × ${image.height}, ${size}`,
  ];
}

/** @type {Record<string, [string, string]>} code -> headline, what to do */
const ADVICE = {
  invalid_request: ["That was not understood", ""],
  url_not_allowed: ["That link leads nowhere", "Check it, or save the picture and choose the file."],
  unauthorized: ["A key is needed", "Ask whoever runs this service."],
  model_not_found: ["There is no such model", "Choose another one."],
  not_found: ["Not found", ""],
  image_too_large: ["The picture is too large", "Try a smaller version of it."],
  unsupported_media_type: ["That is no picture I can read", ""],
  image_unreadable: ["The picture is damaged", "Try another copy of it."],
  rate_limited: ["That was a lot of questions", ""],
  fetch_failed: ["The picture could not be fetched", "Check the link, or save the picture and choose the file."],
  fetch_timeout: ["The other server is too slow", "Try again, or save the picture and choose the file."],
  overloaded: ["Busy right now", "Try again in a moment."],
  not_ready: ["The service is not up yet", "Try again in a minute."],
  photo_source_unavailable: ["No photo to show", ""],
  deadline_exceeded: ["That took too long", "Try again, perhaps with a smaller picture."],
  offline: ["No connection", "Check your connection and try again."],
};

/**
 * An error as a headline and a sentence or two that say what to do.
 * @param {ApiError} error
 * @returns {{headline: string, message: string}}
 */
export function problemInWords(error) {
  const [headline, advice] = ADVICE[error.code] ?? ["That did not work", "Try again in a moment."];
  const wait =
    error.code === "rate_limited" ? `Wait ${error.retryAfter ?? 60} seconds and try again.` : "";
  return { headline, message: [error.message, advice, wait].filter(Boolean).join(" ") };
}
