// Keeps all files of the page, so that it works offline after one visit.
// The export fills in the version, which is a hash of all files, and their names.
"use strict";

const VERSION = "{{version}}";
const FILES = ["{{files}}"];
// Several models may be on one host: each page cleans up after itself only.
const FAMILY = `cluster-lab ${self.registration.scope} `;
const CACHE = FAMILY + VERSION;

self.addEventListener("install", (event) => {
  const requests = FILES.map((name) => new Request(name, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(removeOldCaches().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || !address.href.startsWith(self.registration.scope)) return;
  event.respondWith(answer(event.request));
});

async function removeOldCaches() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(FAMILY) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

// A new version is noticed by the browser, which compares this script at each visit.
async function answer(request) {
  const cache = await caches.open(CACHE);
  const known = await cache.match(request.mode === "navigate" ? "./" : request, { ignoreSearch: true });
  return known || fetch(request);
}
