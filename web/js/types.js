// The shapes that go through the page, for `tsc --checkJs`. No code.

/**
 * What the API says of one picture.
 * @typedef {object} Result
 * @property {string} verdict a label, `neither` or `several`
 * @property {string[]} [present] the labels that are in the picture, the strongest first
 * @property {{label: string, score: number}[]} predictions the largest score first
 * @property {number | null} familiarity 0..1, or null where the model has none
 * @property {{name: string, version: string}} model
 * @property {FileFacts} image
 * @property {{fetch: number, decode: number, inference: number}} timing_ms
 * @property {{url: string, page: string | null}} [source] of a link: the picture, and the page that named it
 * @property {number[][]} [heatmap] of the top label: 0..1, a small grid over the whole picture
 * @property {{turned: number, region: number[] | null}} [look] how it was looked at, if not as it came
 * @property {Record<string, number[][]>} [heatmaps] of each label that is present, where several are
 * @property {string} [preview] `data:` address of the picture as it was seen
 */

/** @typedef {{format: string, width: number, height: number, bytes: number}} FileFacts */

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
 * @property {string} subject the label that was searched for, or `any`
 */

/**
 * Something to ask the service about. `region`: x, y, width and height of a part, in shares of 1;
 * `photo`: the credit, where Random drew it before.
 * @typedef {{region?: number[], photo?: Photo | null} & (
 *     {kind: "file", name: string, file: Blob, original?: FileFacts | null}
 *   | {kind: "url", url: string}
 *   | {kind: "sample", name: string, path: string}
 *   | {kind: "random", subject: string})} Task
 */

/**
 * What came back, with what is needed to show it again.
 * @typedef {object} Answer
 * @property {Task} task
 * @property {string | null} model the model that was asked for; null: the default one
 * @property {Result} result
 * @property {Photo | null} photo
 * @property {Batch | null} batch of which it is one of several
 */

/**
 * Pictures that were asked about together, and their cards.
 * @typedef {object} Batch
 * @property {Task[]} tasks
 * @property {HTMLElement[]} cards in the order of the tasks, those that were cancelled left out
 * @property {(Answer | string | null)[]} outcomes an answer, what went wrong, or null until then
 */

/**
 * A model that is served.
 * @typedef {object} Model
 * @property {string} name
 * @property {string} version
 * @property {string[]} labels
 * @property {string} [description]
 * @property {number | null} neither_threshold null: it never says *neither*
 * @property {boolean} default
 */

/**
 * The models, and what the service can do besides.
 * @typedef {object} Offer
 * @property {Model[]} models
 * @property {boolean} [random] whether there is a source of random photos; true where it is not said
 * @property {boolean} [feedback] whether it takes what visitors say is right
 */

/** @typedef {{id: string, title: string, image: string}} Sample */

export {};
