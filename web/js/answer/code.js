// The developers' part of an answer: the call as a command for a terminal, and what it answers.

import { address, pathOf } from "../api.js";
import { copy, find } from "../dom.js";

/** @import {Answer} from "../types.js" */

/** Fill in the call and the answer, and let both be copied. */
export function showCode(/** @type {HTMLElement} */ card, /** @type {Answer} */ answer) {
  const json = JSON.stringify(answer.result, (key, value) => (key === "preview" ? undefined : value), 2)
    .replaceAll(/\[[\d\s.,]+\]/g, (row) => row.replaceAll(/\s+/g, " ")); // a map's row on one line
  /** @type {Record<string, string>} */
  const texts = { curl: curl(answer), json };
  for (const [name, text] of Object.entries(texts)) {
    find(`.${name}`, card).textContent = text;
    /** @type {HTMLButtonElement} */
    const button = find(`[data-copy=${name}]`, card);
    button.addEventListener("click", () => copy(text, button));
  }
}

/**
 * A command that answers as the card does. A random photo is asked about by its address; only a
 * photo of the service's own folder has none, and the command draws another one.
 * @param {Pick<Answer, "task" | "model" | "photo">} answer
 */
export function curl({ task, model, photo }) {
  const url = task.kind === "url" ? task.url : task.kind === "random" ? photo?.image_url : null;
  if (url) {
    const target = quoted(address(pathOf({ kind: "url", url, region: task.region }, model, false)));
    return `curl -H 'Content-Type: application/json' -d ${quoted(JSON.stringify({ url }))} ${target}`;
  }
  const target = quoted(address(pathOf(task, model, false)));
  if (task.kind === "sample") {
    return `curl ${quoted(address(task.path))} |\n  curl -F 'image=@-;type=image/jpeg' ${target}`;
  }
  // Quoted once more for curl, to which `,` and `;` in a file's name mean something.
  const name = task.kind === "file" ? task.name.replaceAll(/[\\"]/g, "\\$&") : "";
  return name ? `curl -F ${quoted(`image=@"${name}"`)} ${target}` : `curl ${target}`;
}

/** A text as one word of a shell. */
function quoted(/** @type {string} */ text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
