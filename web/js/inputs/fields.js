// Errors at the fields that caused them.

import { find } from "../dom.js";

/** @typedef {"files" | "url" | "random"} Field */
/** @type {Field[]} */
const FIELDS = ["files", "url", "random"];

/** Show an error at a field and at no other, or take all away with an empty text. */
export function fieldError(/** @type {Field} */ field, /** @type {string} */ text) {
  for (const name of FIELDS) {
    const said = name === field ? text : "";
    find(`#${name}-error`).textContent = said;
    const input = document.querySelector(`#${name}`);
    if (said) input?.setAttribute("aria-invalid", "true");
    else input?.removeAttribute("aria-invalid");
  }
}

/** Take every error and hint away. */
export function clearFields() {
  fieldError("files", "");
  find("#url-hint").textContent = "";
}
