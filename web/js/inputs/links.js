// Links out of whatever a visitor types, pastes or drops, and the pictures inside data: addresses.

const PICTURE_END = /\.(avif|bmp|gif|hei[cf]|jpe?g|png|tiff?|webp)([?#]\S*)?$/i;

/**
 * The first http(s) address in a text. Spaces and other scripts are encoded, what stands around it is
 * left out, and `example.org/cat.jpg` gets its scheme.
 * @returns {string | null} null if there is none
 */
export function asLink(/** @type {string} */ text) {
  const tidy = text.trim().replaceAll(/\s*[\r\n]+\s*/g, "\n").replace(/^\/\//, "");
  if (/^blob:/i.test(tidy)) return null; // lives in another browser tab
  const found = /https?:\/\/[^]*/i.exec(tidy);
  if (found) return absolute(upToItsEnd(found[0], tidy[found.index - 1]));
  // Without a scheme: a host with a dot, and spaces only in the path.
  if (/^[a-z][a-z0-9+.-]*:(?!\d)/i.test(tidy) || !/^[^\s/?#]+([/?#][^\n]*)?$/.test(tidy)) return null;
  const link = absolute(`https://${tidy}`);
  const { hostname, port } = link ? new URL(link) : { hostname: "", port: "" };
  return hostname.includes(".") || hostname.startsWith("[") || port ? link : null;
}

/**
 * @param {string} text begins with a link
 * @param {string | undefined} before the character in front of it, if any
 */
function upToItsEnd(text, before) {
  const closing = before && { "<": ">", "(": ")", "[": "]", '"': '"', "'": "'", "“": "”" }[before];
  if (closing && text.includes(closing)) return text.slice(0, text.indexOf(closing));
  const [line] = text.split("\n");
  const joined = text.replaceAll("\n", ""); // a mail may have broken it
  const broken = !PICTURE_END.test(line) && PICTURE_END.test(joined) && !/\s/.test(joined);
  const whole = broken ? joined : line;
  const [word] = whole.split(/\s/);
  if (PICTURE_END.test(word)) return word;
  if (!before || PICTURE_END.test(whole)) return whole;
  return word.replace(/[.,;!?]+$/, "");
}

/** @returns {string | null} */
function absolute(/** @type {string} */ text) {
  try {
    const url = new URL(text);
    return /^https?:$/.test(url.protocol) && url.hostname ? url.href : null;
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
