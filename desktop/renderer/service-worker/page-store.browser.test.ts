import { expect, it, onTestFinished } from 'vitest';
import { PAGE_CACHE_PREFIX, PageStore } from './page-store.ts';

/** The integrity of a file is its content here. */
type Files = Readonly<Record<string, string>>;

const FIRST: Files = { 'assets/main-1.js': 'main 1', 'assets/shared.js': 'shared', 'browser.html': 'page 1' };
const SECOND: Files = { 'assets/main-2.js': 'main 2', 'assets/shared.js': 'shared', 'browser.html': 'page 2' };

/** A relay whose builds this browser keeps; what it is asked for is noted. */
class Relay {
  readonly scope = `${window.location.origin}/${crypto.randomUUID()}/`;
  readonly asked: string[] = [];
  failure: { readonly path: string; readonly error: Error } | undefined;
  /** Happens while the page's HTML comes in. */
  meanwhile: (() => Promise<unknown>) | undefined;

  constructor() {
    onTestFinished(async () => {
      for (const name of await this.listCaches()) await caches.delete(name);
    });
  }

  storeOf(version: string, files: Files): PageStore {
    const fetchFile = async (url: string, integrity: string) => {
      const path = url.slice(this.scope.length);
      this.asked.push(path);
      if (path === this.failure?.path) throw this.failure.error;
      if (path === 'browser.html') await this.meanwhile?.();
      return new Response(integrity, { headers: { Vary: 'Origin' } });
    };
    return new PageStore({ caches, scope: this.scope, build: { version, files }, fetchFile });
  }

  async listCaches(): Promise<readonly string[]> {
    return (await caches.keys()).filter((name) => name.startsWith(`${PAGE_CACHE_PREFIX}${this.scope} `));
  }
}

const textOf = async (found: Promise<Response | undefined>) => (await found)?.text();

it('has all files once it is filled, and had no page before', async () => {
  const relay = new Relay();
  const store = relay.storeOf('1', FIRST);
  expect(await store.findShell()).toBeUndefined();
  await store.fill();
  expect(await textOf(store.findShell())).toBe('page 1');
  expect(await textOf(store.findAsset(`${relay.scope}assets/main-1.js`))).toBe('main 1');
  expect(await store.findAsset(`${relay.scope}assets/main-2.js`)).toBeUndefined();
  expect(relay.asked.at(-1)).toBe('browser.html');
});

it('has no page as long as a file is missing, and goes on where it ended', async () => {
  const relay = new Relay();
  const store = relay.storeOf('1', FIRST);
  relay.failure = { path: 'assets/shared.js', error: new TypeError('the network is gone') };
  await expect(store.fill()).rejects.toBe(relay.failure.error);
  expect(await store.findShell()).toBeUndefined();
  relay.failure = undefined;
  relay.asked.length = 0;
  await store.fill();
  expect(relay.asked).toEqual(['assets/shared.js', 'browser.html']);
  expect(await textOf(store.findShell())).toBe('page 1');
});

it('takes no space of the rooms when there is too little', async () => {
  const relay = new Relay();
  const error = new DOMException('full', 'QuotaExceededError');
  relay.failure = { path: 'browser.html', error };
  await expect(relay.storeOf('1', FIRST).fill()).rejects.toBe(error);
  expect(await relay.listCaches()).toEqual([]);
});

/** Begins builds of which only one file comes in. */
async function beginAll(relay: Relay, versions: readonly string[]): Promise<void> {
  const error = new TypeError('the network is gone');
  relay.failure = { path: 'assets/late.js', error };
  const files = { 'assets/early.js': 'early', 'assets/late.js': 'late', 'browser.html': 'page' };
  for (const version of versions) await expect(relay.storeOf(version, files).fill()).rejects.toBe(error);
}

it('keeps few builds of which something is missing, however many were begun, and none once a newer one is whole', async () => {
  const relay = new Relay();
  await relay.storeOf('1', FIRST).fill();
  await beginAll(relay, ['2', '3', '4', '5']);
  expect((await relay.listCaches()).map((name) => name.at(-1))).toEqual(['1', '4', '5']);
  // What it has of the one goes on.
  relay.asked.length = 0;
  await beginAll(relay, ['4']);
  expect(relay.asked).toEqual(['assets/late.js']);
  const newest = relay.storeOf('6', SECOND);
  await newest.fill();
  expect((await relay.listCaches()).map((name) => name.at(-1))).toEqual(['1', '6']);
  await beginAll(relay, ['7', '8', '9']);
  expect((await relay.listCaches()).map((name) => name.at(-1))).toEqual(['1', '6', '8', '9']);
  expect(await textOf(newest.findAsset(`${relay.scope}assets/main-1.js`))).toBe('main 1');
  expect(await textOf(newest.findShell())).toBe('page 2');
});

it('leaves no part of any build where there is too little space', async () => {
  const relay = new Relay();
  await relay.storeOf('1', FIRST).fill();
  await beginAll(relay, ['2']);
  const error = new DOMException('full', 'QuotaExceededError');
  relay.failure = { path: 'browser.html', error };
  await expect(relay.storeOf('3', SECOND).fill()).rejects.toBe(error);
  expect((await relay.listCaches()).map((name) => name.at(-1))).toEqual(['1']);
});

it('opens the page of the newest build that is whole, and keeps the files of an earlier one that may be open', async () => {
  const relay = new Relay();
  const [first, second] = [relay.storeOf('1', FIRST), relay.storeOf('2', SECOND)];
  await first.fill();
  relay.failure = { path: 'assets/main-2.js', error: new TypeError('the network is gone') };
  await expect(second.fill()).rejects.toBe(relay.failure.error);
  expect(await textOf(first.findShell())).toBe('page 1');
  relay.failure = undefined;
  await second.fill();
  for (const store of [first, second]) {
    expect(await textOf(store.findShell())).toBe('page 2');
    expect(await textOf(store.findAsset(`${relay.scope}assets/main-1.js`))).toBe('main 1');
    expect(await textOf(store.findAsset(`${relay.scope}assets/main-2.js`))).toBe('main 2');
  }
  // The relay goes back to the build that it had.
  await relay.storeOf('1', FIRST).fill();
  expect(await textOf(second.findShell())).toBe('page 1');
});

it('removes the other builds of its own relay, and nothing else', async () => {
  const [relay, another] = [new Relay(), new Relay()];
  await another.storeOf('1', FIRST).fill();
  await relay.storeOf('1', FIRST).fill();
  const second = relay.storeOf('2', SECOND);
  await second.fill();
  await second.removeOthers();
  expect(await relay.listCaches()).toEqual([expect.stringMatching(/ 2$/)]);
  expect(await textOf(second.findShell())).toBe('page 2');
  expect(await second.findAsset(`${relay.scope}assets/main-1.js`)).toBeUndefined();
  expect(await another.listCaches()).toHaveLength(1);
});

it('fails when its files are removed while they come in', async () => {
  const relay = new Relay();
  relay.meanwhile = () => relay.storeOf('2', SECOND).removeOthers();
  const first = relay.storeOf('1', FIRST);
  await expect(first.fill()).rejects.toThrow('were removed');
  expect(await first.findShell()).toBeUndefined();
});
