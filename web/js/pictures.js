// Pictures and links out of whatever a visitor hands over: files, drops, pastes, data addresses.

const LARGE_BYTES = 2 * 2 ** 20;
const LARGE_SIDE = 4096;
const ENOUGH_SIDE = 2048;

/** Whether a file may be a picture, by type or, where the browser knows none, by name. */
export function mayBePicture(/** @type {File} */ file) {
  return file.type.startsWith("image/") || /\.(avif|gif|hei[cf]|jpe?g|png|webp)$/i.test(file.name);
}

/**
 * A text as an http(s) address; `example.org/cat.jpg` gets its scheme.
 * @returns {string | null} null if it is none
 */
export function asLink(/** @type {string} */ text) {
  const trimmed = text.trim();
  if (!trimmed || /\s/.test(trimmed)) return null;
  const withScheme = /^[a-z][a-z0-9+.-]*:(?!\d)/i.test(trimmed) ? trimmed : `https://${trimmed}`;
  try {
    const url = new URL(withScheme);
    const named = url.hostname.includes(".") || url.hostname.startsWith("[") || url.port || withScheme === trimmed;
    return /^https?:$/.test(url.protocol) && named ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * The picture inside a `data:image/…` address, as search pages like to copy them.
 * @returns {File | null}
 */
export function fromDataAddress(/** @type {string} */ text) {
  const match = /^data:(image\/[\w.+-]+);base64,([A-Za-z0-9+/=\s]+)$/.exec(text.trim());
  if (!match) return null;
  try {
    const bytes = Uint8Array.from(atob(match[2]), (char) => char.charCodeAt(0));
    return new File([bytes], `pasted.${match[1].slice(6)}`, { type: match[1] });
  } catch {
    return null;
  }
}

/**
 * What was dropped or pasted. A picture dragged out of another page may come as a file, as the
 * `<img>` in a piece of HTML, or as a link.
 * @returns {{files: File[], text: string}}
 */
export function contents(/** @type {DataTransfer} */ transfer) {
  const files = [...transfer.files];
  const html = transfer.getData("text/html");
  const image = html && new DOMParser().parseFromString(html, "text/html").querySelector("img");
  const list = transfer.getData("text/uri-list").split(/\r?\n/);
  const link = list.find((line) => line && !line.startsWith("#"));
  const text = (image && image.getAttribute("src")) || link || transfer.getData("text/plain");
  return { files, text: text.trim() };
}

/**
 * A smaller copy of a photo that is far larger than any model needs: quicker to send, and without
 * the place it was taken. What the browser cannot decode (HEIC in most) is sent as it is.
 * @returns {Promise<Blob>}
 */
export async function shrunk(/** @type {Blob} */ file) {
  if (file.size < LARGE_BYTES || file.type === "image/gif") return file;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file); // upright: the EXIF orientation is applied
  } catch {
    return file;
  }
  try {
    const side = Math.max(bitmap.width, bitmap.height);
    if (side <= LARGE_SIDE && file.size < 4 * LARGE_BYTES) return file;
    const scale = Math.min(1, ENOUGH_SIDE / side);
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext("2d");
    if (!context) return file;
    context.fillStyle = "white"; // transparency lies on white, as in the service
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const copy = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
    return copy instanceof Blob ? copy : file;
  } finally {
    bitmap.close();
  }
}
