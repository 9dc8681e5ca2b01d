import { type Browser, expect, test } from '@playwright/test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { RelayProcess, shareLink } from '../testing/relay-process.ts';
import type { Person } from './support/person.ts';
import { launchBrowser, openBrowser } from './support/shared-room.ts';

// A relay in a local network, as browsers see it: its address is neither HTTPS nor that of the device itself.
const NAME = 'relay.test';
const FILE = 'notes.md';

let data: string;
let relay: RelayProcess;
let browser: Browser;

test.beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tutti-plain-'));
  [relay, browser] = await Promise.all([
    RelayProcess.start(join(data, 'relay'), { staticFolder: resolve('out/browser') }),
    launchBrowser(`--host-resolver-rules=MAP ${NAME} 127.0.0.1`),
  ]);
});

test.afterAll(async () => {
  await browser?.close();
  await relay?.stop();
  if (data) await rm(data, { recursive: true, force: true });
});

async function enter(name: string): Promise<Person> {
  const person = await openBrowser(browser, name, { permissions: [] });
  const link = await shareLink(relay.dataFolder, 'local', 'editor');
  await person.join(link.replace('127.0.0.1', NAME));
  await person.expectOnline();
  return person;
}

test('guests write together, and agree, over plain HTTP', async () => {
  const [ana, ben] = [await enter('Ana'), await enter('Ben')];
  expect(await ana.page.evaluate(() => window.isSecureContext)).toBe(false);
  await ana.showView('Explorer');
  await ana.page.getByRole('button', { name: 'New File…' }).click();
  await ana.page.getByRole('textbox', { name: 'Name of the new file' }).fill(FILE);
  await ana.page.keyboard.press('Enter');
  await expect(ana.page.getByRole('tab', { name: FILE })).toBeVisible();
  await ana.editor.click();
  await ana.type('by hand');
  await ben.openFile(FILE);
  await expect.poll(() => ben.visibleText()).toBe('by hand');
  await expect(ben.page.getByTestId('agreement')).toContainText('Identical');
  await ana.page.reload();
  await ana.openFile(FILE);
  await expect.poll(() => ana.visibleText()).toBe('by hand');
});
