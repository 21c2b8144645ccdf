// Files that visitors choose: which are surely no pictures, and smaller copies of large ones.

const LARGE_BYTES = 2 * 2 ** 20;
const LARGE_SIDE = 4096;
const ENOUGH_SIDE = 2048;

const RAW = /\.(3fr|arw|cr[23w]|dng|erf|kdc|mrw|nef|nrw|orf|pef|raf|raw|rw2|sr2|srf|x3f)$/i;
const PICTURE = /\.(avif|bmp|gif|hei[cf]s?|hif|ico|j2k|jfif|jp2|jpe?g|jxl|mpo|png|svgz?|tiff?|webp)$/i;

/**
 * Why a file is surely nothing to look at, in a sentence; empty where it may be a picture. What the
 * browser knows no type for is left to the service, which looks inside.
 */
export function refusal(/** @type {File} */ file) {
  const name = `“${file.name}”`;
  if (RAW.test(file.name)) return `${name} is a camera’s raw file. Send the JPEG that lies beside it, or export one.`;
  if (PICTURE.test(file.name) || file.type.startsWith("image/")) return "";
  if (file.type.startsWith("video/")) return `${name} is a video. Send a picture of it, such as a screenshot.`;
  return file.type ? `${name} is not a picture.` : "";
}

/**
 * A smaller copy of a photo that is far larger than any model needs: quicker to send, and without
 * the place it was taken. What the browser cannot decode (HEIC in most) is sent as it is.
 * @param {Blob} file
 * @returns {Promise<{file: Blob, original: import("../types.js").FileFacts | null}>} original: of the
 *   file itself where the copy is another one
 */
export async function shrunk(file) {
  const asItIs = { file, original: null };
  if (file.size < LARGE_BYTES || file.type === "image/gif") return asItIs;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file); // upright: the EXIF orientation is applied
  } catch {
    return asItIs;
  }
  try {
    const { width, height } = bitmap;
    const side = Math.max(width, height);
    if (side <= LARGE_SIDE && file.size < 4 * LARGE_BYTES) return asItIs;
    const copy = await jpeg(bitmap, width, height, ENOUGH_SIDE);
    const format = file.type.replace("image/", "").toUpperCase() || "Photo";
    return copy ? { file: copy, original: { format, width, height, bytes: file.size } } : asItIs;
  } finally {
    bitmap.close();
  }
}

/**
 * What is drawn, as a JPEG.
 * @param {CanvasImageSource} source
 * @param {number} width of the source
 * @param {number} height of the source
 * @param {number} longest side of the copy, in pixels; it is never enlarged
 * @returns {Promise<Blob | null>} null where the browser cannot
 */
export async function jpeg(source, width, height, longest) {
  const scale = Math.min(1, longest / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.fillStyle = "white"; // transparency lies on white, as in the service
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
}

/** The bytes of a `data:` address of the service, such as a preview. */
export function fromPreview(/** @type {string} */ address) {
  const bytes = Uint8Array.from(atob(address.split(",")[1]), (char) => char.charCodeAt(0));
  return new Blob([bytes], { type: /^data:([^;,]+)/.exec(address)?.[1] ?? "image/jpeg" });
}
