// An answer as a picture to pass on, drawn in the browser: nothing leaves it until the visitor sends it.

import { copy, find, make } from "../dom.js";
import { searchOf } from "../panel/panel.js";
import { inWords } from "../answer/words.js";

/** @import {Answer} from "../types.js" */

const WIDTH = 1080;
const MARGIN = 48;
const PICTURE = WIDTH - 2 * MARGIN;
const SERIF = '"Iowan Old Style", "Palatino Linotype", Palatino, P052, Georgia, serif';
const SANS = 'system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif';

/** Let an answer be shared: as a picture, and as a link where the photo has an address. */
export function showShare(/** @type {HTMLButtonElement} */ button, /** @type {Answer} */ answer) {
  if (!answer.result.preview) return button.remove();
  button.addEventListener("click", () => open(answer));
}

async function open(/** @type {Answer} */ answer) {
  /** @type {HTMLDialogElement} */
  const dialog = find("#share");
  const { verdict } = inWords(answer.result);
  const drawn = await card(answer);
  const file = new File([drawn], "dogorcat.png", { type: "image/png" });
  const src = URL.createObjectURL(file);
  /** @type {HTMLImageElement} */
  const picture = find("img", dialog);
  Object.assign(picture, { src, alt: `The card: the photo, “${verdict}” and ${here()}` });

  const link = new URL(location.pathname, location.href);
  link.search = searchOf(answer);
  const hasLink = link.searchParams.has("url");
  const shared = { files: [file], title: verdict, text: `${verdict}. ${hasLink ? link.href : location.origin}` };
  const [send, save] = [find(".send", dialog), find(".save", dialog)];
  /** @type {HTMLButtonElement} */
  const copyLink = find(".copy", dialog);
  send.hidden = !navigator.canShare?.(shared);
  send.onclick = () => navigator.share(shared).catch(() => {}); // the visitor thought better of it
  save.onclick = () => make("a", { href: src, download: file.name }).click();
  copyLink.hidden = !hasLink;
  copyLink.onclick = () => copy(link.href, copyLink);
  dialog.addEventListener("close", () => URL.revokeObjectURL(src), { once: true });
  dialog.showModal();
}

/** The address of this page, without what the browser adds. */
function here() {
  return `${location.host}${location.pathname}`.replace(/\/$/, "");
}

/** @returns {Promise<Blob>} picture, verdict and address, as a PNG */
async function card(/** @type {Answer} */ { result, photo }) {
  const [image, mascot] = await Promise.all([load(result.preview ?? ""), load("icon.svg")]);
  // What was looked at alone is what is shown: the photo, not the screen around it.
  const [left, top, across, down] = result.look?.region ?? [0, 0, 1, 1];
  const [width, tall] = [across * image.naturalWidth, down * image.naturalHeight];
  const ratio = width / tall;
  const height = Math.round(Math.min(Math.max(PICTURE / ratio, 440), PICTURE * 1.1));
  const canvas = make("canvas", { width: WIDTH, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const font = `600 76px ${SERIF}`;
  context.font = font;
  const lines = wrapped(context, inWords(result).verdict, PICTURE);
  const credit = photo ? [`“${photo.title}”`, photo.author && `by ${photo.author}`, photo.licence].filter(Boolean).join(" · ") : "";
  canvas.height = MARGIN + height + 40 + lines.length * 88 + (credit ? 46 : 0) + 120;

  context.fillStyle = "#f6efe4";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.save();
  context.beginPath();
  context.roundRect(MARGIN, MARGIN, PICTURE, height, 28);
  context.clip();
  // As much of it as fills the place, around its middle.
  const scale = Math.max(PICTURE / width, height / tall);
  const [w, h] = [PICTURE / scale, height / scale];
  const [x0, y0] = [left * image.naturalWidth + (width - w) / 2, top * image.naturalHeight + (tall - h) / 2];
  context.drawImage(image, x0, y0, w, h, MARGIN, MARGIN, PICTURE, height);
  context.restore();

  context.fillStyle = "#2e241d";
  context.font = font;
  context.textBaseline = "top";
  let y = MARGIN + height + 40;
  for (const line of lines) {
    context.fillText(line, MARGIN, y, PICTURE);
    y += 88;
  }
  context.fillStyle = "#66564a";
  context.font = `28px ${SANS}`;
  if (credit) context.fillText(wrapped(context, credit, PICTURE)[0], MARGIN, y, PICTURE);
  y = canvas.height - 100;
  context.drawImage(mascot, MARGIN, y, 64, 60);
  context.font = `600 34px ${SANS}`;
  context.fillText(here(), MARGIN + 84, y + 14, PICTURE - 84);
  return new Promise((done, fail) =>
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("No picture could be drawn."))), "image/png"),
  );
}

/** @returns {Promise<HTMLImageElement>} */
async function load(/** @type {string} */ src) {
  const image = make("img", { src });
  await image.decode();
  return image;
}

/** A text in lines of at most that many pixels. */
function wrapped(/** @type {CanvasRenderingContext2D} */ context, /** @type {string} */ text, /** @type {number} */ width) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (lines.at(-1) && context.measureText(longer).width > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
