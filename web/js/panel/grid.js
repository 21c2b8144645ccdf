// Above several pictures: how many of each, only one kind of them, and all as a table.

import { announce, find, fromTemplate, make } from "../dom.js";
import { sentenceCase, spoken } from "../answer/words.js";

/** @import {Answer, Batch} from "../types.js" */

const FAILED = "failed";

/**
 * The head of a grid.
 * @returns {{head: HTMLElement, update: () => void}} `update` after each outcome
 */
export function gridHead(/** @type {Batch} */ batch) {
  const head = fromTemplate("grid-template");
  let only = "";
  const update = () => {
    const kinds = batch.outcomes.map(kindOf);
    const counts = new Map([["", batch.cards.length]]);
    for (const kind of [...kinds].sort((a, b) => (a === FAILED ? 1 : b === FAILED ? -1 : a.localeCompare(b)))) if (kind) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (!counts.has(only)) only = "";
    find(".filter", head).replaceChildren(
      ...[...counts].map(([kind, count]) => {
        const name = kind === "" ? "All" : sentenceCase(spoken(kind));
        const button = make("button", { type: "button", className: "chip" }, `${name} `, make("b", {}, String(count)));
        button.setAttribute("aria-pressed", String(kind === only));
        button.dataset.kind = kind;
        button.addEventListener("click", () => {
          only = kind;
          update();
          /** @type {HTMLElement | null} */ (head.querySelector("[aria-pressed=true]"))?.focus();
          announce(`${count} of ${batch.cards.length} pictures.`);
        });
        return button;
      }),
    );
    for (const card of batch.cards) card.hidden = only !== "" && card.dataset.kind !== only;
  };
  find(".save", head).addEventListener("click", () => save(csv(batch)));
  update();
  return { head, update };
}

/** What a picture is counted as: a verdict, `failed`, or nothing while it is open. */
export function kindOf(/** @type {Answer | string | null} */ outcome) {
  if (outcome === null) return "";
  return typeof outcome === "string" ? FAILED : outcome.result.verdict;
}

/** The outcomes as comma-separated values (RFC 4180), one line a picture. */
export function csv(/** @type {Batch} */ { tasks, outcomes }) {
  const answers = outcomes.filter((outcome) => outcome !== null && typeof outcome !== "string");
  const labels = [...new Set(answers.flatMap(({ result }) => result.predictions.map(({ label }) => label)))].sort();
  const rows = tasks.map((task, i) => {
    const name = "name" in task ? task.name : "";
    const outcome = outcomes[i];
    if (outcome === null || typeof outcome === "string") return [name, "", "", "", ...labels.map(() => ""), outcome ?? ""];
    const { verdict, present = [], familiarity, predictions } = outcome.result;
    const scores = new Map(predictions.map(({ label, score }) => [label, score]));
    return [name, verdict, present.join(";"), familiarity ?? "", ...labels.map((label) => scores.get(label) ?? ""), ""];
  });
  return [["file", "verdict", "present", "familiarity", ...labels, "error"], ...rows]
    .map((row) => `${row.map(cell).join(",")}\r\n`)
    .join("");
}

/** One value; a text that a spreadsheet would take for a formula is marked as text. */
function cell(/** @type {string | number} */ value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function save(/** @type {string} */ text) {
  const href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  make("a", { href, download: "dogorcat.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}
