// What was seen on this visit: in memory only, gone with the page.

import { find, make } from "./dom.js";
import { inWords } from "./words.js";

/** @import {Answer} from "./types.js" */

const LONGEST = 24;

/** @type {Answer[]} */
const seen = [];

/**
 * Put an answer in front of the strip.
 * @param {Answer} answer
 * @param {(answer: Answer) => void} onChoose
 */
export function remember(answer, onChoose) {
  seen.unshift(answer);
  seen.splice(LONGEST);
  show(onChoose);
}

/** Empty the strip. */
export function forget() {
  seen.length = 0;
  show(() => {});
}

function show(/** @type {(answer: Answer) => void} */ onChoose) {
  find("#history").hidden = !seen.length;
  find("#history ul").replaceChildren(
    ...seen.map((answer) => {
      const { verdict } = inWords(answer.result);
      const button = make("button", { type: "button", title: verdict });
      const { preview } = answer.result;
      if (preview) button.append(make("img", { src: preview, alt: "", width: 96, height: 96 }));
      button.append(make("span", {}, verdict));
      button.addEventListener("click", () => onChoose(answer));
      return make("li", {}, button);
    }),
  );
}
