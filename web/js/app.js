// The page opens: connect what is there, and fit it to the models and samples of the service.

import { ApiError, models, samples } from "./api.js";
import { announce, find, make } from "./dom.js";
import { forget } from "./history.js";
import { connect, prefill, showSamples, showSubjects } from "./inputs.js";
import { start } from "./questions.js";
import { problemInWords, spoken } from "./words.js";

/** @import {Model} from "./types.js" */

/** @type {HTMLSelectElement} */
const chooser = find("#model");

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
    find("#answers").focus({ preventScroll: true });
  });
  const query = new URLSearchParams(location.search);
  prefill(query.get("url"));
  const text = find(".empty p");
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
