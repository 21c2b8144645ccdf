// Answers in words: the verdict as a sentence that fits the confidence, the bars, the facts.

/** @import {Result, Task} from "../types.js" */

/** From here on a picture is like those the model learned from; below 0.5 it is *neither*. */
const FAMILIAR = 0.9;
const SHOWN_SCORES = 6;

const share = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const list = new Intl.ListFormat("en");

/** A share 0..1 as text; what is not quite certain is not called 100 %. */
export function percent(/** @type {number} */ value) {
  if (value < 1 && value > 0.999) return "> 99.9%";
  if (value > 0 && value < 0.001) return "< 0.1%";
  return share.format(value);
}

/** A label as people write it: `sea_lion` is a sea lion. */
export function spoken(/** @type {string} */ label) {
  return label.replaceAll(/[_\s]+/g, " ").trim();
}

/** With its article; names that are plurals (as of a folder `cats`) stand alone. */
export function article(/** @type {string} */ label) {
  const name = spoken(label);
  if (/[^suio]s$/i.test(name)) return name;
  return `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;
}

export function sentenceCase(/** @type {string} */ text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * The verdict as a sentence, and a second one where there is more to say.
 * @param {Result} result
 * @returns {{verdict: string, note: string}}
 */
export function inWords({ verdict, predictions, familiarity, present }) {
  const [first, second] = predictions;
  const best = article(first.label);
  const known = familiarity ?? 1;
  if (verdict === "neither") {
    const guess = known > 0.1 ? ` If I had to choose: ${best}.` : "";
    return {
      verdict: predictions.length > 2 ? "None of these, I think" : "Neither, I think",
      note: `It doesn’t look like anything I learned.${guess}`,
    };
  }
  if (verdict === "several") {
    const names = (present?.length ? present : [first.label, second.label]).map(article);
    const note = known < FAMILIAR ? "That’s how it looks to me, but it’s unlike the photos I know." : "";
    return { verdict: sentenceCase(list.format(names)), note };
  }
  const other = first.score < 0.75 && second ? `It could also be ${article(second.label)}.` : "";
  if (known < FAMILIAR) {
    const note = ["But it’s unlike the photos I know.", other].filter(Boolean).join(" ");
    return { verdict: `Looks like ${best} to me`, note };
  }
  const sentence =
    first.score >= 0.99 ? `${best}, no doubt`
    : first.score >= 0.9 ? `${best}, I’m quite sure`
    : first.score >= 0.75 ? `probably ${best}`
    : first.score >= 0.6 ? `perhaps ${best}`
    : `${best}? Hard to say`;
  return { verdict: sentenceCase(sentence), note: other };
}

/**
 * What the bars show: a share for each label and, where the model knows what it does not know, one
 * for *neither*. Together they are 1, so that no label has a full bar beside *neither*.
 * @param {Result} result
 * @returns {{label: string, share: number, neither: boolean}[]} the largest first
 */
export function bars({ predictions, familiarity }) {
  const known = familiarity ?? 1;
  const labels = predictions
    .slice(0, SHOWN_SCORES)
    .map(({ label, score }) => ({ label, share: score * known, neither: false }));
  if (familiarity === null || familiarity === undefined) return labels;
  const name = predictions.length > 2 ? "none of these" : "neither";
  const rows = [...labels, { label: name, share: 1 - known, neither: true }];
  return rows.sort((a, b) => b.share - a.share);
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

/** Model, time and file, a line each; the file's own facts where a smaller copy was sent. */
export function facts(/** @type {Result} */ result, /** @type {Task} */ task) {
  const { model, image, timing_ms: time } = result;
  const total = time.fetch + time.decode + time.inference;
  const parts = [
    time.fetch ? `${number.format(time.fetch)} ms to fetch` : "",
    `${number.format(time.decode)} ms to decode`,
    `${number.format(time.inference)} ms to think`,
  ].filter(Boolean);
  const original = task.kind === "file" && !task.region ? task.original : null;
  const { format, width, height, bytes } = { ...image, ...original };
  const sent = original ? `, sent as ${image.width} × ${image.height}` : "";
  return [
    `Model ${model.name}, version ${model.version}`,
    `${number.format(total)} ms (${parts.join(", ")})`,
    `${format}, ${width} × ${height}, ${size(bytes)}${sent}`,
  ];
}

/** How the picture was looked at, where that was not as it came. */
export function looked(/** @type {Result["look"]} */ look) {
  if (!look) return "";
  if (look.turned) return "I turned it upright to look.";
  return "I looked only inside the dashed line: I know that part better.";
}

function size(/** @type {number} */ bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${number.format(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
