// What was seen on this visit: in memory only, gone with the page.

import { find, make } from "../dom.js";
import { inWords } from "../answer/words.js";

/** @import {Answer} from "../types.js" */

const LONGEST = 96; // three times the most that may be chosen at once

/** @type {Answer[]} */
let seen = [];

/**
 * Put an answer in front of the strip, in place of an older one to the same question.
 * @param {Answer} answer
 * @param {(answer: Answer) => void} onChoose
 */
export function remember(answer, onChoose) {
  const mine = question(answer);
  seen = [answer, ...seen.filter((other) => !mine || question(other) !== mine)].slice(0, LONGEST);
  show(onChoose);
}

/** Empty the strip. */
export function forget() {
  seen = [];
  show(() => {});
}

/** What was asked, where it can be told; two files of one name may be two pictures. */
function question(/** @type {Answer} */ { task, model }) {
  const what = task.kind === "url" ? task.url : task.kind === "sample" ? task.path : null;
  return what && JSON.stringify([what, task.region, model]);
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
