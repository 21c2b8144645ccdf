// The calls of the API. Every failure is an ApiError in words; "starting" is waited out.

/** @import {Answer, Model, Sample, Task} from "./types.js" */

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
  const { path, init } = call(task, model);
  const reply = await request(path, { ...init, signal }, onStarting);
  const [result, photo] =
    task.kind === "random" ? [reply.result, reply.photo] : [reply, null];
  return { task, model, reply, result, photo };
}

/** @returns {Promise<Model[]>} */
export async function models(/** @type {() => void} */ onStarting) {
  return (await request("models", {}, onStarting)).models;
}

/** @returns {Promise<Sample[]>} none where the service has no photo folder */
export async function samples() {
  return (await request("samples", {}, () => {})).samples;
}

/**
 * The same call as a command for a terminal.
 * @param {Task} task
 * @param {string | null} model
 */
export function curl(task, model) {
  const address = new URL(call(task, model, {}).path, new URL(BASE, location.href)).href;
  const quote = (/** @type {string} */ text) => `'${text.replaceAll("'", "'\\''")}'`;
  if (task.kind === "random") return `curl ${quote(address)}`;
  if (task.kind === "file") return `curl -F ${quote(`image=@${task.name}`)} ${quote(address)}`;
  const body = JSON.stringify({ url: task.url });
  return `curl -H 'Content-Type: application/json' -d ${quote(body)} ${quote(address)}`;
}

/**
 * @param {Task} task
 * @param {string | null} model
 * @param {Record<string, string>} extras what the page wants besides the plain answer
 * @returns {{path: string, init: RequestInit}}
 */
function call(task, model, extras = { explain: "true", preview: "true" }) {
  const query = new URLSearchParams(extras);
  if (model) query.set("model", model);
  if (task.kind === "random") query.set("subject", task.subject);
  const search = query.size ? `?${query}` : "";
  if (task.kind === "random") return { path: `random${search}`, init: {} };
  const path = `classify${search}`;
  if (task.kind === "url") {
    const headers = { "Content-Type": "application/json" };
    return { path, init: { method: "POST", headers, body: JSON.stringify({ url: task.url }) } };
  }
  const form = new FormData();
  form.append("image", task.file, task.name);
  return { path, init: { method: "POST", body: form } };
}

/**
 * @param {string} path
 * @param {RequestInit} init
 * @param {() => void} onStarting called each time the service says that it is still starting
 * @returns {Promise<any>}
 */
async function request(path, init, onStarting) {
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
async function reach(/** @type {string} */ path, /** @type {RequestInit} */ init) {
  try {
    return await fetch(BASE + path, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError("offline", "The service cannot be reached.");
  }
}

/** @returns {ApiError} */
function problem(/** @type {Response} */ reply, /** @type {any} */ content) {
  const seconds = Number.parseInt(reply.headers.get("Retry-After") ?? "", 10);
  const wait = Number.isFinite(seconds) ? Math.min(Math.max(seconds, 1), 60) : null;
  if (typeof content?.code === "string") {
    return new ApiError(content.code, String(content.detail ?? content.title ?? ""), wait);
  }
  // Not from the service itself but from something in front of it.
  if (reply.status === 413) return new ApiError("image_too_large", "The picture is too large.");
  if (reply.status === 429) return new ApiError("rate_limited", "Too many requests.", wait);
  return new ApiError("unexpected", `The service answered with status ${reply.status}.`);
}

/** @returns {Promise<void>} */
function sleep(/** @type {number} */ seconds, /** @type {AbortSignal | null | undefined} */ signal) {
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
