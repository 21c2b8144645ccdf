// Errors in words: what went wrong, in the page's own voice, and what to do about it.

/** @import {ApiError} from "./api.js" */
/** @import {Task} from "./types.js" */

const COPY = "Right-click the photo (or hold a finger on it), choose “Copy image address” and paste that.";
const SAVE = "Or save the picture and choose the file.";

/** @type {Record<string, [string, string]>} code -> headline, what to do */
const ADVICE = {
  invalid_request: ["I didn’t understand that", ""],
  url_not_allowed: ["I can’t open that link", `Check it. ${SAVE}`],
  unauthorized: ["I need a key for that", "Ask whoever runs this service."],
  model_not_found: ["I don’t have that model", "Choose another one."],
  not_found: ["I can’t find that", ""],
  image_too_large: ["That picture is too large", "Try a smaller version of it."],
  unsupported_media_type: ["I can’t read that file", ""],
  image_unreadable: ["That picture is damaged", "Try another copy of it."],
  rate_limited: ["A lot of questions from you", ""],
  fetch_failed: ["I couldn’t fetch that picture", ""],
  fetch_timeout: ["The other server is too slow", `Try again. ${SAVE}`],
  overloaded: ["I’m busy right now", "Try again in a moment."],
  not_ready: ["I’m not up yet", "Try again in a minute."],
  photo_source_unavailable: ["No random photo right now", "Try again in a moment, or show me a photo of yours."],
  deadline_exceeded: ["That took too long", "Try again, perhaps with a smaller picture."],
  given_up: ["I didn’t finish this one", "Another question came in between."],
  offline: ["No connection", "Check your connection and try again."],
};
/** Codes whose advice is another one where a link was asked about. */
const LINK_ADVICE = {
  fetch_failed: `${COPY} ${SAVE}`,
  unsupported_media_type: `${COPY} ${SAVE}`,
  image_unreadable: SAVE,
};

/**
 * An error as a headline and a sentence or two that say what to do.
 * @param {ApiError} error
 * @param {Task["kind"]} [kind] of what was asked about
 * @returns {{headline: string, message: string}}
 */
export function problemInWords(error, kind) {
  let [headline, advice] = ADVICE[error.code] ?? ["That didn’t work", "Try again in a moment."];
  const link = kind === "url" && LINK_ADVICE[/** @type {keyof LINK_ADVICE} */ (error.code)];
  if (link) advice = error.message.includes("Copy image address") ? SAVE : link; // said once
  if (kind === "url" && error.code === "invalid_request") headline = ADVICE.url_not_allowed[0];
  if (link && error.code === "unsupported_media_type") headline = "That link isn’t a picture";
  if (error.code === "rate_limited") advice = `Wait ${error.retryAfter ?? 60} seconds and try again.`;
  // Why a source of photos fails is for whoever runs the service.
  const reason = error.code === "photo_source_unavailable" ? "" : error.message;
  return { headline, message: [reason, advice].filter(Boolean).join(" ") };
}
