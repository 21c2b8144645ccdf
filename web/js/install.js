// The page as an app: its service worker, and the pictures that another app shared with it.

const SHARED = "shared";

/** Register the service worker, where browser and address allow one. */
export function install() {
  navigator.serviceWorker?.register("sw.js").catch(() => {}); // without it the page is a page
}

/**
 * Take the pictures that were shared, if the address says that there are any.
 * @returns {Promise<File[]>}
 */
export async function sharedFiles() {
  if (!new URLSearchParams(location.search).has(SHARED) || !("caches" in globalThis)) return [];
  history.replaceState(history.state, "", location.pathname); // a reload does not ask again
  const cache = await caches.open(SHARED);
  const replies = await Promise.all((await cache.keys()).map((request) => cache.match(request)));
  const files = await Promise.all(
    replies.flatMap((reply) => (reply ? [reply] : [])).map(async (reply) => {
      const name = decodeURIComponent(reply.headers.get("X-Name") ?? "") || "shared";
      return new File([await reply.blob()], name, { type: reply.headers.get("Content-Type") ?? "" });
    }),
  );
  await caches.delete(SHARED);
  return files;
}
