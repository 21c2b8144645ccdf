// Play: the visitor guesses what Random's photo shows before the model says what it sees.

import { ApiError, request } from "../api.js";
import { announce, find, make } from "../dom.js";
import { credit } from "../answer/credit.js";
import { problemInWords } from "../problems.js";
import { inWords, sentenceCase, spoken } from "../answer/words.js";

/** @import {Photo, Result} from "../types.js" */

/** @type {HTMLDialogElement} */
const dialog = find("#play");
const score = { photos: 0, visitor: 0, model: 0 };
let round = 0; // whoever comes back from the service in a later round keeps quiet

/** Open the game. */
export function play(/** @type {string[]} */ labels, /** @type {string} */ model) {
  find(".again", dialog).onclick = () => draw(labels, model);
  dialog.onclose = () => (round += 1);
  dialog.showModal();
  draw(labels, model);
}

async function draw(/** @type {string[]} */ labels, /** @type {string} */ model) {
  const mine = ++round;
  const again = find(".again", dialog);
  const said = find(".said", dialog);
  const guesses = find(".guesses", dialog);
  again.hidden = true;
  guesses.replaceChildren();
  said.replaceChildren("Fetching a photo…");
  find("img", dialog).hidden = true;
  const query = new URLSearchParams({ preview: "true", subject: labels[Math.floor(Math.random() * labels.length)] });
  if (model) query.set("model", model);
  /** @type {{photo: Photo, result: Result}} */
  let drawn;
  try {
    drawn = await request(`random?${query}`, {}, () => {});
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
    ...[...labels, "neither"].map((label) => {
      const button = make("button", { type: "button", className: "button", textContent: sentenceCase(spoken(label)) });
      button.addEventListener("click", () => reveal(drawn, label));
      return button;
    }),
  );
  /** @type {HTMLElement | null} */ (guesses.firstElementChild)?.focus();
}

/** What it is, is what it was searched by; both are counted by that. */
function reveal(/** @type {{photo: Photo, result: Result}} */ { photo, result }, /** @type {string} */ guess) {
  const right = guess === photo.subject;
  const mine = result.verdict === photo.subject;
  score.photos += 1;
  score.visitor += Number(right);
  score.model += Number(mine);
  const words = `${right ? "You’re right" : `It was found as “${spoken(photo.subject)}”`}. I say: ${inWords(result).verdict}.`;
  const total = `You ${score.visitor}, me ${score.model}, of ${score.photos}.`;
  find(".said", dialog).replaceChildren(words, make("b", {}, total), make("small", {}, credit(photo)));
  find(".guesses", dialog).replaceChildren();
  const again = find(".again", dialog);
  again.hidden = false;
  again.focus();
  announce(`${words} ${total}`);
}
