// One answer as a card: picture, verdict, bars, where the model looked, credit, what can be done next.

import { showCode } from "./code.js";
import { announce, find, fromTemplate, make } from "./dom.js";
import { colourOf, drawMaps, layers } from "./maps.js";
import { showShare } from "./share.js";
import { bars, brightest, facts, inWords, percent, spoken } from "./words.js";

/** @import {Answer, Photo, Result} from "./types.js" */

const SOURCES = { flickr: "Flickr", commons: "Wikimedia Commons", folder: "this service’s photos" };
const WIDE = 2; // width / height: from here on the words stand below the picture
const PANORAMA = 3; // and from here on the picture is scrolled

/**
 * @param {Answer} answer
 * @param {(() => void) | null} onOpen given for one of several: shows it by itself
 * @returns {HTMLElement}
 */
export function answerCard(answer, onOpen = null) {
  const { result, photo, task } = answer;
  const card = fromTemplate("answer-template");
  const words = inWords(result);
  find(".verdict", card).textContent = words.verdict;
  setOrRemove(find(".note", card), words.note);
  showPicture(card, answer, Boolean(onOpen));
  find(".scores", card).append(...scores(result));
  setOrRemove(find("figcaption", card), photo ? credit(photo) : source(result));
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
  showMaps(card, result);
  showShare(find(".share", card), answer);
  showCode(card, answer);
  return card;
}

/** What a screen reader is told when the answer arrives. */
export function spokenAnswer(/** @type {Answer} */ { result }) {
  const words = inWords(result);
  const [first] = bars(result);
  return `${words.verdict}. ${spoken(first.label)} ${percent(first.share)}. ${words.note}`;
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
  const { preview, image } = answer.result;
  /** @type {HTMLImageElement} */
  const picture = find("img", card);
  picture.alt = described(answer);
  if (!preview) return picture.remove();
  const ratio = image.width / image.height;
  picture.width = image.width; // the box is there before the picture is
  picture.height = image.height;
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

function scores(/** @type {Result} */ result) {
  return bars(result).map(({ label, share, neither }) => {
    const bar = make("span", { className: "bar", ariaHidden: "true" }, make("span"));
    bar.style.setProperty("--score", String(share));
    const shown = result.verdict === "several" && result.present?.includes(label);
    if (shown) bar.style.setProperty("--colour", colourOf(label, result));
    const name = make("span", { className: "label" }, neither ? label : spoken(label));
    const row = make("li", {}, name, " ", make("span", { className: "value" }, percent(share)), bar);
    row.classList.toggle("chosen", neither ? result.verdict === "neither" : result.verdict === label);
    return row;
  });
}

/** “Title” by Author, licence, on Flickr; every part that has a page is a link to it. */
function credit(/** @type {Photo} */ photo) {
  const line = document.createDocumentFragment();
  line.append(link(`“${photo.title}”`, photo.page_url));
  if (photo.author) line.append(` by ${photo.author}`);
  line.append(` · ${SOURCES[photo.source] ?? photo.source}`);
  if (photo.licence) line.append(" · ", link(photo.licence, photo.licence_url));
  else if (photo.page_url) line.append(" · licence: see its page");
  return line;
}

/** Where the picture was, if the link led to a page. */
function source(/** @type {Result} */ result) {
  const page = result.source?.page;
  if (!page || !URL.canParse(page)) return "";
  const line = document.createDocumentFragment();
  line.append("Found on that page: ", link(new URL(page).hostname, page));
  return line;
}

function link(/** @type {string} */ text, /** @type {string | null} */ href) {
  if (!href || !/^https?:/i.test(href)) return text;
  const hint = make("span", { className: "clipped" }, " (opens a new tab)");
  return make("a", { href, target: "_blank", rel: "noopener noreferrer" }, text, hint);
}

function showMaps(/** @type {HTMLElement} */ card, /** @type {Result} */ result) {
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
    if (on) drawMaps(canvas, maps, result.image.width / result.image.height);
    canvas.hidden = !on;
    toggle.setAttribute("aria-pressed", String(on));
  };
  toggle.addEventListener("click", () => {
    show(canvas.hidden);
    if (!canvas.hidden) announce(`I looked most ${places.join(", ")}.`);
  });
  if (maps.length > 1) show(true); // which is which is part of the answer
}
