// Whose photo it is, and where it was found.

import { make } from "../dom.js";

/** @import {Photo, Result} from "../types.js" */

const SOURCES = { flickr: "Flickr", commons: "Wikimedia Commons", folder: "this service’s photos" };

/** “Title” by Author, licence, on Flickr; every part that has a page is a link to it. */
export function credit(/** @type {Photo} */ photo) {
  const line = document.createDocumentFragment();
  line.append(link(`“${photo.title}”`, photo.page_url));
  if (photo.author) line.append(` by ${photo.author}`);
  line.append(` · ${SOURCES[photo.source] ?? photo.source}`);
  if (photo.licence) line.append(" · ", link(photo.licence, photo.licence_url));
  else if (photo.page_url) line.append(" · licence: see its page");
  return line;
}

/** Where the picture was, if the link led to a page. */
export function foundOn(/** @type {Result} */ { source }) {
  if (!source?.page || !URL.canParse(source.page)) return "";
  const line = document.createDocumentFragment();
  line.append("Found on that page: ", link(new URL(source.page).hostname, source.page));
  return line;
}

function link(/** @type {string} */ text, /** @type {string | null} */ href) {
  if (!href || !/^https?:/i.test(href)) return text;
  const hint = make("span", { className: "clipped" }, " (opens a new tab)");
  return make("a", { href, target: "_blank", rel: "noopener noreferrer" }, text, hint);
}
