import { expect, test } from '@playwright/test';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchDesktop } from './support/desktop-app.ts';
import { operatorToken, RelayProcess } from '../testing/relay-process.ts';
import type { DesktopPerson } from './support/person.ts';

let data: string;
let deadRelayUrl: string;
let open: DesktopPerson[];
let stopLater: RelayProcess[];

test.beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'tutti-crash-'));
  deadRelayUrl = `http://127.0.0.1:${await freePort()}`;
  open = [];
  stopLater = [];
});

test.afterEach(async () => {
  await Promise.all(open.map(({ app }) => app.close()));
  await Promise.all(stopLater.map((relay) => relay.stop()));
  await rm(data, { recursive: true, force: true });
});

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

interface LaunchOptions {
  readonly folder?: string;
  readonly joinLink?: string;
  readonly relayUrl?: string;
  readonly operatorToken?: string;
}

async function launch(options: LaunchOptions = {}): Promise<DesktopPerson> {
  const person = await launchDesktop({ name: 'Ana', userData: join(data, 'ana'), relayUrl: deadRelayUrl, ...options });
  open.push(person);
  return person;
}

test('kill -9 of the main process loses nothing that was on this device, without a relay', async () => {
  const before = await launch();
  await expect(before.page.getByRole('main', { name: 'Welcome' })).toBeVisible();
  await before.screenshot('20-first-start');
  await before.page.getByRole('button', { name: 'Open Untitled Room' }).click();
  await before.page.getByRole('button', { name: 'New File', exact: true }).first().click();
  await before.page.getByRole('textbox', { name: 'Name of the new file' }).fill('kept.md');
  await before.page.keyboard.press('Enter');
  await expect(before.page.getByRole('tab', { name: 'kept.md' })).toBeVisible();
  await before.editor.click();
  await before.type('typed before the crash');
  await expect(before.page.getByTestId('save-state')).toHaveText('On this device');
  await expect(before.statusBar.getByText(/Offline/).first()).toBeVisible();

  const main = before.app.process();
  main.kill('SIGKILL');
  await once(main, 'exit');
  open = [];

  // Without a folder or a link the app shows what it showed last.
  const after = await launch();
  await after.openFile('kept.md');
  await expect.poll(() => after.visibleText()).toBe('typed before the crash');
  await after.screenshot('20-after-the-crash');
});

test('a damaged store is set aside, said, and made anew from the relay', async () => {
  const folder = join(data, 'project');
  await writeFolder(folder);
  const relay = await RelayProcess.start(join(data, 'relay'));
  stopLater.push(relay);
  const options = { folder, relayUrl: relay.url, operatorToken: await operatorToken(join(data, 'relay')) };
  const before = await launch(options);
  await before.openFile('notes.md');
  await expect.poll(() => before.visibleText()).toContain('some notes');
  await before.clickLine('some notes');
  await before.type(', kept on the relay');
  await expect(before.page.getByTestId('save-state')).toHaveText(/relay|Seen/);
  await before.app.close();
  open = [];

  const rooms = join(data, 'ana', 'rooms');
  for (const name of await readdir(rooms)) await writeFile(join(rooms, name), 'this is no database');
  const after = await launch(options);
  await expect(after.page.getByText('The local copy of this room was damaged.')).toBeVisible();
  await after.screenshot('21-damaged-store');
  expect((await readdir(rooms)).some((name) => name.includes('damaged'))).toBe(true);
  await after.openFile('notes.md');
  await expect.poll(() => after.visibleText()).toContain('some notes');
  await after.clickLine('some notes');
  await after.type(', edited on');
  await expect(after.page.getByRole('treeitem')).toHaveCount(1);
  await expect
    .poll(() => readFile(join(folder, 'notes.md'), 'utf8'))
    .toBe('some notes, kept on the relay, edited on\n');
});

test('a folder that is not there is explained', async () => {
  const person = await launch({ folder: join(data, 'gone') });
  await expect(person.page.getByRole('alert').filter({ hasText: 'gone' })).toContainText('is not there');
  await person.screenshot('22-folder-missing');
});

test('a link that is malformed, and one whose relay is not there, are explained before anything is joined', async () => {
  const person = await launch({ joinLink: `${deadRelayUrl}/join/some-room#AAAAAAAAAAAAAAAAAAAAAAAA` });
  await expect(person.page.getByRole('dialog', { name: 'Join this room?' })).toBeVisible();
  await person.page.getByRole('textbox', { name: 'Your name' }).fill('Ana');
  await person.page.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(person.page.getByRole('dialog')).toContainText('No Tutti relay answers at');
  await person.screenshot('23-relay-not-there');
  await person.page.getByRole('button', { name: 'Do Not Join' }).click();

  await person.page.getByRole('button', { name: 'Join with a Link' }).first().click();
  await person.page.getByLabel('Link').fill('https://example.org/join/');
  await expect(person.page.getByRole('alert')).toContainText('Copy the whole link');
  await person.page.getByLabel('Link').fill('javascript:alert(1)');
  await expect(person.page.getByRole('alert')).toContainText('not a Tutti link');
  await person.screenshot('24-malformed-link');
});

async function writeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'notes.md'), 'some notes\n');
}
