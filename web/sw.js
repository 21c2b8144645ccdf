// The page as an app. Says so when there is no connection, and hands over what other apps share with
// it. Nothing else is kept or answered from memory: every answer comes from the service.

const OFFLINE = "offline-1";
const SHARED = "shared";
const FILES = ["offline.html", "icon.svg", "css/base.css", "css/controls.css", "css/offline.css"];
const HOME = new URL("./", self.location.href);

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(OFFLINE).then((cache) => cache.addAll(FILES)));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const old = (name) => name !== OFFLINE && name !== SHARED;
  event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))),
  );
  self.clients.claim();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== HOME.origin || !pathname.startsWith(HOME.pathname)) return;
  const path = pathname.slice(HOME.pathname.length);
  if (request.method === "POST" && path === "share") event.respondWith(share(request));
  else if (request.method !== "GET") return;
  else if (request.mode === "navigate" && path === "") event.respondWith(orFromCache(request, "offline.html"));
  else if (FILES.includes(path)) event.respondWith(orFromCache(request, path));
});

async function orFromCache(request, file) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(new URL(file, HOME).href);
    if (kept) return kept;
    throw error;
  }
}

/** What another app shares: pictures are laid aside until the page opens and takes them away. */
async function share(request) {
  const form = await request.formData();
  const files = form.getAll("image").filter((file) => file instanceof File && file.size);
  const target = new URL(HOME);
  if (files.length) {
    await caches.delete(SHARED);
    const cache = await caches.open(SHARED);
    await Promise.all(
      files.map((file, i) => {
        const headers = { "Content-Type": file.type, "X-Name": encodeURIComponent(file.name) };
        return cache.put(new URL(`shared/${i}`, HOME), new Response(file, { headers }));
      }),
    );
    target.search = "shared";
  } else {
    const text = [form.get("url"), form.get("text"), form.get("title")].filter(Boolean).join(" ");
    target.searchParams.set("url", /https?:\/\/\S+/i.exec(text)?.[0] ?? text);
  }
  return Response.redirect(target.href, 303);
}
