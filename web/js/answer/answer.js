// One answer as a card: picture, verdict, bars, where the model looked, credit, what can be done next.

import { barRows } from "./bars.js";
import { showCode } from "./code.js";
import { credit, foundOn } from "./credit.js";
import { announce, find, fromTemplate, make } from "../dom.js";
import { photoWithin } from "./frames.js";
import { drawMaps, layers } from "./maps.js";
import { place, showRegion } from "./region.js";
import { showShare } from "../dialogs/share.js";
import { bars, brightest, facts, inWords, looked, percent, spoken } from "./words.js";

/** @import {Region} from "./region.js" */
/** @import {Answer} from "../types.js" */

const WIDE = 2; // width / height: from here on the words stand below the picture
const PANORAMA = 3; // and from here on the picture is scrolled

/**
 * What a card can ask for.
 * @typedef {object} Actions
 * @property {(() => void) | null} onOpen given for one of several: shows it by itself
 * @property {(region: Region) => void} onRegion asks about a part of the picture
 * @property {(button: HTMLButtonElement) => void} onWrong lets the visitor say what it is
 */

/**
 * @param {Answer} answer
 * @param {Actions} actions
 * @returns {HTMLElement}
 */
export function answerCard(answer, { onOpen, onRegion, onWrong }) {
  const { result, photo, task } = answer;
  const card = fromTemplate("answer-template");
  const words = inWords(result);
  find(".verdict", card).textContent = words.verdict;
  setOrRemove(find(".note", card), words.note);
  setOrRemove(find(".looked", card), onOpen ? "" : looked(result.look));
  showPicture(card, answer, Boolean(onOpen));
  find(".scores", card).append(...barRows(result));
  setOrRemove(find("figcaption", card), photo ? credit(photo) : foundOn(result));
  if (onOpen) {
    const name = "name" in task ? task.name : words.verdict;
    const button = make("button", { type: "button", className: "quiet", textContent: "Look closer" });
    button.append(make("span", { className: "clipped" }, ` at ${name}`));
    button.addEventListener("click", onOpen);
    find(".tools", card).replaceChildren(button);
    for (const part of [".facts", "details"]) find(part, card).remove();
    return card;
  }
  find(".facts", card).replaceChildren(...facts(result, task).map((text) => make("span", {}, text)));
  showMaps(card, answer);
  showParts(card, answer, onRegion);
  /** @type {HTMLButtonElement} */
  const wrong = find(".wrong", card);
  wrong.addEventListener("click", () => onWrong(wrong));
  showShare(find(".share", card), answer);
  showCode(card, answer);
  return card;
}

/** What a screen reader is told when the answer arrives. */
export function spokenAnswer(/** @type {Answer} */ { result }) {
  const words = inWords(result);
  const [first] = bars(result);
  return [`${words.verdict}. ${spoken(first.label)} ${percent(first.share)}.`, words.note, looked(result.look)].join(" ").trim();
}

/** Name of what was looked at, for the picture's text alternative. */
function described(/** @type {Answer} */ { task, photo }) {
  const part = task.region ? "Part of: " : "";
  if (photo) return `${part}Random photo: ${photo.title}`;
  if (task.kind === "sample") return `${part}Sample: ${task.name}`;
  return part + (task.kind === "file" ? `Your photo: ${task.name}` : "The picture behind your link");
}

function setOrRemove(/** @type {HTMLElement} */ element, /** @type {string | Node} */ content) {
  if (content) element.replaceChildren(content);
  else element.remove();
}

function showPicture(/** @type {HTMLElement} */ card, /** @type {Answer} */ answer, /** @type {boolean} */ small) {
  const { preview } = answer.result;
  /** @type {HTMLImageElement} */
  const picture = find("img", card);
  picture.alt = described(answer);
  if (!preview) return picture.remove();
  const { width, height } = seen(answer);
  const ratio = width / height;
  picture.width = Math.round(width); // the box is there before the picture is
  picture.height = Math.round(height);
  picture.src = preview;
  find(".picture", card).style.setProperty("--ratio", String(ratio));
  if (small) return;
  card.classList.toggle("wide", ratio >= WIDE);
  if (ratio < PANORAMA) return;
  const frame = find(".frame", card);
  frame.classList.add("panorama");
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "The picture, wider than its place");
}

/** Width and height of what was looked at. */
function seen(/** @type {Answer} */ { task, result: { image } }) {
  const [, , width, height] = task.region ?? [0, 0, 1, 1];
  return { width: image.width * width, height: image.height * height };
}

/** A part can be chosen; where I looked at a part only, a line shows it; what may be a screenshot's photo is offered. */
function showParts(/** @type {HTMLElement} */ card, /** @type {Answer} */ answer, /** @type {(region: Region) => void} */ onRegion) {
  /** @type {HTMLButtonElement} */
  const button = find(".look-here", card);
  const offer = find(".offer", card);
  if (!answer.result.preview) return [button, offer].forEach((part) => part.remove());
  showRegion(card, button, onRegion);
  /** @type {HTMLImageElement} */
  const image = find("img", card);
  const outline = (/** @type {number[]} */ region) => {
    const line = make("div", { className: "found" });
    place(line, region);
    find(".picture", card).append(line);
  };
  const seenPart = answer.result.look?.region;
  if (seenPart) {
    outline(seenPart);
    return offer.remove();
  }
  image.decode().then(() => {
    const region = answer.task.region ? null : photoWithin(image);
    if (!region) return offer.remove();
    outline(region);
    find("button", offer).addEventListener("click", () => onRegion(region));
    offer.hidden = false;
  }, () => offer.remove());
}

function showMaps(/** @type {HTMLElement} */ card, /** @type {Answer} */ answer) {
  const { result } = answer;
  /** @type {HTMLButtonElement} */
  const toggle = find(".where-toggle", card);
  /** @type {HTMLCanvasElement} */
  const canvas = find(".where", card);
  const maps = layers(result);
  if (!maps.length || !result.preview) {
    toggle.remove();
    canvas.remove();
    return;
  }
  const places = maps.map(({ label, map }) =>
    maps.length > 1 ? `at ${brightest(map)} for ${spoken(label)}` : `at ${brightest(map)}`,
  );
  const show = (/** @type {boolean} */ on) => {
    if (on) drawMaps(canvas, maps, seen(answer).width / seen(answer).height);
    canvas.hidden = !on;
    toggle.setAttribute("aria-pressed", String(on));
  };
  toggle.addEventListener("click", () => {
    show(canvas.hidden);
    if (!canvas.hidden) announce(`I looked most ${places.join(", ")}.`);
  });
  if (maps.length > 1) show(true); // which is which is part of the answer
}
