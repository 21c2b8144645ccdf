// The camera, live: bars that move, at the rate at which the service answers.

import { ApiError, problem, reach, sleep } from "../api.js";
import { barRows } from "../answer/bars.js";
import { find } from "../dom.js";
import { jpeg } from "../inputs/pictures.js";
import { problemInWords } from "../problems.js";
import { inWords } from "../answer/words.js";

const SIDE = 320; // more than the models look at
const PATIENCE_S = 5;

/** @type {HTMLDialogElement} */
const dialog = find("#live");
/** @type {HTMLVideoElement} */
const video = find("video", dialog);

/** Open the camera, and close it with the dialog. */
export async function live(/** @type {string} */ model) {
  const said = find(".said", dialog);
  const stop = new AbortController();
  find(".scores", dialog).replaceChildren();
  said.textContent = "Asking for the camera…";
  dialog.showModal();
  dialog.addEventListener("close", () => stop.abort(), { once: true });
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream;
    if (!stop.signal.aborted) await watch(model, stop.signal, said);
  } catch (error) {
    if (stop.signal.aborted) return;
    const name = error instanceof DOMException ? error.name : "";
    said.textContent =
      name === "NotAllowedError" ? "I may not use the camera. You can allow it in your browser’s settings for this page."
      : name === "NotFoundError" ? "There is no camera here."
      : "The camera doesn’t work right now.";
  } finally {
    for (const track of stream?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  }
}

/** Ask about one frame after the other, until it is stopped; a hidden page asks nothing. */
async function watch(/** @type {string} */ model, /** @type {AbortSignal} */ signal, /** @type {HTMLElement} */ said) {
  await video.play();
  const path = `classify${model && `?${new URLSearchParams({ model })}`}`;
  while (!signal.aborted) {
    const began = performance.now();
    const frame = document.hidden ? null : await jpeg(video, video.videoWidth, video.videoHeight, SIDE);
    let pause = 0.1;
    if (frame) {
      try {
        const reply = await reach(path, { method: "POST", body: frame, headers: { "Content-Type": "image/jpeg" }, signal });
        const content = await reply.json().catch(() => null);
        if (!reply.ok || !content) throw problem(reply, content);
        said.textContent = inWords(content).verdict;
        find(".scores", dialog).replaceChildren(...barRows(content));
        pause = secondsEach(reply) - (performance.now() - began) / 1000;
      } catch (error) {
        if (signal.aborted) return;
        const known = error instanceof ApiError ? error : new ApiError("unexpected", "");
        pause = known.retryAfter ?? PATIENCE_S;
        said.textContent = `${problemInWords(known).headline}. I’ll look again in ${pause} seconds.`;
      }
    }
    await sleep(Math.max(pause, 0.05), signal).catch(() => {});
  }
}

/** How long one answer has to last, by the limit that the service tells (`"client";q=60;w=60`). */
export function secondsEach(/** @type {Response} */ reply) {
  const policy = reply.headers.get("RateLimit-Policy") ?? "";
  const [amount, window] = ["q", "w"].map((name) => Number(new RegExp(`;\\s*${name}=(\\d+)`).exec(policy)?.[1]));
  return amount && window ? window / amount : 0;
}
