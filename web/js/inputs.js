// Every way in: choose, camera, link, drop, paste, random, samples. Each ends in one call of `onTasks`.

import { find, make } from "./dom.js";
import { asLink, contents, fromDataAddress, mayBePicture } from "./pictures.js";
import { spoken } from "./words.js";

/** @import {Sample, Task} from "./types.js" */
/** @typedef {(tasks: Task[]) => void} OnTasks */
/** @typedef {"files" | "url" | "random"} Field */

const MOST_FILES = 32;

/** Show an error at the field that caused it, or take it away with an empty text. */
export function fieldError(/** @type {Field} */ field, /** @type {string} */ text) {
  find(`#${field}-error`).textContent = text;
  const input = document.querySelector(`#${field}`);
  if (text) input?.setAttribute("aria-invalid", "true");
  else input?.removeAttribute("aria-invalid");
}

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
}

/** Fill the link from the page's own address (`?url=`), without asking anything yet. */
export function prefill(/** @type {string | null} */ address) {
  if (!address) return;
  /** @type {HTMLInputElement} */ (find("#url")).value = address;
  find("#url-hint").textContent = "This link came with the address of the page. Press Look to ask.";
}

/** Offer a model's labels as subjects of Random. */
export function showSubjects(/** @type {string[]} */ labels) {
  const now = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=subject]:checked"));
  const subjects = ["any", ...labels];
  const chosen = now && subjects.includes(now.value) ? now.value : "any";
  find("#subjects").replaceChildren(
    ...subjects.flatMap((value, i) => {
      const id = `subject-${i}`;
      const radio = { className: "clipped", type: "radio", name: "subject", id, value };
      return [
        make("input", { ...radio, checked: value === chosen }),
        make("label", { htmlFor: id }, i ? spoken(value) : "anything"),
      ];
    }),
  );
}

/** Show the strip of samples. */
export function showSamples(/** @type {Sample[]} */ samples, /** @type {OnTasks} */ onTasks) {
  find("#samples").hidden = !samples.length;
  find("#samples ul").replaceChildren(
    ...samples.map(({ title, image }, i) => {
      const source = image.replace(/^\//, "");
      const picture = make("img", { src: `${source}?size=small`, alt: "", width: 96, height: 96 });
      const name = make("span", { className: "clipped" }, `Sample ${i + 1}: ${title}`);
      const button = make("button", { type: "button" }, picture, name);
      button.addEventListener("click", async () => {
        const reply = await fetch(source).catch(() => null);
        if (!reply?.ok) return fieldError("files", "This sample cannot be had right now.");
        onTasks([{ kind: "file", name: `${title}.jpg`, file: await reply.blob() }]);
      });
      return make("li", {}, button);
    }),
  );
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
      const empty = "Paste the link of a picture first.";
      const wrong = "That is not a link. It should look like https://example.org/cat.jpg";
      fieldError("url", input.value.trim() ? wrong : empty);
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

/** Whatever was dropped or pasted. */
function take(/** @type {{files: File[], text: string}} */ { files, text }, /** @type {OnTasks} */ onTasks) {
  if (files.length) takeFiles(files, onTasks);
  else if (!takeText(text, onTasks)) fieldError("files", "That was neither a picture nor a link.");
}

function takeText(/** @type {string} */ text, /** @type {OnTasks} */ onTasks) {
  const file = fromDataAddress(text);
  const link = file ? null : asLink(text);
  if (file) takeFiles([file], onTasks);
  else if (link) onTasks([{ kind: "url", url: link }]);
  return Boolean(file || link);
}

function takeFiles(/** @type {File[]} */ files, /** @type {OnTasks} */ onTasks) {
  if (!files.length) return;
  const pictures = files.filter(mayBePicture);
  const others = files.filter((file) => !mayBePicture(file));
  const tasks = pictures.slice(0, MOST_FILES).map(
    (file) => /** @type {Task} */ ({ kind: "file", name: file.name || "photo", file }),
  );
  if (tasks.length) onTasks(tasks);
  const told = [];
  if (others.length) told.push(`${others.map((file) => `“${file.name}”`).join(", ")}: not a picture.`);
  if (pictures.length > MOST_FILES) told.push(`Only the first ${MOST_FILES} photos are looked at.`);
  if (told.length) fieldError("files", told.join(" "));
}
