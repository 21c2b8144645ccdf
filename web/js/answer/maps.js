// Where the model looked: the rest of the picture in the shade, a colour and a line for each label.

import { make } from "../dom.js";

/** @import {Result} from "../types.js" */
/** @typedef {{label: string, map: number[][], colour: string}} Layer */

const COLOURS = ["#ff9d42", "#58b7ff", "#86e06a", "#f57fd4", "#ffe25c", "#bda2ff"];
const LONG_SIDE = 480;
const LINE = 0.5; // of the map's largest value: where the line is drawn

/** The colour of a label, on the picture and on its bar: the same in every answer. */
export function colourOf(/** @type {string} */ label, /** @type {Result} */ { predictions }) {
  const labels = predictions.map((one) => one.label).sort();
  return COLOURS[Math.max(0, labels.indexOf(label)) % COLOURS.length];
}

/** @returns {Layer[]} the maps of an answer: of each label where several are present */
export function layers(/** @type {Result} */ result) {
  const { verdict, predictions, heatmap, heatmaps } = result;
  const maps = verdict === "several" && heatmaps ? heatmaps : heatmap ? { [predictions[0].label]: heatmap } : {};
  return Object.entries(maps)
    .filter(([, map]) => map.length)
    .map(([label, map]) => ({ label, map, colour: colourOf(label, result) }));
}

/**
 * Draw the maps over the whole canvas, which gets the picture's proportions.
 * @param {HTMLCanvasElement} canvas
 * @param {Layer[]} maps
 * @param {number} proportion width / height
 */
export function drawMaps(canvas, maps, proportion) {
  canvas.width = Math.max(1, Math.round(LONG_SIDE * Math.min(1, proportion)));
  canvas.height = Math.max(1, Math.round(LONG_SIDE / Math.max(1, proportion)));
  const context = canvas.getContext("2d");
  if (!context) return;
  const { width, height } = canvas;
  const fields = maps.map(({ map }) => smooth(map, width, height));
  const colours = maps.map(({ colour }) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)));
  const shade = context.createImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    let [most, which, onLine] = [0, 0, -1];
    fields.forEach((field, k) => {
      const inside = field[i] >= LINE;
      if (field[i] > most) [most, which] = [field[i], k];
      if (inside !== field[i + 1] >= LINE && (i + 1) % width) onLine = k;
      if (i + width < field.length && inside !== field[i + width] >= LINE) onLine = k;
    });
    if (onLine >= 0) shade.data.set([...colours[onLine], 255], 4 * i);
    else if (most >= LINE) shade.data.set([...colours[which], 56], 4 * i); // seen on dark photos, too
    else shade.data.set([20, 13, 9, Math.round(190 * (1 - most / LINE) ** 0.6)], 4 * i);
  }
  context.putImageData(shade, 0, 0);
}

/**
 * A small grid as a smooth field of the canvas's size. In two steps, since one from so few points
 * shows their grid.
 */
function smooth(/** @type {number[][]} */ map, /** @type {number} */ width, /** @type {number} */ height) {
  const [rows, columns] = [map.length, map[0].length];
  const values = new ImageData(columns, rows);
  map.flat().forEach((value, i) => values.data.set([0, 0, 0, 255 * Math.min(Math.max(value, 0), 1)], 4 * i));
  const small = make("canvas", { width: columns, height: rows });
  small.getContext("2d")?.putImageData(values, 0, 0);
  const middle = make("canvas", { width: columns * 4, height: rows * 4 });
  const large = make("canvas", { width, height });
  for (const [from, to] of [[small, middle], [middle, large]]) {
    const context = to.getContext("2d", { willReadFrequently: to === large });
    if (!context) break;
    context.imageSmoothingQuality = "high";
    context.drawImage(from, 0, 0, to.width, to.height);
  }
  const pixels = large.getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
  return Float32Array.from({ length: width * height }, (_, i) => (pixels[4 * i + 3] ?? 0) / 255);
}
