// Every way in: choose, camera, link, drop, paste, random. Each ends in one call of `onTasks`.

import { find } from "../dom.js";
import { fieldError } from "./fields.js";
import { asLink, contents, fromDataAddress } from "./links.js";
import { dropFailure } from "../panel/panel.js";
import { refusal } from "./pictures.js";

/** @import {Field} from "./fields.js" */
/** @import {Task} from "../types.js" */
/** @typedef {(tasks: Task[]) => void} OnTasks */

const MOST_FILES = 32;

/** Connect all the ways in. */
export function connect(/** @type {OnTasks} */ onTasks) {
  connectFiles(onTasks);
  connectLink(onTasks);
  connectDrop(onTasks);
  document.addEventListener("paste", (event) => {
    const typing = event.target instanceof Element && event.target.closest("input, textarea");
    const found = event.clipboardData && contents(event.clipboardData);
    if (!found || (typing && !found.files.length)) return;
    event.preventDefault();
    take(found, onTasks);
  });
  find("#random-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    onTasks([{ kind: "random", subject: String(form.get("subject")) }]);
  });
  for (const button of document.querySelectorAll("#next [data-press]")) {
    const target = find(String(/** @type {HTMLElement} */ (button).dataset.press));
    button.addEventListener("click", () => target.click());
  }
}

function connectFiles(/** @type {OnTasks} */ onTasks) {
  for (const id of ["#files", "#camera"]) {
    /** @type {HTMLInputElement} */
    const input = find(id);
    input.addEventListener("change", () => {
      takeFiles([...(input.files ?? [])], onTasks);
      input.value = ""; // so that the same file can be chosen again
    });
  }
}

function connectLink(/** @type {OnTasks} */ onTasks) {
  /** @type {HTMLInputElement} */
  const input = find("#url");
  input.addEventListener("input", () => {
    fieldError("url", "");
    find("#url-hint").textContent = "";
  });
  find("#link-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!takeText(input.value, onTasks)) {
      const empty = "Paste a link to a picture first.";
      const wrong = "That’s not a link. It should look like https://example.org/cat.jpg";
      mistake("url", input.value.trim() ? wrong : empty);
      input.focus();
    }
  });
}

function connectDrop(/** @type {OnTasks} */ onTasks) {
  const veil = find("#veil");
  let depth = 0; // dragenter and dragleave come for every element on the way
  const wanted = (/** @type {DragEvent} */ event) =>
    ["Files", "text/uri-list", "text/html", "text/plain"].some((type) =>
      event.dataTransfer?.types.includes(type),
    );
  document.addEventListener("dragenter", (event) => {
    if (wanted(event)) veil.hidden = ++depth === 0;
  });
  document.addEventListener("dragleave", (event) => {
    if (wanted(event)) veil.hidden = (depth = Math.max(0, depth - 1)) === 0;
  });
  document.addEventListener("dragover", (event) => {
    if (wanted(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    depth = 0;
    veil.hidden = true;
    if (!event.dataTransfer || !wanted(event)) return;
    event.preventDefault(); // else the browser leaves the page for the file
    take(contents(event.dataTransfer), onTasks);
  });
}

/** An error of something that was never asked: what failed before is old news. */
function mistake(/** @type {Field} */ field, /** @type {string} */ text) {
  dropFailure();
  fieldError(field, text);
}

/** Whatever was dropped or pasted. */
function take(/** @type {{files: File[], text: string}} */ { files, text }, /** @type {OnTasks} */ onTasks) {
  if (files.length) takeFiles(files, onTasks);
  else if (!takeText(text, onTasks)) mistake("files", "That was neither a picture nor a link.");
}

function takeText(/** @type {string} */ text, /** @type {OnTasks} */ onTasks) {
  const file = fromDataAddress(text);
  const link = file ? null : asLink(text);
  if (file) takeFiles([file], onTasks);
  else if (link) onTasks([{ kind: "url", url: link }]);
  return Boolean(file || link);
}

/** Ask about files; those that are surely no pictures are named, with the reason. */
export function takeFiles(/** @type {File[]} */ files, /** @type {OnTasks} */ onTasks) {
  if (!files.length) return;
  const pictures = files.filter((file) => !refusal(file));
  const told = files.map(refusal).filter(Boolean);
  const tasks = pictures.slice(0, MOST_FILES).map(
    (file) => /** @type {Task} */ ({ kind: "file", name: file.name || "photo", file }),
  );
  if (tasks.length) onTasks(tasks);
  if (pictures.length > MOST_FILES) told.push(`Only the first ${MOST_FILES} photos are looked at.`);
  if (!told.length) return;
  if (tasks.length) fieldError("files", told.join(" "));
  else mistake("files", told.join(" "));
}
