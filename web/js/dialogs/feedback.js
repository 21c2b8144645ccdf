// "That's wrong": the visitor says what it is and, only where that is ticked, gives the picture.

import { request } from "../api.js";
import { announce, find, make } from "../dom.js";
import { fromPreview } from "../inputs/pictures.js";
import { problemInWords } from "../problems.js";
import { sentenceCase, spoken } from "../answer/words.js";

/** @import {Answer} from "../types.js" */

const OTHERS = { neither: "None of these", several: "More than one of these" };

/** Ask what is on the picture of an answer. */
export function correct(/** @type {Answer} */ answer, /** @type {HTMLButtonElement} */ button) {
  /** @type {HTMLDialogElement} */
  const dialog = find("#wrong");
  /** @type {HTMLFormElement} */
  const form = find("form.feedback", dialog);
  const labels = answer.result.predictions.map(({ label }) => label).sort();
  const choices = [...labels.map((label) => [label, sentenceCase(spoken(label))]), ...Object.entries(OTHERS)];
  find(".choices", form).replaceChildren(
    ...choices.map(([value, name]) =>
      make("label", {}, make("input", { type: "radio", name: "label", value, required: true }), ` ${name}`),
    ),
  );
  form.reset();
  find(".error", dialog).textContent = "";
  form.onsubmit = async (event) => {
    event.preventDefault();
    const said = new FormData(form);
    const body = new FormData();
    body.append("label", String(said.get("label")));
    body.append("verdict", answer.result.verdict);
    if (said.has("give")) body.append("image", picture(answer), "photo.jpg");
    try {
      const query = answer.model ? `?${new URLSearchParams({ model: answer.model })}` : "";
      await request(`feedback${query}`, { method: "POST", body }, () => {});
    } catch (error) {
      find(".error", dialog).textContent = problemInWords(/** @type {any} */ (error), "file").message;
      return;
    }
    dialog.close();
    button.textContent = "Thank you";
    button.disabled = true;
    announce("Thank you.");
    find("#answers").focus({ preventScroll: true });
  };
  dialog.showModal();
}

/** The picture as it was asked about. */
function picture(/** @type {Answer} */ { task, result }) {
  return task.kind === "file" && !task.region ? task.file : fromPreview(result.preview ?? "data:,");
}
