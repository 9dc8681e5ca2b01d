import { type Browser, expect, type Page, test } from '@playwright/test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RelayProcess, shareLink } from '../testing/relay-process.ts';
import { copyClient, listClientFiles, makeNextClient } from './support/client-build.ts';
import { Person } from './support/person.ts';
import { launchBrowser, openBrowser } from './support/shared-room.ts';

// Ana's browser, with and without the relay: each step goes on from where the last one ended.
test.describe.configure({ mode: 'serial' });

const ROOM = 'on-the-train';
const PLAN = 'plan.md';
const DATA = 'data.json';
const SCRIPT = 'run.py';
const OFFLINE = /^Offline/;
const NEXT_TITLE = 'Tutti, the next build';

let data: string;
let client: string;
let relay: RelayProcess;
let browser: Browser;
let ana: Person;
let ben: Person;
let link: string;

const banner = () => ana.page.locator('.access-banner[role=alert]');

async function createEmptyFile(person: Person, name: string): Promise<void> {
  await person.showView('Explorer');
  await person.page.getByRole('button', { name: 'New File…' }).click();
  await person.page.getByRole('textbox', { name: 'Name of the new file' }).fill(name);
  await person.page.keyboard.press('Enter');
  await expect(person.page.getByRole('tab', { name })).toBeVisible();
}

async function createFile(person: Person, name: string, text: string): Promise<void> {
  await createEmptyFile(person, name);
  // Nobody has to click into it first.
  await expect(person.editor.locator(':focus')).toBeAttached();
  // Its text is shown.
  await expect(person.statusBar.getByText('Ln 1, Col 1')).toBeVisible();
  await person.type(text);
  await expect.poll(() => person.visibleText()).toContain(text);
}

/** Ends the relay, and starts one with what it stored, where it was, with `staticFolder`. */
async function restartRelay(staticFolder: string): Promise<void> {
  await relay.stop();
  relay = await RelayProcess.start(relay.dataFolder, { port: relay.port, staticFolder });
}

/** As the browser tells it when the device comes into a network. */
async function noticeNetwork({ page }: Person): Promise<void> {
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
}

/** Forgets what a browser has kept by itself, of which nobody can tell how long it stays. */
async function clearHttpCache({ page }: Person): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.clearBrowserCache');
  await session.detach();
}

/** Waits for the service worker of a newer build, which a visit of the page brings; gives what became of it. */
async function awaitNextWorker({ page }: Person): Promise<string | undefined> {
  return page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const found = new Promise<ServiceWorker | null>((resolve) => {
      registration.addEventListener('updatefound', () => resolve(registration.installing), { once: true });
    });
    const next = registration.installing ?? registration.waiting ?? (await found);
    while (next?.state === 'installing') {
      await new Promise((resolve) => next.addEventListener('statechange', resolve, { once: true }));
    }
    return next?.state;
  });
}

/** A tab of Ana's browser. */
async function openTab(): Promise<Person> {
  return new Person('Ana', await ana.page.context().newPage());
}

/** Who a tab is to the relay, by the token that it keeps. */
async function readSubject(page: Page): Promise<unknown> {
  const token = await page.evaluate((room) => window.sessionStorage.getItem(`tutti.token.${room}`), ROOM);
  const claims: unknown = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString());
  return typeof claims === 'object' && claims !== null ? Reflect.get(claims, 'sub') : undefined;
}

/** Every address that a browser keeps, with the headers of its answer; the names of the caches before. */
async function readKept(
  page: Page,
): Promise<{ readonly caches: readonly string[]; readonly entries: [string, string][] }> {
  return page.evaluate(async () => {
    const names = await caches.keys();
    const entries: [string, string][] = [];
    for (const name of names) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const headers = (await cache.match(request))?.headers;
        entries.push([request.url, JSON.stringify([...(headers ?? [])])]);
      }
    }
    return { caches: names, entries };
  });
}

test.beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tutti-page-'));
  client = await copyClient(join(data, 'client'));
  [relay, browser] = await Promise.all([
    RelayProcess.start(join(data, 'relay'), { staticFolder: client }),
    launchBrowser(),
  ]);
  link = await shareLink(relay.dataFolder, ROOM, 'editor');
  [ana, ben] = await Promise.all([openBrowser(browser, 'Ana'), openBrowser(browser, 'Ben')]);
  await ana.join(link);
  await ana.expectOnline();
  await createFile(ana, DATA, '{ "a": b }');
  await createFile(ana, PLAN, 'at home');
  await ben.join(link);
  await ben.expectOnline();
  await ben.openFile(PLAN);
  await expect.poll(() => ben.visibleText()).toBe('at home');
});

test.afterAll(async () => {
  await browser?.close();
  await relay?.stop();
  if (data) await rm(data, { recursive: true, force: true });
});

test('her browser keeps all files of the page, and nothing of the room, its link or its tokens', async () => {
  await ana.page.evaluate(() => navigator.serviceWorker.ready);
  const { caches, entries } = await readKept(ana.page);
  expect(caches).toHaveLength(1);
  expect(entries.map(([url]) => url).sort()).toEqual(
    (await listClientFiles(client)).map((path) => `${relay.url}/${path}`).sort(),
  );
  const secret = new URL(link).hash.slice(1);
  const kept = JSON.stringify([caches, entries]);
  for (const word of [ROOM, secret, 'join', 'api', 'Bearer']) expect(kept).not.toContain(word);
  await expect.poll(() => ana.page.evaluate(() => navigator.serviceWorker.controller?.state)).toBe('activated');
});

test('without the relay she reloads the page: the text is there, and she goes on typing', async () => {
  await relay.stop('SIGKILL');
  await clearHttpCache(ana);
  await ana.page.reload();
  await ana.openFile(PLAN);
  await expect.poll(() => ana.visibleText()).toBe('at home');
  await ana.clickLine('at home');
  await ana.type(', on the train');
  await expect.poll(() => ana.visibleText()).toBe('at home, on the train');
  await expect(ana.connection).toHaveText(OFFLINE);
  await expect(ana.saveState).toHaveText('On this device');
  // Monaco's worker for JSON was never needed before.
  await ana.openFile(DATA);
  await expect(ana.editor.locator('.squiggly-error').first()).toBeVisible();
  await ana.openFile(PLAN);
  await ana.screenshot('95-reloaded-offline');
  await createEmptyFile(ana, 'empty.md');
  await expect(ana.saveState).toHaveText('On this device');
  await ana.screenshot('95-created-offline');
});

test('a tab that was closed opens again by the link, still without the relay', async () => {
  const tab = await openTab();
  await ana.page.close();
  ana = tab;
  await ana.join(link);
  await ana.openFile(PLAN);
  await expect.poll(() => ana.visibleText()).toBe('at home, on the train');
  expect(new URL(ana.page.url()).hash).toBe('');
  await ana.clickLine('at home');
  await ana.type(' again');
  await expect(ana.saveState).toHaveText('On this device');
});

test('by its address without the secret it opens to be read, with the reason', async () => {
  const first = ana;
  ana = await openTab();
  await ana.page.goto(`${relay.url}/join/${ROOM}`);
  await expect(banner()).toContainText('Open the link again to be with the others');
  await expect(banner()).toContainText('They are sent once you have opened the link again.');
  await expect(banner()).not.toContainText('another link');
  await expect(ana.statusBar.getByText('Try now')).toHaveCount(0);
  await ana.openFile(PLAN);
  await expect.poll(() => ana.visibleText()).toBe('at home, on the train again');
  await expect(ana.statusBar.getByText('Read-only')).toBeVisible();
  await ana.screenshot('96-opened-without-link');
  await ana.page.close();
  ana = first;
});

test('a room that was never opened here says what is missing, and waits for nothing', async () => {
  const elsewhere = await openTab();
  await elsewhere.join(link.replace(ROOM, 'never-seen'));
  const dialog = elsewhere.page.getByRole('dialog', { name: 'Join this room?' });
  await expect(dialog).toContainText(`No Tutti relay answers at ${relay.url}`);
  await expect(dialog).toContainText('Check that it runs and that you are online.');
  await expect(dialog.getByRole('button', { name: 'Join', exact: true })).toBeEnabled();
  await expect(elsewhere.page.locator('.codicon-modifier-spin')).toHaveCount(0);
  await elsewhere.screenshot('97-never-opened');
  await elsewhere.page.close();
});

test('when the relay is back, what she typed reaches Ben', async () => {
  relay = await RelayProcess.start(relay.dataFolder, { port: relay.port, staticFolder: client });
  for (const person of [ana, ben]) {
    await noticeNetwork(person);
    await person.expectOnline();
  }
  await expect.poll(() => ben.visibleText()).toBe('at home, on the train again');
  await expect(ana.saveState).toHaveText(/On the relay|Seen by all/);
});

test('another name of hers is seen by Ben at once, and is hers after a reload', async () => {
  await ana.runCommand('Change Your Name…');
  const dialog = ana.page.getByRole('dialog', { name: 'Change your name' });
  await ana.screenshot('98-change-name');
  await dialog.getByLabel('Your name').fill('Ana B.');
  await ana.page.keyboard.press('Enter');
  await ben.showView('People');
  const here = ben.page.getByRole('list', { name: 'In this room' });
  await expect(here).toContainText('Ana B.');
  const subject = await readSubject(ana.page);
  expect(subject).toEqual(expect.any(String));
  await ana.page.reload();
  await ana.expectOnline();
  expect(await readSubject(ana.page)).toBe(subject);
  await ana.showView('People');
  await expect(ana.page.getByRole('list', { name: 'In this room' })).toContainText('Ana B. (you)');
  await ana.screenshot('98-own-name');
  await expect(here).toContainText('Ana B.');
});

test('on a network that swallows everything the page opens, too, and connects when it is over', async () => {
  relay.pause();
  await ana.page.reload();
  await ana.openFile(PLAN);
  await expect.poll(() => ana.visibleText()).toBe('at home, on the train again');
  relay.resume();
  await noticeNetwork(ana);
  await ana.expectOnline();
});

test('after the relay was renewed, an open page has the files that it may still need', async () => {
  await createFile(ben, SCRIPT, 'def run(): return 1');
  await expect(ana.page.getByRole('treeitem', { name: SCRIPT })).toBeVisible();
  await restartRelay(await makeNextClient(join(data, 'next'), NEXT_TITLE, 'python-'));
  const next = await openTab();
  await next.page.goto(relay.url);
  await expect(next.page).toHaveTitle(NEXT_TITLE);
  expect(await awaitNextWorker(next)).toBe('installed');
  await clearHttpCache(ana);
  await noticeNetwork(ana);
  await ana.expectOnline();
  await expect(ana.page).toHaveTitle('Tutti');
  await ana.openFile(SCRIPT);
  // Words of a language that is known have colours of their own.
  await expect(ana.editor.locator('.view-line span[class^="mtk"]').nth(2)).toBeVisible();
  await next.page.close();
});

test('without the relay the new page opens, and once no old page is open, nothing of it is left', async () => {
  await relay.stop();
  await ana.page.reload();
  await expect(ana.page).toHaveTitle(NEXT_TITLE);
  await ana.openFile(PLAN);
  await expect.poll(() => ana.visibleText()).toBe('at home, on the train again');
  expect((await readKept(ana.page)).caches).toHaveLength(2);
  const context = ana.page.context();
  await ana.page.close();
  ana = new Person('Ana', await context.newPage());
  await ana.page.goto(relay.url);
  await expect(ana.page).toHaveTitle(NEXT_TITLE);
  await expect.poll(async () => (await readKept(ana.page)).caches).toEqual([expect.stringMatching(/ next$/)]);
  const { entries } = await readKept(ana.page);
  expect(entries).toHaveLength((await listClientFiles(join(data, 'next'))).length);
});

test('a room that she forgets without the relay is gone, and the page still opens', async () => {
  const databases = () => ana.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
  await ana.page.goto(`${relay.url}/join/${ROOM}`);
  await ana.openFile(PLAN);
  expect(await databases()).toContain(`tutti/${ROOM}/index`);
  await ana.runCommand('Forget This Room');
  await ana.page.getByRole('alertdialog').getByRole('button', { name: 'Forget' }).click();
  await expect.poll(databases).toEqual([]);
  await ana.page.reload();
  await expect(ana.page.getByRole('dialog')).toContainText('Tutti was opened with a link that does not work.');
});

test('where one file of the page is missing, nothing is kept, and all else is as ever', async () => {
  const incomplete = await copyClient(join(data, 'incomplete'));
  const [missing = ''] = (await listClientFiles(incomplete)).filter((path) => path.startsWith('assets/abap-'));
  await rm(join(incomplete, missing));
  relay = await RelayProcess.start(relay.dataFolder, { port: relay.port, staticFolder: incomplete });
  const cleo = await openBrowser(browser, 'Cleo');
  const refused = cleo.page.context().waitForEvent('response', (response) => response.url().endsWith(missing));
  await cleo.join(link);
  await cleo.expectOnline();
  expect((await refused).status()).toBe(404);
  const isKept = () => cleo.page.evaluate(async () => (await navigator.serviceWorker.getRegistration()) !== undefined);
  await expect.poll(isKept).toBe(false);
  await cleo.openFile(PLAN);
  await expect.poll(() => cleo.visibleText()).toBe('at home, on the train again');
  await relay.stop();
  await expect(cleo.page.reload()).rejects.toThrow('ERR_CONNECTION_REFUSED');
});
