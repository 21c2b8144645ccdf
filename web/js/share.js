// What can be passed on of an answer.

import { copy } from "./dom.js";
import { searchOf } from "./panel.js";
import { inWords } from "./words.js";

/** @import {Answer} from "./types.js" */

/** A link that asks the same of whoever opens it. Uploads have none: they are not kept. */
export function showShare(/** @type {HTMLButtonElement} */ button, /** @type {Answer} */ answer) {
  const link = new URL(location.pathname, location.href);
  link.search = searchOf(answer);
  if (!link.searchParams.has("url")) return button.remove();
  button.addEventListener("click", async () => {
    if (navigator.share && matchMedia("(pointer: coarse)").matches) {
      await navigator.share({ title: inWords(answer.result).verdict, url: link.href }).catch(() => {});
    } else await copy(link.href, button);
  });
}
