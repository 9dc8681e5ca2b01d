import { answerPage } from './answer-page.ts';
import { findRoute } from './find-route.ts';
import { type PageBuild, PageStore } from './page-store.ts';

declare const self: ServiceWorkerGlobalScope;
/** Put in by the build. */
declare const PAGE_BUILD: PageBuild;

// The page of a guest opens without its relay: its files, and nothing else, are kept in this browser. A worker of a newer
// build waits until no page is open that an older one serves.
const { scope } = self.registration;
const store = new PageStore({ caches: self.caches, scope, build: PAGE_BUILD, fetchFile });

self.addEventListener('install', (event) => event.waitUntil(store.fill()));

self.addEventListener('activate', (event) => {
  event.waitUntil(store.removeOthers().then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const route = findRoute(request, scope);
  if (route === 'page') event.respondWith(answerPage(() => fetch(request), store.findShell()));
  else if (route === 'asset') event.respondWith(store.findAsset(request.url).then((kept) => kept ?? fetch(request)));
});

async function fetchFile(url: string, integrity: string): Promise<Response> {
  const response = await fetch(url, { integrity, redirect: 'error' });
  if (!response.ok) throw new Error(`The relay answered ${response.status} for ${url}.`);
  return response;
}
