// One answer as a card: picture, verdict, scores, where it looked, credit, and the developer's part.

import { curl } from "./api.js";
import { announce, copy, find, fromTemplate, make } from "./dom.js";
import { brightest, facts, inWords, percent, spoken } from "./words.js";

/** @import {Answer, Photo, Result} from "./types.js" */

const SHOWN_SCORES = 6;
const SOURCES = { flickr: "Flickr", commons: "Wikimedia Commons", folder: "this service’s photos" };

/** @returns {HTMLElement} */
export function answerCard(/** @type {Answer} */ answer) {
  const { result, photo } = answer;
  const card = fromTemplate("answer-template");
  const words = inWords(result);
  find(".verdict", card).textContent = words.verdict;
  setOrRemove(find(".note", card), words.note);
  showPicture(card, answer);
  find(".scores", card).append(...scores(result));
  find(".facts", card).replaceChildren(...facts(result).map((text) => make("span", {}, text)));
  setOrRemove(find("figcaption", card), photo ? credit(photo) : "");
  showMap(card, result);
  showShare(find(".share", card), answer);
  showCode(card, answer);
  return card;
}

/** What a screen reader is told when the answer arrives. */
export function spokenAnswer(/** @type {Answer} */ { result }) {
  const words = inWords(result);
  const best = result.predictions[0];
  return `${words.verdict}. ${spoken(best.label)} ${percent(best.score)}. ${words.note}`;
}

/** Name of what was looked at, for the picture's text alternative. */
function described(/** @type {Answer} */ { task, photo }) {
  if (photo) return `Random photo: ${photo.title}`;
  return task.kind === "file" ? `Your photo: ${task.name}` : "The picture behind your link";
}

function setOrRemove(/** @type {HTMLElement} */ element, /** @type {string | Node} */ content) {
  if (content) element.replaceChildren(content);
  else element.remove();
}

function showPicture(/** @type {HTMLElement} */ card, /** @type {Answer} */ answer) {
  const { preview, image } = answer.result;
  /** @type {HTMLImageElement} */
  const picture = find("img", card);
  picture.alt = described(answer);
  if (!preview) return picture.remove();
  picture.width = image.width; // the box is there before the picture is
  picture.height = image.height;
  picture.src = preview;
}

function scores(/** @type {Result} */ { predictions }) {
  return predictions.slice(0, SHOWN_SCORES).map(({ label, score }) => {
    const bar = make("span", { className: "bar", ariaHidden: "true" }, make("span"));
    bar.style.setProperty("--score", String(score));
    const name = make("span", { className: "label" }, spoken(label));
    return make("li", {}, name, " ", make("span", { className: "value" }, percent(score)), bar);
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

function link(/** @type {string} */ text, /** @type {string | null} */ href) {
  if (!href || !/^https?:/i.test(href)) return text;
  const hint = make("span", { className: "clipped" }, " (opens a new tab)");
  return make("a", { href, target: "_blank", rel: "noopener noreferrer" }, text, hint);
}

function showMap(/** @type {HTMLElement} */ card, /** @type {Result} */ { heatmap, image, preview }) {
  /** @type {HTMLButtonElement} */
  const toggle = find(".where-toggle", card);
  /** @type {HTMLCanvasElement} */
  const canvas = find(".where", card);
  if (!heatmap?.length || !preview) {
    toggle.remove();
    canvas.remove();
    return;
  }
  toggle.addEventListener("click", () => {
    const on = canvas.hidden;
    if (on) light(canvas, heatmap, image.width / image.height);
    canvas.hidden = !on;
    toggle.setAttribute("aria-pressed", String(on));
    if (on) announce(`It looked most at ${brightest(heatmap)}.`);
  });
}

/**
 * Shade the picture except where the model looked.
 * @param {HTMLCanvasElement} canvas gets the picture's proportions, so that both fit their box alike
 * @param {number[][]} map
 * @param {number} proportion width / height
 */
function light(canvas, map, proportion) {
  const [rows, columns] = [map.length, map[0].length];
  const shade = new ImageData(columns, rows);
  map.flat().forEach((value, i) => {
    const seen = Math.min(Math.max(value, 0), 1) ** 0.7; // a little more than the very peak
    shade.data.set([24, 15, 10, Math.round(205 * (1 - seen))], 4 * i);
  });
  const small = make("canvas", { width: columns, height: rows });
  small.getContext("2d")?.putImageData(shade, 0, 0);
  // Twice, since one smooth step from so few points shows their grid.
  const middle = make("canvas", { width: columns * 4, height: rows * 4 });
  canvas.width = Math.max(1, Math.round(320 * Math.min(1, proportion)));
  canvas.height = Math.max(1, Math.round(320 / Math.max(1, proportion)));
  for (const [from, to] of [[small, middle], [middle, canvas]]) {
    const context = to.getContext("2d");
    if (!context) return;
    context.imageSmoothingQuality = "high";
    context.drawImage(from, 0, 0, to.width, to.height);
  }
}

/** A link that fills the form of whoever opens it. Uploads have none: they are not kept. */
function showShare(/** @type {HTMLButtonElement} */ button, /** @type {Answer} */ answer) {
  const { task, photo, model } = answer;
  const picture = task.kind === "url" ? task.url : photo?.image_url;
  if (!picture) return button.remove();
  const link = new URL(location.pathname, location.href);
  link.searchParams.set("url", picture);
  if (model) link.searchParams.set("model", model);
  button.addEventListener("click", async () => {
    if (navigator.share && matchMedia("(pointer: coarse)").matches) {
      await navigator.share({ title: inWords(answer.result).verdict, url: link.href }).catch(() => {});
    } else await copy(link.href, button);
  });
}

function showCode(/** @type {HTMLElement} */ card, /** @type {Answer} */ answer) {
  const command = curl(answer.task, answer.model);
  const json = JSON.stringify(answer.reply, (key, value) => (key === "preview" ? undefined : value), 2)
    .replaceAll(/\[[\d\s.,]+\]/g, (row) => row.replaceAll(/\s+/g, " ")); // a map's row on one line
  /** @type {Record<string, string>} */
  const texts = { curl: command, json };
  for (const [name, text] of Object.entries(texts)) {
    find(`.${name}`, card).textContent = text;
    /** @type {HTMLButtonElement} */
    const button = find(`[data-copy=${name}]`, card);
    button.addEventListener("click", () => copy(text, button));
  }
}
