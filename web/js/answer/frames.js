// The photo inside a screenshot, found by its frame: bars above and below that are of one colour.

import { make } from "../dom.js";

const SIDE = 256;
const LIKE = 14; // largest difference of a channel within the frame's colour
const FRAME = 0.5; // share of a row of that colour from which it is a row of the frame
const PHOTO = 0.2; // and up to which the rows of the photo have it, on average
const RIVAL = 0.3; // what is not of the frame in a second run, as a share: from here on two photos
const [LEAST, MOST] = [0.12, 0.85]; // of the whole picture: the photo that is looked for

/**
 * Where the photo within a screenshot lies.
 * @param {HTMLImageElement} image decoded
 * @returns {[number, number, number, number] | null} in shares of 1; null: this is no screenshot
 */
export function photoWithin(image) {
  const scale = Math.min(1, SIDE / Math.max(image.naturalWidth, image.naturalHeight));
  const width = Math.max(1, Math.round(image.naturalWidth * scale));
  const height = Math.max(1, Math.round(image.naturalHeight * scale));
  const canvas = make("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context || Math.min(width, height) < 32) return null;
  context.drawImage(image, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const colour = edgeColour(data, width, height);
  const isFrame = (/** @type {number} */ x, /** @type {number} */ y) =>
    colour.every((value, channel) => Math.abs(data[4 * (y * width + x) + channel] - value) <= LIKE);

  const rows = Array.from({ length: height }, (_, y) => share(width, (x) => isFrame(x, y)));
  const [top, bottom] = longestRun(rows);
  if (bottom - top < 0.15 * height || bottom - top > 0.95 * height || !sharp(rows, top, bottom)) return null;
  const columns = Array.from({ length: width }, (_, x) => share(bottom - top, (y) => isFrame(x, top + y)));
  const [left, right] = [columns.findIndex((one) => one < 0.9), columns.findLastIndex((one) => one < 0.9) + 1];
  const area = ((right - left) * (bottom - top)) / (width * height);
  if (left < 0 || area < LEAST || area > MOST) return null;
  return [left / width, top / height, (right - left) / width, (bottom - top) / height];
}

/** The most frequent colour along the upper and lower edge. */
function edgeColour(/** @type {Uint8ClampedArray} */ data, /** @type {number} */ width, /** @type {number} */ height) {
  const counts = /** @type {Map<number, {count: number, colour: number[]}>} */ (new Map());
  for (const y of [0, 1, height - 2, height - 1]) {
    for (let x = 0; x < width; x += 1) {
      const colour = [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3)];
      const key = (colour[0] >> 3) * 1024 + (colour[1] >> 3) * 32 + (colour[2] >> 3);
      const seen = counts.get(key) ?? { count: 0, colour };
      seen.count += 1;
      counts.set(key, seen);
    }
  }
  return [...counts.values()].reduce((a, b) => (b.count > a.count ? b : a)).colour;
}

function share(/** @type {number} */ count, /** @type {(i: number) => boolean} */ holds) {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += Number(holds(i));
  return sum / count;
}

/** The longest run of rows that are not of the frame, empty where another rivals it: first, one past the last. */
function longestRun(/** @type {number[]} */ rows) {
  const runs = /** @type {{from: number, to: number, detail: number}[]} */ ([]);
  rows.forEach((one, y) => {
    if (one >= FRAME) return;
    if (runs.at(-1)?.to !== y) runs.push({ from: y, to: y, detail: 0 });
    const run = runs[runs.length - 1];
    run.to = y + 1;
    run.detail += 1 - one;
  });
  runs.sort((a, b) => b.detail - a.detail);
  const [most, second] = runs;
  return !most || (second && second.detail >= RIVAL * most.detail) ? [0, 0] : [most.from, most.to];
}

/** Whether a photo begins and ends at once, as no animal before a plain wall does. */
function sharp(/** @type {number[]} */ rows, /** @type {number} */ top, /** @type {number} */ bottom) {
  const inside = rows.slice(top, bottom);
  if (inside.reduce((sum, one) => sum + one, 0) / inside.length > PHOTO) return false;
  const edge = (/** @type {number} */ outside, /** @type {number} */ within) => rows[outside] > 0.9 && rows[within] < PHOTO;
  const begins = top === 0 || edge(Math.max(0, top - 2), Math.min(top + 2, bottom - 1));
  const ends = bottom === rows.length || edge(Math.min(bottom + 1, rows.length - 1), Math.max(bottom - 3, top));
  return begins && ends && (top > 0 || bottom < rows.length);
}
