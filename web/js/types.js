// The shapes that go through the page, for `tsc --checkJs`. No code.

/**
 * What the API says of one picture.
 * @typedef {object} Result
 * @property {string} verdict a label, or `neither`
 * @property {{label: string, score: number}[]} predictions the largest score first
 * @property {number | null} familiarity 0..1, or null where the model has none
 * @property {{name: string, version: string}} model
 * @property {{format: string, width: number, height: number, bytes: number}} image
 * @property {{fetch: number, decode: number, inference: number}} timing_ms
 * @property {number[][]} [heatmap] 0..1, a small grid over the whole picture
 * @property {string} [preview] `data:` address of the picture as it was seen
 */

/**
 * Whose photo a random photo is.
 * @typedef {object} Photo
 * @property {"flickr" | "commons" | "folder"} source
 * @property {string} title
 * @property {string | null} author
 * @property {string | null} licence
 * @property {string | null} licence_url
 * @property {string | null} page_url
 * @property {string | null} image_url
 */

/**
 * Something to ask the service about.
 * @typedef {{kind: "file", name: string, file: Blob}
 *   | {kind: "url", url: string}
 *   | {kind: "random", subject: string}} Task
 */

/**
 * What came back, with what is needed to show it again.
 * @typedef {object} Answer
 * @property {Task} task
 * @property {string | null} model the model that was asked for; null: the default one
 * @property {Result} result
 * @property {Photo | null} photo
 * @property {unknown} reply the whole reply
 */

/**
 * A model that is served.
 * @typedef {object} Model
 * @property {string} name
 * @property {string} version
 * @property {string[]} labels
 * @property {string} [description]
 * @property {boolean} default
 */

/** @typedef {{id: string, title: string, image: string}} Sample */

export {};
