// Questions under way: a waiting card for each picture, and the answer or the failure in its place.

import { answerCard, spokenAnswer } from "./answer.js";
import { ApiError, ask } from "./api.js";
import { announce, find, fromTemplate, make } from "./dom.js";
import { remember } from "./history.js";
import { fieldError } from "./inputs.js";
import { shrunk } from "./pictures.js";
import { problemInWords } from "./words.js";

/** @import {Answer, Task} from "./types.js" */
/** @typedef {{task: Task, card: HTMLElement, stop: AbortController}} Question */

const AT_ONCE = 3; // pictures of one batch that are asked about at the same time
const SLOW_MS = 6000;

const answers = find("#answers");
const empty = find(".empty");
/** @type {HTMLSelectElement} */
const chooser = find("#model");
/** @type {Set<AbortController>} */
const underWay = new Set();
let round = 0; // counts what was shown; whoever finishes in a later round keeps quiet

/** Ask about one picture or several; questions that are still open are given up. */
export async function start(/** @type {Task[]} */ tasks) {
  const many = tasks.length > 1;
  giveUp();
  if (tasks[0].kind === "url") /** @type {HTMLInputElement} */ (find("#url")).value = tasks[0].url;
  const mine = round;
  const questions = tasks.map(pose);
  show(...questions.map(({ card }) => card));
  answers.classList.toggle("grid", many);
  answers.setAttribute("aria-busy", "true");
  announce(many ? `Looking at ${tasks.length} pictures.` : "Looking at the picture.");

  const queue = [...questions];
  let answered = 0;
  const work = async () => {
    for (let question = queue.shift(); question; question = queue.shift()) {
      if (await settle(question, many)) answered += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (round !== mine) return;
  answers.removeAttribute("aria-busy");
  if (many) announce(`${answered} of ${tasks.length} pictures answered.`);
}

/** Show an answer of before. */
export function showAgain(/** @type {Answer} */ answer) {
  giveUp();
  show(answerCard(answer));
  announce(spokenAnswer(answer));
}

/** @returns {Question} */
function pose(/** @type {Task} */ task) {
  const question = { task, card: fromTemplate("waiting-template"), stop: new AbortController() };
  const { card, stop } = question;
  underWay.add(stop);
  if (task.kind === "file") {
    const image = make("img", { src: URL.createObjectURL(task.file), alt: `Your photo: ${task.name}` });
    image.addEventListener("error", () => image.remove()); // a format only the service can read
    stop.signal.addEventListener("abort", () => URL.revokeObjectURL(image.src));
    find(".picture", card).append(image);
  }
  find(".cancel", card).addEventListener("click", () => {
    stop.abort();
    keepFocus(card);
    card.remove();
    if (!answers.children.length) show(empty);
    announce("Cancelled.");
  });
  return question;
}

/**
 * Ask, and put the answer or the failure in place of the waiting card.
 * @param {Question} question
 * @param {boolean} many whether it is one of several
 * @returns {Promise<boolean>} whether there is an answer
 */
async function settle({ task, card, stop }, many) {
  const note = find(".note", card);
  const slow = setTimeout(() => (note.textContent ||= "This takes a little longer…"), SLOW_MS);
  const onStarting = () => {
    note.textContent = "The service is starting. This page tries again by itself.";
    if (!many) announce("The service is starting; trying again.");
  };
  try {
    stop.signal.throwIfAborted();
    const ready = task.kind === "file" ? { ...task, file: await shrunk(task.file) } : task;
    const model = chooser.value || null;
    const answer = await ask(ready, { model, signal: stop.signal, onStarting });
    keepFocus(card);
    card.replaceWith(answerCard(answer));
    remember(answer, showAgain);
    if (!many) announce(spokenAnswer(answer));
    return true;
  } catch (error) {
    if (stop.signal.aborted) return false;
    keepFocus(card);
    card.replaceWith(failureCard(task, error, many));
    return false;
  } finally {
    clearTimeout(slow);
    underWay.delete(stop);
    for (const image of card.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  }
}

/**
 * @param {Task} task
 * @param {unknown} error
 * @param {boolean} many
 */
function failureCard(task, error, many) {
  if (!(error instanceof ApiError)) console.error(error);
  const known = error instanceof ApiError ? error : new ApiError("unexpected", "Something broke in this page.");
  const { headline, message } = problemInWords(known);
  const card = fromTemplate("failure-template");
  find(".verdict", card).textContent = headline;
  find(".note", card).textContent = many && task.kind === "file" ? `${task.name}: ${message}` : message;
  if (!many) fieldError(task.kind === "file" ? "files" : task.kind, message);
  find(".again", card).addEventListener("click", () => {
    if (!many) return start([task]);
    const question = pose(task);
    keepFocus(card);
    card.replaceWith(question.card);
    return settle(question, many);
  });
  return card;
}

function giveUp() {
  round += 1;
  for (const stop of underWay) stop.abort();
  underWay.clear();
  for (const field of /** @type {const} */ (["files", "url", "random"])) fieldError(field, "");
  find("#url-hint").textContent = "";
}

/** Put cards in place of all others, in view also where the answer is below the form. */
function show(/** @type {HTMLElement[]} */ ...cards) {
  keepFocus(answers);
  answers.classList.remove("grid");
  answers.removeAttribute("aria-busy");
  answers.replaceChildren(...cards);
  if (answers.getBoundingClientRect().top > innerHeight * 0.6) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    answers.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  }
}

/** Hand the focus to the answers where it sits in something that is about to go. */
function keepFocus(/** @type {HTMLElement} */ leaving) {
  if (leaving.contains(document.activeElement)) answers.focus({ preventScroll: true });
}
