// The calls of the API. Every failure is an ApiError in words; "starting" is waited out.

/** @import {Answer, Offer, Sample, Task} from "./types.js" */

const BASE = "api/v1/";
const LONGEST_START_S = 180;

/** A call that failed: `code` is one of the API's, or `offline` or `unexpected`. */
export class ApiError extends Error {
  /**
   * @param {string} code
   * @param {string} detail one sentence
   * @param {number | null} retryAfter seconds
   */
  constructor(code, detail, retryAfter = null) {
    super(detail);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/**
 * Ask the service about one picture.
 * @param {Task} task
 * @param {{model: string | null, signal: AbortSignal, onStarting: () => void}} options
 * @returns {Promise<Answer>}
 */
export async function ask(task, { model, signal, onStarting }) {
  const { path, init } = await call(task, model, signal);
  const reply = await request(path, { ...init, signal }, onStarting);
  const [result, photo] =
    task.kind === "random" ? [reply.result, reply.photo] : [reply, task.photo ?? null];
  return { task, model, result, photo, batch: null };
}

/** @returns {Promise<Offer>} */
export async function offer(/** @type {() => void} */ onStarting) {
  return request("models", {}, onStarting);
}

/** @returns {Promise<Sample[]>} none where the service has no photo folder */
export async function samples() {
  return (await request("samples", {}, () => {})).samples;
}

/** Where a call is sent, as an absolute address. */
export function address(/** @type {string} */ path) {
  return new URL(path, new URL(BASE, location.href)).href;
}

/** Path and query of the call that answers a task; `preview` is what only the page wants. */
export function pathOf(/** @type {Task} */ task, /** @type {string | null} */ model, preview = true) {
  const query = new URLSearchParams({ explain: "true" });
  if (preview) query.set("preview", "true");
  if (model) query.set("model", model);
  if (task.region) query.set("region", task.region.map((share) => share.toFixed(4)).join(","));
  if (task.kind === "random") query.set("subject", task.subject);
  return `${task.kind === "random" ? "random" : "classify"}?${query}`;
}

/**
 * @param {Task} task
 * @param {string | null} model
 * @param {AbortSignal} signal
 * @returns {Promise<{path: string, init: RequestInit}>}
 */
async function call(task, model, signal) {
  const path = pathOf(task, model);
  if (task.kind === "random") return { path, init: {} };
  if (task.kind === "url") {
    const headers = { "Content-Type": "application/json" };
    return { path, init: { method: "POST", headers, body: JSON.stringify({ url: task.url }) } };
  }
  const form = new FormData();
  const file = task.kind === "file" ? task.file : await sample(task.path, signal);
  form.append("image", file, task.name);
  return { path, init: { method: "POST", body: form } };
}

/** The bytes of a sample. */
async function sample(/** @type {string} */ path, /** @type {AbortSignal} */ signal) {
  const reply = await reach(path, { signal });
  if (!reply.ok) throw problem(reply, await reply.json().catch(() => null));
  return reply.blob();
}

/**
 * @param {string} path
 * @param {RequestInit} init
 * @param {() => void} onStarting called each time the service says that it is still starting
 * @returns {Promise<any>}
 */
export async function request(path, init, onStarting) {
  for (let waited = 0; ; ) {
    const reply = await reach(path, init);
    const content = await reply.json().catch(() => null);
    if (reply.ok && content) return content;
    const error = problem(reply, content);
    const pause = error.retryAfter ?? 2;
    if (error.code !== "not_ready" || waited + pause > LONGEST_START_S) throw error;
    onStarting();
    await sleep(pause, init.signal);
    waited += pause;
  }
}

/** @returns {Promise<Response>} */
export async function reach(/** @type {string} */ path, /** @type {RequestInit} */ init) {
  try {
    return await fetch(BASE + path, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError("offline", "I can’t reach the service.");
  }
}

/** @returns {ApiError} */
export function problem(/** @type {Response} */ reply, /** @type {any} */ content) {
  const seconds = Number.parseInt(reply.headers.get("Retry-After") ?? "", 10);
  const wait = Number.isFinite(seconds) ? Math.min(Math.max(seconds, 1), 60) : null;
  if (typeof content?.code === "string") {
    return new ApiError(content.code, String(content.detail ?? content.title ?? ""), wait);
  }
  // Not from the service itself but from something in front of it.
  if (reply.status === 413) return new ApiError("image_too_large", "");
  if (reply.status === 429) return new ApiError("rate_limited", "", wait);
  return new ApiError("unexpected", `The service answered with status ${reply.status}.`);
}

/** @returns {Promise<void>} */
export function sleep(/** @type {number} */ seconds, /** @type {AbortSignal | null} */ signal = null) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
