// What stands in the panel of answers, and the address and Back that follow it.

import { find } from "../dom.js";

/** @import {Answer} from "../types.js" */

/**
 * Something that the panel can show, now and when the visitor comes back to it.
 * @typedef {object} View
 * @property {HTMLElement[]} cards
 * @property {HTMLElement | null} head what stands above the cards
 * @property {boolean} grid
 * @property {boolean} busy
 * @property {string} search query of the page's address; empty where the picture has no address
 * @property {string} title of the page
 * @property {import("../types.js").Batch | null} batch
 */

const MOST_VIEWS = 64;
const NAME = document.title;

const answers = find("#answers");
const empty = find("#answers > .empty");
/** The views of this visit by number; what the browser's history holds is that number. */
const views = /** @type {Map<number, View>} */ (new Map());
const visit = performance.timeOrigin; // numbers of an earlier load of the page mean nothing
/** @type {View | null} */
let shown = null;

/** @returns {View | null} what is shown; null: nothing yet */
export function current() {
  return shown;
}

/** Show something new: Back leads to what was shown before. */
export function present(/** @type {View} */ view) {
  const number = (Math.max(0, ...views.keys()) || 0) + 1;
  views.set(number, view);
  for (const old of [...views.keys()].slice(0, -MOST_VIEWS)) views.delete(old);
  history.pushState({ visit, number }, "", address(view.search));
  show(view);
}

/** Bring address, title and cards up to date after a change of a view. */
export function refresh(/** @type {View} */ view) {
  if (view !== shown) return;
  history.replaceState(history.state, "", address(view.search));
  document.title = view.title ? `${view.title} · dogorcat` : NAME;
  if (view.busy) answers.setAttribute("aria-busy", "true");
  else answers.removeAttribute("aria-busy");
}

/** Put one card in another's place, or take it out of its view. */
export function replaceCard(/** @type {View} */ view, /** @type {HTMLElement} */ old, /** @type {HTMLElement | null} */ next) {
  keepFocus(old);
  const at = view.cards.indexOf(old);
  if (at >= 0) view.cards.splice(at, 1, ...(next ? [next] : []));
  if (next) old.replaceWith(next);
  else old.remove();
}

/** Show that there is nothing to show, and forget where Back would lead. */
export function clear() {
  views.clear();
  history.replaceState(null, "", address(""));
  showEmpty();
}

/** Say something in the empty panel besides its invitation, or no longer, with an empty text. */
export function sayEmpty(/** @type {string} */ text) {
  find(".news", empty).textContent = text;
}

/** Take a failure away that another mistake has made old. */
export function dropFailure() {
  if (shown && !shown.grid && shown.cards.every((card) => card.classList.contains("failure"))) showEmpty();
}

/** Follow Back and Forward; `onOther` shows what an address asks for that is no view of this visit. */
export function followHistory(/** @type {() => View | null} */ onOther) {
  addEventListener("popstate", ({ state }) => {
    const view = (state?.visit === visit && views.get(state.number)) || onOther();
    if (view) show(view);
    else showEmpty();
  });
}

/** Show a view without a step in the history, such as the one the page opens with. */
export function show(/** @type {View} */ view) {
  shown = view;
  keepFocus(answers);
  answers.classList.toggle("grid", view.grid);
  answers.replaceChildren(...(view.head ? [view.head] : []), ...view.cards);
  find("#next").hidden = !view.batch;
  refresh(view);
  reveal();
}

function showEmpty() {
  shown = null;
  keepFocus(answers);
  answers.classList.remove("grid");
  answers.removeAttribute("aria-busy");
  answers.replaceChildren(empty);
  find("#next").hidden = true;
  document.title = NAME;
}

/** The answer is in view, also where it stands far below the form or above the strip. */
function reveal() {
  const { top } = answers.getBoundingClientRect();
  if (top >= 0 && top <= innerHeight * 0.6) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  answers.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}

/** Hand the focus to the answers where it sits in something that is about to go. */
function keepFocus(/** @type {HTMLElement} */ leaving) {
  if (leaving.contains(document.activeElement)) answers.focus({ preventScroll: true });
}

/** The query of an address that asks the same again. Uploads have none: they are not kept. */
export function searchOf(/** @type {Pick<Answer, "task" | "model" | "photo">} */ { task, model, photo }) {
  const picture = task.kind === "url" ? task.url : photo?.image_url;
  const query = new URLSearchParams(picture ? { url: picture } : {});
  if (model) query.set("model", model);
  if (picture && task.region) query.set("region", task.region.map((share) => share.toFixed(4)).join(","));
  return String(query);
}

function address(/** @type {string} */ search) {
  return `${location.pathname}${search && `?${search}`}`;
}
