import { type Browser, chromium, type Page } from '@playwright/test';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHROMIUM_ARGUMENTS, provisionChromium } from '../../scripts/runtimes/chromium.ts';
import { RelayProcess, shareLink } from '../testing/relay-process.ts';
import { buildTypingPage } from './build-typing-page.ts';
import { percentile, rounded } from './percentile.ts';
import type { TypingRecord } from './typing-page/typing-record.ts';

// Measures the time from a key going down in one page to the change of the Monaco model in another, through a relay
// process on loopback. Prints one JSON line for each way of typing.

interface TypingMode {
  readonly mode: string;
  /** Keys that are pressed as fast as the browser takes them. */
  readonly keysPerGroup: number;
  /** From group to group. */
  readonly intervalMs: number;
}

/** A person who types fast, a key that is held down, and keys that are rolled in one go. */
const MODES: readonly TypingMode[] = [
  { mode: 'steady', keysPerGroup: 1, intervalMs: 100 },
  { mode: 'repeat', keysPerGroup: 1, intervalMs: 33 },
  { mode: 'burst', keysPerGroup: 5, intervalMs: 500 },
];
const WARM_UP: TypingMode = { mode: 'warm-up', keysPerGroup: 1, intervalMs: 50 };
const WARM_UP_KEYS = 60;
const SAMPLES = 300;
const WORD_LENGTH = 6;
const AIM = { p50Ms: 20, p99Ms: 60 } as const;

async function openPage(browser: Browser, link: string): Promise<Page> {
  // A context for each: two people do not share a browser's storage.
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(error));
  await page.goto(link);
  await page.waitForFunction(() => window.typingRecord !== undefined);
  return page;
}

/** Presses keys; when is counted from the first one, so that delays do not add up. */
async function type(page: Page, keys: number, { keysPerGroup, intervalMs }: TypingMode): Promise<void> {
  const startMs = performance.now();
  for (let index = 0; index < keys; index++) {
    const waitMs = startMs + Math.floor(index / keysPerGroup) * intervalMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    await page.keyboard.press(index % WORD_LENGTH === WORD_LENGTH - 1 ? 'Space' : 'a');
  }
}

async function lengthOf(page: Page): Promise<number> {
  return page.evaluate(() => window.typingRecord?.changes.at(-1)?.length ?? 0);
}

async function recordOf(page: Page): Promise<TypingRecord> {
  return page.evaluate(() => window.typingRecord ?? { keysAtMs: [], changes: [] });
}

async function forget(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.typingRecord?.keysAtMs.splice(0);
    window.typingRecord?.changes.splice(0);
  });
}

/** For each key: from its going down, or its change in the typist's model, to the watcher's model having its character. */
async function measure(typist: Page, watcher: Page, typing: TypingMode): Promise<object> {
  const before = await lengthOf(typist);
  await watcher.waitForFunction((length) => (window.typingRecord?.changes.at(-1)?.length ?? 0) >= length, before);
  await Promise.all([forget(typist), forget(watcher)]);
  await type(typist, SAMPLES, typing);
  await watcher.waitForFunction(
    (length) => (window.typingRecord?.changes.at(-1)?.length ?? 0) >= length,
    before + SAMPLES,
  );
  const [typed, seen] = await Promise.all([recordOf(typist), recordOf(watcher)]);
  const latenciesMs: number[] = [];
  const fromModelMs: number[] = [];
  for (const [index, keyAtMs] of typed.keysAtMs.entries()) {
    const length = before + index + 1;
    const changed = typed.changes.find((change) => change.length >= length);
    const arrived = seen.changes.find((change) => change.length >= length);
    if (!changed || !arrived) throw new Error(`The key ${index} of ${typing.mode} typing did not arrive.`);
    latenciesMs.push(arrived.atMs - keyAtMs);
    fromModelMs.push(arrived.atMs - changed.atMs);
  }
  const p50Ms = rounded(percentile(latenciesMs, 0.5));
  const p99Ms = rounded(percentile(latenciesMs, 0.99));
  return {
    bench: 'typing',
    mode: typing.mode,
    samples: latenciesMs.length,
    p50Ms,
    p99Ms,
    maxMs: rounded(Math.max(...latenciesMs)),
    modelToModel: { p50Ms: rounded(percentile(fromModelMs, 0.5)), p99Ms: rounded(percentile(fromModelMs, 0.99)) },
    aim: AIM,
    isAimMet: p50Ms < AIM.p50Ms && p99Ms < AIM.p99Ms,
    load: loadavg()[0],
  };
}

const folder = await mkdtemp(join(tmpdir(), 'tutti-bench-'));
const { executablePath } = await provisionChromium();
console.error('Building the page …');
const relay = await RelayProcess.start(join(folder, 'relay'), { staticFolder: await buildTypingPage() });
const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGUMENTS] });
try {
  const link = await shareLink(relay.dataFolder, 'bench', 'editor');
  const typist = await openPage(browser, link);
  const watcher = await openPage(browser, link);
  await type(typist, WARM_UP_KEYS, WARM_UP);
  for (const mode of MODES) console.log(JSON.stringify(await measure(typist, watcher, mode)));
} finally {
  await browser.close();
  await relay.stop();
  await rm(folder, { recursive: true, force: true });
}
