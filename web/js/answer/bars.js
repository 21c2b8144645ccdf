// Bars: the share of each label, and of neither, as a list.

import { make } from "../dom.js";
import { colourOf } from "./maps.js";
import { bars, percent, spoken } from "./words.js";

/** @import {Result} from "../types.js" */

/** @returns {HTMLElement[]} a row for each bar, the largest first */
export function barRows(/** @type {Result} */ result) {
  return bars(result).map(({ label, share, neither }) => {
    const bar = make("span", { className: "bar", ariaHidden: "true" }, make("span"));
    bar.style.setProperty("--score", String(share));
    const shown = result.verdict === "several" && result.present?.includes(label);
    if (shown) bar.style.setProperty("--colour", colourOf(label, result));
    const name = make("span", { className: "label" }, neither ? label : spoken(label));
    const row = make("li", {}, name, " ", make("span", { className: "value" }, percent(share)), bar);
    row.classList.toggle("chosen", neither ? result.verdict === "neither" : result.verdict === label);
    return row;
  });
}
