// What the service offers: its models, the subjects of Random, the samples.

import { find, make } from "./dom.js";
import { sentenceCase, spoken } from "./answer/words.js";

/** @import {Model, Offer, Sample, Task} from "./types.js" */

/** @type {HTMLSelectElement} */
const chooser = find("#model");

/**
 * Fit the page to the service: the choice of a model, the title, the subjects of Random.
 * @param {Offer} offer
 * @param {string | null} wanted the model that the page's address names
 * @param {() => void} onChange called after another model was chosen
 */
export function showOffer({ models, random, feedback }, wanted, onChange) {
  find("#random-form").hidden = random === false;
  document.body.classList.toggle("without-random", random === false);
  document.body.classList.toggle("with-feedback", feedback === true);
  const first = models.find(({ name }) => name === wanted) ?? models.find((model) => model.default) ?? models[0];
  if (!first) return;
  chooser.replaceChildren(
    ...models.map(({ name, default: isDefault }) =>
      make("option", { value: isDefault ? "" : name, textContent: name, selected: name === first.name }),
    ),
  );
  find("#models").hidden = models.length < 2;
  const chosen = () => models.find((model) => (model.default ? "" : model.name) === chooser.value) ?? first;
  chooser.addEventListener("change", () => {
    fit(chosen());
    onChange();
  });
  fit(first);
  find("#open-play").onclick = async () => (await import("./dialogs/game.js")).play(chosen());
  const camera = find("#open-live");
  camera.hidden = !navigator.mediaDevices;
  camera.onclick = async () => (await import("./dialogs/live.js")).live(chooser.value);
}

function fit(/** @type {Model} */ { labels, description }) {
  showSubjects(labels);
  const names = labels.map(spoken);
  find("#model-hint").textContent = description || `Knows: ${names.join(", ")}`;
  find("#title").textContent =
    names.length > 3 ? "What is in the picture?" : sentenceCase(`${names.join(", ")}, or neither?`);
  // Ears, noses and fur are spoken of only where they are what is looked for.
  const general = [...labels].sort().join() !== "cat,dog";
  find(".about").classList.toggle("general", general);
  for (const text of document.querySelectorAll("[data-general]")) {
    const { dataset } = /** @type {HTMLElement} */ (text);
    dataset.special ??= text.textContent ?? "";
    text.textContent = String(general ? dataset.general : dataset.special);
  }
}

/** Offer a model's labels as subjects of Random. */
function showSubjects(/** @type {string[]} */ labels) {
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
export function showSamples(/** @type {Sample[]} */ samples, /** @type {(tasks: Task[]) => void} */ onTasks) {
  find("#samples").hidden = !samples.length;
  find("#samples ul").replaceChildren(
    ...samples.map(({ title, image }, i) => {
      const path = image.replace(/^\/api\/v1\//, "");
      const picture = make("img", { src: `api/v1/${path}?size=small`, alt: "", width: 96, height: 96 });
      const name = make("span", { className: "clipped" }, `Sample ${i + 1}: ${title}`);
      const button = make("button", { type: "button" }, picture, name);
      button.addEventListener("click", () => onTasks([{ kind: "sample", name: `${title}.jpg`, path }]));
      return make("li", {}, button);
    }),
  );
}
