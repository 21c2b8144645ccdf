// "Look here": a box on the picture, by finger, mouse or keys, and the question about that part.

import { announce, find, fromTemplate, make } from "../dom.js";

/** @typedef {[number, number, number, number]} Region x, y, width and height in shares of 1 */

const SMALLEST = 0.06;
const STEP = 0.02;
/** @type {Region} */
const FIRST = [0.25, 0.25, 0.5, 0.5];

/**
 * Let a part of a card's picture be chosen.
 * @param {HTMLElement} card
 * @param {HTMLButtonElement} button begins and ends it
 * @param {(region: Region) => void} onChoose
 */
export function showRegion(card, button, onChoose) {
  const picture = find(".picture", card);
  /** @type {HTMLElement | null} */
  let open = null;
  const end = () => {
    open?.remove();
    open = null;
    find(".region-tools", card).replaceChildren();
    button.setAttribute("aria-pressed", "false");
  };
  button.addEventListener("click", () => {
    if (open) return end();
    const chooser = boxChooser((region) => {
      end();
      onChoose(region);
    });
    open = chooser.layer;
    picture.append(open);
    const tools = fromTemplate("region-template");
    find(".primary", tools).addEventListener("click", chooser.ask);
    find(".cancel", tools).addEventListener("click", () => {
      end();
      button.focus();
    });
    find(".region-tools", card).replaceChildren(tools);
    button.setAttribute("aria-pressed", "true");
    open.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape") return;
      end();
      button.focus();
    });
    find("button", open).focus({ preventScroll: true });
    picture.scrollIntoView({ block: "nearest" }); // the button may lie far below it
  });
}

/** A part of a part, as a part of the whole. */
export function within(/** @type {number[] | undefined} */ outer, /** @type {Region} */ [x, y, w, h]) {
  if (!outer) return [x, y, w, h];
  return [outer[0] + x * outer[2], outer[1] + y * outer[3], w * outer[2], h * outer[3]];
}

/** Show where a part lies. */
export function place(/** @type {HTMLElement} */ box, /** @type {number[]} */ [x, y, w, h]) {
  Object.entries({ left: x, top: y, width: w, height: h }).forEach(([name, share]) =>
    box.style.setProperty(name, `${share * 100}%`),
  );
}

/** The layer over the picture, with its box; the box is a button, so Enter asks. */
function boxChooser(/** @type {(region: Region) => void} */ onChoose) {
  let region = FIRST;
  const box = make("button", { type: "button", className: "box" });
  box.setAttribute("aria-label", "Ask about this part. Arrow keys move it, Shift and arrow keys change its size.");
  const layer = make("div", { className: "selecting" }, box);
  const set = (/** @type {number[]} */ [x, y, w, h]) => {
    const [width, height] = [Math.min(Math.max(w, SMALLEST), 1), Math.min(Math.max(h, SMALLEST), 1)];
    region = [Math.min(Math.max(x, 0), 1 - width), Math.min(Math.max(y, 0), 1 - height), width, height];
    place(box, region);
  };
  set(FIRST);

  const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  box.addEventListener("keydown", (event) => {
    const step = keys[/** @type {keyof keys} */ (event.key)];
    if (!step) return;
    event.preventDefault();
    const [dx, dy] = step.map((one) => one * STEP);
    const [x, y, w, h] = region;
    set(event.shiftKey ? [x, y, w + dx, h + dy] : [x + dx, y + dy, w, h]);
    const [left, top, width, height] = region.map((share) => Math.round(share * 100));
    announce(`${left} percent from the left, ${top} from the top, ${width} wide, ${height} high`);
  });

  let dragged = false;
  layer.addEventListener("pointerdown", (down) => {
    if (!down.isPrimary || down.button !== 0) return;
    layer.setPointerCapture(down.pointerId);
    dragged = false;
    const { left, top, width, height } = layer.getBoundingClientRect();
    const at = (/** @type {PointerEvent} */ event) => [
      Math.min(Math.max((event.clientX - left) / width, 0), 1),
      Math.min(Math.max((event.clientY - top) / height, 0), 1),
    ];
    const [before, [x0, y0]] = [region, at(down)];
    const moves = down.target === box; // within the box it is moved, elsewhere a new one begins
    const move = (/** @type {PointerEvent} */ event) => {
      const [x, y] = at(event);
      dragged ||= Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) > 4;
      if (!dragged) return;
      if (moves) set([before[0] + x - x0, before[1] + y - y0, before[2], before[3]]);
      else set([Math.min(x, x0), Math.min(y, y0), Math.abs(x - x0), Math.abs(y - y0)]);
    };
    const up = () => {
      layer.removeEventListener("pointermove", move);
      box.focus({ preventScroll: true });
    };
    layer.addEventListener("pointermove", move);
    layer.addEventListener("pointerup", up, { once: true });
    layer.addEventListener("pointercancel", up, { once: true });
  });
  const ask = () => onChoose(region);
  box.addEventListener("click", (event) => {
    if (!dragged || event.detail === 0) ask(); // the end of a drag is no press
    dragged = false;
  });
  return { layer, ask };
}
