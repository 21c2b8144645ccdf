// The page: what was asked, what is awaited, what is shown.

import { answerCard, spokenAnswer } from "./answer.js";
import { ApiError, ask, models, samples } from "./api.js";
import { announce, find, fromTemplate, make } from "./dom.js";
import { forget, remember } from "./history.js";
import { connect, fieldError, prefill, showSamples, showSubjects } from "./inputs.js";
import { shrunk } from "./pictures.js";
import { problemInWords, spoken } from "./words.js";

/** @import {Answer, Model, Task} from "./types.js" */

const AT_ONCE = 3; // pictures of one batch that are asked about at the same time
const SLOW_MS = 6000;

const answers = find("#answers");
/** @type {HTMLSelectElement} */
const chooser = find("#model");
/** @type {AbortController | null} What would be stopped by a new question. */
let current = null;

/** Ask about one picture or several; a question that is still open is given up. */
async function start(/** @type {Task[]} */ tasks) {
  current?.abort();
  const controller = (current = new AbortController());
  clearErrors();
  if (tasks[0].kind === "url") /** @type {HTMLInputElement} */ (find("#url")).value = tasks[0].url;
  const slots = tasks.map((task) => ({ task, card: waitingCard(task, controller) }));
  answers.classList.toggle("grid", tasks.length > 1);
  keepFocus(answers);
  answers.replaceChildren(...slots.map(({ card }) => card));
  answers.setAttribute("aria-busy", "true");
  reveal();
  announce(tasks.length > 1 ? `Looking at ${tasks.length} pictures.` : "Looking at the picture.");

  const queue = [...slots];
  let answered = 0;
  const work = async () => {
    for (let slot = queue.shift(); slot && !controller.signal.aborted; slot = queue.shift()) {
      if (await fill(slot, tasks.length > 1, controller.signal)) answered += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (current !== controller) return;
  current = null;
  answers.removeAttribute("aria-busy");
  if (tasks.length > 1) announce(`${answered} of ${tasks.length} pictures answered.`);
}

/**
 * Ask about one picture, and put the answer or the failure in place of the waiting card.
 * @param {{task: Task, card: HTMLElement}} slot
 * @param {boolean} oneOfMany
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} whether there is an answer
 */
async function fill({ task, card }, oneOfMany, signal) {
  const note = find(".note", card);
  const slow = setTimeout(() => (note.textContent ||= "This takes a little longer…"), SLOW_MS);
  const onStarting = () => {
    note.textContent = "The service is starting. This page tries again by itself.";
    if (!oneOfMany) announce("The service is starting; trying again.");
  };
  try {
    const ready = task.kind === "file" ? { ...task, file: await shrunk(task.file) } : task;
    const answer = await ask(ready, { model: chooser.value || null, signal, onStarting });
    keepFocus(card);
    card.replaceWith(answerCard(answer));
    remember(answer, showAgain);
    if (!oneOfMany) announce(spokenAnswer(answer));
    return true;
  } catch (error) {
    keepFocus(card);
    if (!signal.aborted) card.replaceWith(failureCard(task, error, oneOfMany));
    else if (card.isConnected) card.remove(); // cancelled; a newer question has replaced all cards
    return false;
  } finally {
    clearTimeout(slow);
    for (const image of card.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    if (!answers.children.length) showEmpty();
  }
}

function waitingCard(/** @type {Task} */ task, /** @type {AbortController} */ controller) {
  const card = fromTemplate("waiting-template");
  if (task.kind === "file") {
    const image = make("img", { src: URL.createObjectURL(task.file), alt: `Your photo: ${task.name}` });
    image.addEventListener("error", () => image.remove()); // a format only the service can read
    find(".picture", card).append(image);
  }
  find(".cancel", card).addEventListener("click", () => {
    controller.abort();
    announce("Cancelled.");
  });
  return card;
}

/**
 * @param {Task} task
 * @param {unknown} error
 * @param {boolean} oneOfMany
 */
function failureCard(task, error, oneOfMany) {
  if (!(error instanceof ApiError)) console.error(error);
  const known = error instanceof ApiError ? error : new ApiError("unexpected", "Something broke in this page.");
  const { headline, message } = problemInWords(known);
  const card = fromTemplate("failure-template");
  find(".verdict", card).textContent = headline;
  find(".note", card).textContent =
    oneOfMany && task.kind === "file" ? `${task.name}: ${message}` : message;
  if (!oneOfMany) fieldError(task.kind === "file" ? "files" : task.kind, message);
  find(".again", card).addEventListener("click", () => start([task]));
  return card;
}

function showAgain(/** @type {Answer} */ answer) {
  current?.abort();
  current = null;
  clearErrors();
  answers.classList.remove("grid");
  answers.removeAttribute("aria-busy");
  answers.replaceChildren(answerCard(answer));
  announce(spokenAnswer(answer));
  reveal();
}

const empty = find(".empty");
function showEmpty() {
  answers.classList.remove("grid");
  answers.removeAttribute("aria-busy");
  answers.replaceChildren(empty);
}

function clearErrors() {
  fieldError("files", "");
  fieldError("url", "");
  fieldError("random", "");
  find("#url-hint").textContent = "";
}

/** Hand the focus to the answers where it sits in something that is about to go. */
function keepFocus(/** @type {HTMLElement} */ leaving) {
  if (leaving.contains(document.activeElement)) answers.focus({ preventScroll: true });
}

/** Bring the answer into view where it is below the form, as on phones. */
function reveal() {
  if (answers.getBoundingClientRect().top > innerHeight * 0.6) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    answers.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  }
}

/** Fit the page to the models: the choice, the title, the subjects of Random. */
function showModels(/** @type {Model[]} */ list, /** @type {string | null} */ wanted) {
  const first = list.find((model) => model.name === wanted) ?? list.find((model) => model.default) ?? list[0];
  if (!first) return;
  chooser.replaceChildren(
    ...list.map(({ name, default: isDefault }) =>
      make("option", { value: isDefault ? "" : name, textContent: name, selected: name === first.name }),
    ),
  );
  find("#models").hidden = list.length < 2;
  const fit = () => {
    const chosen = list.find((model) => (model.default ? "" : model.name) === chooser.value) ?? first;
    const { labels, description } = chosen;
    showSubjects(labels);
    find("#model-hint").textContent = description || `Tells apart: ${labels.map(spoken).join(", ")}.`;
    const names = labels.map(spoken);
    const title = names.length > 3 ? "What is in the picture?" : `${names.join(", ")}, or neither?`;
    find("#title").textContent = title.charAt(0).toUpperCase() + title.slice(1);
  };
  chooser.addEventListener("change", fit);
  fit();
}

async function open() {
  connect(start);
  find("#forget").addEventListener("click", () => {
    forget();
    announce("Forgotten.");
    answers.focus({ preventScroll: true });
  });
  const query = new URLSearchParams(location.search);
  prefill(query.get("url"));
  const text = find("p", empty);
  const before = text.textContent;
  try {
    const list = await models(() => {
      text.textContent = "The service is starting. This page tries again by itself.";
      announce("The service is starting.");
    });
    text.textContent = before;
    showModels(list, query.get("model"));
    showSamples(await samples(), start);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code !== "not_found") text.textContent = problemInWords(error).message;
  }
}

open();
