// Questions under way: a waiting card for each picture, and the answer or the failure in its place.

import { answerCard, spokenAnswer } from "./answer/answer.js";
import { ApiError, ask } from "./api.js";
import { announce, find, fromTemplate, make } from "./dom.js";
import { clearFields, fieldError } from "./inputs/fields.js";
import { gridHead, kindOf } from "./panel/grid.js";
import { remember } from "./panel/history.js";
import { current, present, refresh, replaceCard, searchOf } from "./panel/panel.js";
import { fromPreview, shrunk } from "./inputs/pictures.js";
import { problemInWords } from "./problems.js";
import { within } from "./answer/region.js";
import { inWords } from "./answer/words.js";

/** @import {View} from "./panel/panel.js" */
/** @import {Answer, Batch, Task} from "./types.js" */
/** @typedef {{index: number, task: Task, card: HTMLElement, stop: AbortController}} Question */
/** @typedef {Batch & View & {batch: Batch, update: () => void}} Round pictures that are asked about together */

const AT_ONCE = 3; // pictures of one batch that are asked about at the same time
const SLOW_MS = 6000;

/** @type {HTMLSelectElement} */
const chooser = find("#model");
/** @type {Set<AbortController>} */
const underWay = new Set();

/** Ask about one picture or several; questions that are still open are given up. */
export async function start(/** @type {Task[]} */ tasks) {
  giveUp();
  if (tasks[0].kind === "url") /** @type {HTMLInputElement} */ (find("#url")).value = tasks[0].url;
  const round = begin(tasks);
  const questions = tasks.map((task, index) => pose(round, task, index));
  round.cards = questions.map(({ card }) => card);
  const many = tasks.length > 1;
  if (many) Object.assign(round, gridHead(round));
  present(round);
  announce(many ? `Looking at ${tasks.length} pictures.` : "Looking at the picture.");

  const queue = [...questions];
  const work = async () => {
    for (let question = queue.shift(); question; question = queue.shift()) await settle(round, question);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  round.busy = false;
  refresh(round);
  const answered = round.outcomes.filter((outcome) => outcome && typeof outcome !== "string").length;
  if (many && current() === round) announce(`${answered} of ${tasks.length} pictures answered.`);
}

/** Ask once more about what is shown, as after the choice of another model. */
export function askAgain() {
  const outcomes = current()?.batch?.outcomes;
  const tasks = current()?.batch?.tasks.map((task, i) => {
    const outcome = outcomes?.[i];
    return outcome && typeof outcome !== "string" ? samePicture(outcome) : task;
  });
  if (tasks?.length) start(tasks);
}

/** A task about the picture of an answer: what Random drew stays that photo. */
export function samePicture(/** @type {Answer} */ { task, photo, result }) {
  if (task.kind !== "random" || !photo) return task;
  if (photo.image_url) return /** @type {Task} */ ({ kind: "url", url: photo.image_url, photo });
  const file = fromPreview(result.preview ?? "data:,");
  return /** @type {Task} */ ({ kind: "file", name: `${photo.title}.jpg`, file, photo });
}

/** Show one answer of before by itself, with the way back to those it came with. */
export function open(/** @type {Answer} */ answer) {
  const { batch, task } = answer;
  let head = null;
  if (batch && batch.tasks.length > 1) {
    head = fromTemplate("back-template");
    const button = find("button", head);
    button.textContent = `Back to all ${batch.cards.length}`;
    button.addEventListener("click", () => present(/** @type {Round} */ (batch)));
  }
  const alone = { tasks: [task], cards: [], outcomes: [answer] };
  const [card, title] = [cardOf(answer, false), inWords(answer.result).verdict];
  clearFields();
  present({ cards: [card], head, grid: false, busy: false, search: searchOf(answer), title, batch: alone });
  announce(spokenAnswer(answer));
}

function cardOf(/** @type {Answer} */ answer, /** @type {boolean} */ small) {
  return answerCard(answer, {
    onOpen: small ? () => open(answer) : null,
    onRegion: (region) => start([{ ...samePicture(answer), region: within(answer.task.region, region) }]),
    onWrong: async (button) => (await import("./dialogs/feedback.js")).correct(answer, button),
  });
}

/** @returns {Round} */
function begin(/** @type {Task[]} */ tasks) {
  const grid = tasks.length > 1;
  const search = grid ? "" : searchOf({ task: tasks[0], model: chooser.value || null, photo: null });
  const batch = { tasks, cards: [], outcomes: tasks.map(() => null) };
  const round = { ...batch, head: null, grid, busy: true, search, title: "", batch, update: () => {} };
  return Object.assign(round, { batch: round });
}

/** @returns {Question} */
function pose(/** @type {Round} */ round, /** @type {Task} */ task, /** @type {number} */ index) {
  const question = { index, task, card: fromTemplate("waiting-template"), stop: new AbortController() };
  const { card, stop } = question;
  underWay.add(stop);
  if (task.kind === "file") find(".picture", card).append(thumbnail(task));
  find(".cancel", card).addEventListener("click", () => {
    stop.abort();
    replaceCard(round, card, null);
    round.update();
    announce("Cancelled.");
    if (!round.cards.length && current() === round) history.back();
  });
  return question;
}

/** The visitor's own file, where the browser can show it. */
function thumbnail(/** @type {Task & {kind: "file"}} */ task) {
  const src = URL.createObjectURL(task.file);
  const image = make("img", { src, alt: `Your photo: ${task.name}` });
  image.addEventListener("load", () => URL.revokeObjectURL(src));
  image.addEventListener("error", () => image.remove()); // a format only the service can read
  return image;
}

/** Ask, and put the answer or the failure in place of the waiting card. */
async function settle(/** @type {Round} */ round, /** @type {Question} */ { index, task, card, stop }) {
  const many = round.tasks.length > 1;
  const note = find(".note", card);
  const slow = setTimeout(() => (note.textContent ||= "This takes a little longer…"), SLOW_MS);
  const onStarting = () => {
    note.textContent = "I’m still starting up. I’ll try again by myself.";
    if (!many) announce("I’m still starting up, and will try again.");
  };
  try {
    stop.signal.throwIfAborted();
    const ready = task.kind === "file" ? { ...task, ...(await shrunk(task.file)) } : task;
    const answer = await ask(ready, { model: chooser.value || null, signal: stop.signal, onStarting });
    answer.batch = round;
    round.outcomes[index] = answer;
    const next = cardOf(answer, many);
    next.dataset.kind = kindOf(answer);
    replaceCard(round, card, next);
    if (!many) Object.assign(round, { search: searchOf(answer), title: inWords(answer.result).verdict });
    remember(answer, open);
    if (!many && current() === round) announce(spokenAnswer(answer));
  } catch (error) {
    if (!round.cards.includes(card)) return; // cancelled
    if (stop.signal.aborted) error = new ApiError("given_up", "");
    const { message, next } = failureCard(round, { index, task, card, stop }, error);
    round.outcomes[index] = message;
    next.dataset.kind = kindOf(message);
    replaceCard(round, card, next);
  } finally {
    clearTimeout(slow);
    underWay.delete(stop);
    round.update();
    refresh(round);
  }
}

/**
 * @param {Round} round
 * @param {Question} question
 * @param {unknown} error
 */
function failureCard(round, { index, task }, error) {
  const many = round.tasks.length > 1;
  if (!(error instanceof ApiError)) console.error(error);
  const known = error instanceof ApiError ? error : new ApiError("unexpected", "Something broke in this page.");
  const { headline, message } = problemInWords(known, task.kind);
  const next = fromTemplate("failure-template");
  find(".verdict", next).textContent = headline;
  find(".note", next).textContent = many && task.kind === "file" ? `${task.name}: ${message}` : message;
  if (task.kind === "file") find(".picture", next).append(thumbnail(task));
  else find(".print", next).remove();
  if (!many && current() === round) {
    if (task.kind === "url") fieldError("url", `${headline}.`);
    announce(`${headline}. ${message}`);
  }
  find(".again", next).addEventListener("click", () => {
    if (!many) return start([task]);
    const question = pose(round, task, index);
    round.outcomes[index] = null;
    replaceCard(round, next, question.card);
    return settle(round, question);
  });
  return { message: `${headline}. ${message}`, next };
}

function giveUp() {
  for (const stop of underWay) stop.abort();
  underWay.clear();
  clearFields();
}
