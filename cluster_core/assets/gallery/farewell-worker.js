// Takes the place of the worker of a page that is no longer published: deletes the copy of the page
// that it kept, and shows visitors what the server says now.
"use strict";

const FAMILY = `cluster-lab ${self.registration.scope} `;

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => event.waitUntil(leave()));

async function leave() {
  await self.clients.claim(); // only a page's own worker may send it elsewhere
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(FAMILY)).map((name) => caches.delete(name)));
  await self.registration.unregister();
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const own = windows.filter(({ url }) => url.startsWith(self.registration.scope));
  await Promise.all(own.map((window) => window.navigate(window.url).catch(() => null)));
}
