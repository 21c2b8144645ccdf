// Play: the visitor guesses what Random's photo shows before the model says what it sees.

import { ApiError, request } from "../api.js";
import { announce, copy, find, make } from "../dom.js";
import { credit } from "../answer/credit.js";
import { problemInWords } from "../problems.js";
import { inWords, sentenceCase, spoken } from "../answer/words.js";

/** @import {Model, Photo, Result} from "../types.js" */

/** @type {HTMLDialogElement} */
const dialog = find("#play");
const LAST = 10; // rounds that are shown as a row of paws
const NEITHER = "neither";
/** @type {{visitor: boolean, model: boolean}[]} */
const rounds = []; // who was right
let round = 0; // whoever comes back from the service in a later round keeps quiet

/** Open the game; a model that can say *neither* is shown photos of neither, too. */
export function play(/** @type {Model} */ { name, labels, neither_threshold: threshold }) {
  const subjects = threshold === null ? labels : [...labels, NEITHER];
  find(".again", dialog).onclick = () => draw(subjects, name);
  find(".score", dialog).onclick = () => shareScore();
  dialog.onclose = () => (round += 1);
  dialog.showModal();
  draw(subjects, name);
}

async function draw(/** @type {string[]} */ subjects, /** @type {string} */ model) {
  const mine = ++round;
  const again = find(".again", dialog);
  const said = find(".said", dialog);
  const guesses = find(".guesses", dialog);
  again.hidden = true;
  find(".score", dialog).hidden = true;
  guesses.replaceChildren();
  said.replaceChildren("Fetching a photo…");
  find("img", dialog).hidden = true;
  /** @type {{photo: Photo, result: Result}} */
  let drawn;
  try {
    drawn = await photo(subjects, model);
  } catch (error) {
    if (mine !== round) return;
    const { headline, message } = problemInWords(/** @type {ApiError} */ (error));
    said.replaceChildren(`${headline}. ${message}`);
    again.hidden = false;
    return;
  }
  if (mine !== round) return;
  /** @type {HTMLImageElement} */
  const image = find("img", dialog);
  image.src = drawn.result.preview ?? "";
  image.hidden = false;
  said.replaceChildren("What is it? You first.");
  guesses.replaceChildren(
    ...subjects.map((subject) => {
      const name = subject === NEITHER && subjects.length > 3 ? "none of these" : spoken(subject);
      const button = make("button", { type: "button", className: "button", textContent: sentenceCase(name) });
      button.addEventListener("click", () => reveal(drawn, subject));
      return button;
    }),
  );
  /** @type {HTMLElement | null} */ (guesses.firstElementChild)?.focus();
}

/** A photo of one of the subjects, each as likely; of a label where there is none of neither. */
async function photo(/** @type {string[]} */ subjects, /** @type {string} */ model) {
  const subject = subjects[Math.floor(Math.random() * subjects.length)];
  const query = new URLSearchParams({ preview: "true", subject, model });
  try {
    return await request(`random?${query}`, {}, () => {});
  } catch (error) {
    if (subject !== NEITHER || !(error instanceof ApiError) || error.code !== "photo_source_unavailable") throw error;
    return photo(subjects.filter((one) => one !== NEITHER), model);
  }
}

/** What it is, is what it was searched by; both are counted by that. */
function reveal(/** @type {{photo: Photo, result: Result}} */ { photo, result }, /** @type {string} */ guess) {
  const right = guess === photo.subject;
  rounds.push({ visitor: right, model: result.verdict === photo.subject });
  const truth = photo.subject === NEITHER ? "It’s none of these" : `It was found as “${spoken(photo.subject)}”`;
  const words = `${right ? "You’re right" : truth}. I say: ${inWords(result).verdict}.`;
  const total = `You ${points("visitor")}, me ${points("model")}, of ${rounds.length}.`;
  find(".said", dialog).replaceChildren(words, make("b", {}, total), make("small", {}, credit(photo)));
  find(".guesses", dialog).replaceChildren();
  const again = find(".again", dialog);
  again.hidden = false;
  find(".score", dialog).hidden = false;
  again.focus();
  announce(`${words} ${total}`);
}

function points(/** @type {"visitor" | "model"} */ who) {
  return rounds.filter((one) => one[who]).length;
}

/** The score as a text to send: a row of paws for each, and the page's address. */
function scoreInWords() {
  const row = (/** @type {"visitor" | "model"} */ who) =>
    rounds.slice(-LAST).map((one) => (one[who] ? "🐾" : "⬜")).join("");
  return [
    `${find("#title").textContent} I got ${points("visitor")} of ${rounds.length}, the machine ${points("model")}.`,
    `Me ${row("visitor")}`,
    `It ${row("model")}`,
    `${location.origin}${location.pathname}`,
  ].join("\n");
}

/** Give the score to the phone's share sheet, or copy it where there is none. */
function shareScore() {
  const text = scoreInWords();
  /** @type {HTMLButtonElement} */
  const button = find(".score", dialog);
  if (navigator.canShare?.({ text })) navigator.share({ text }).catch(() => {}); // thought better of it
  else copy(text, button);
}
