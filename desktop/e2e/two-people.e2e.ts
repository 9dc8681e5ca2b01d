import { type Browser, chromium, expect, test } from '@playwright/test';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CHROMIUM_ARGUMENTS } from '../../scripts/runtimes/chromium.ts';
import { launchDesktop } from './support/desktop-app.ts';
import { type DesktopPerson, Person } from './support/person.ts';
import { operatorToken, RelayProcess } from '../testing/relay-process.ts';
import { createSampleFolder, CRLF_FILE, SHARED_FILE } from './support/sample-folder.ts';

// One room through a working day: each step goes on from where the last one ended.
test.describe.configure({ mode: 'serial' });

/** The client for guests in a browser. */
const staticFolder = resolve('out/browser');

let data: string;
let folder: Awaited<ReturnType<typeof createSampleFolder>>;
let relay: RelayProcess;
let ana: DesktopPerson;
let ben: DesktopPerson;
let browser: Browser;
let cleo: Person;
let link: string;

const onDisk = (path = SHARED_FILE) => readFile(join(folder.path, path), 'utf8');
const everybody = () => [ana, ben, cleo];

/** Waits until all three windows and the disk show the same text with all of `parts`; returns it. */
async function expectSameEverywhere(parts: readonly string[], path = SHARED_FILE): Promise<string> {
  await expect(async () => {
    const disk = await onDisk(path);
    for (const part of parts) expect(disk).toContain(part);
    for (const person of everybody()) {
      expect(await person.visibleText(), `what ${person.name} sees`).toBe(disk.replaceAll('\r\n', '\n'));
    }
  }).toPass();
  return onDisk(path);
}

test.beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tutti-e2e-'));
  folder = await createSampleFolder();
  relay = await RelayProcess.start(join(data, 'relay'), { staticFolder });
});

test.afterAll(async () => {
  await Promise.all([ana?.app.close(), ben?.app.close(), browser?.close()]);
  await relay?.stop();
  await folder?.remove();
  if (data) await rm(data, { recursive: true, force: true });
});

test('Ana opens a folder of 500 files and edits one', async () => {
  const token = await operatorToken(join(data, 'relay'));
  ana = await launchDesktop({
    name: 'Ana',
    userData: join(data, 'ana'),
    relayUrl: relay.url,
    operatorToken: token,
    folder: folder.path,
  });
  await ana.expectOnline();
  await expect(ana.page.getByRole('treeitem', { name: 'README.md' })).toBeVisible();
  await expect(ana.page.getByRole('treeitem', { name: 'node_modules' })).toHaveCount(0);
  await expect(ana.page.getByRole('treeitem', { name: 'link-out' })).toHaveCount(0);
  await ana.openFile(SHARED_FILE);
  await ana.clickLine('// first');
  await ana.type(' (Ana)');
  await expect.poll(() => onDisk()).toContain('// first (Ana)');
  await ana.screenshot('01-folder-open');
});

test('Ana makes a link', async () => {
  await ana.page.getByRole('button', { name: 'Invite' }).first().click();
  await ana.page.getByRole('button', { name: 'Create and Copy Link' }).click();
  const made = ana.page.getByRole('textbox', { name: 'Share link' });
  await expect(made).toHaveValue(/\/join\//);
  link = await made.inputValue();
  await ana.screenshot('02-invite');
  await ana.page.keyboard.press('Escape');
});

test('Ben joins in a second app, Cleo in a browser', async () => {
  ben = await launchDesktop({ name: 'Ben', userData: join(data, 'ben'), relayUrl: relay.url, joinLink: link });
  await expect(ben.page.getByRole('dialog', { name: 'Join this room?' })).toBeVisible();
  await ben.screenshot('03-asks-before-joining');
  await ben.page.getByRole('textbox', { name: 'Your name' }).fill('Ben');
  await ben.page.getByRole('button', { name: 'Join', exact: true }).click();
  await ben.expectOnline();

  browser = await chromium.launch({
    executablePath: process.env['TUTTI_CHROMIUM'] ?? '',
    args: [...CHROMIUM_ARGUMENTS],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'dark' });
  cleo = new Person('Cleo', page);
  await page.goto(link);
  await page.getByRole('textbox', { name: 'Your name' }).fill('Cleo');
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await cleo.expectOnline();

  for (const person of [ben, cleo]) {
    await person.openFile(SHARED_FILE);
    await expect(person.editor.locator('.view-lines')).toContainText('first');
  }
  await expectSameEverywhere(['// first (Ana)']);
  for (const person of everybody()) {
    await expect(person.statusBar.getByRole('button', { name: /3 people/ })).toBeVisible();
    await person.screenshot('04-three-people');
  }
});

test('all three type into one file at once', async () => {
  await ana.clickLine('// first');
  await ben.clickLine('// second');
  await cleo.clickLine('// third');
  await Promise.all([ana.type(' alpha beta'), ben.type(' gamma delta'), cleo.type(' epsilon zeta')]);
  await expectSameEverywhere(['(Ana) alpha beta', '// second gamma delta', '// third epsilon zeta']);
  for (const person of everybody()) {
    const others = everybody().filter((other) => other !== person);
    await expect(person.editor.locator('.tutti-peer-caret')).toHaveCount(others.length);
    await person.screenshot('05-typing-at-once');
  }
});

test("Ana's undo takes back only what Ana typed", async () => {
  await ana.clickLine('// first');
  await ana.page.keyboard.press('Control+Z');
  await expect.poll(() => onDisk()).not.toContain('alpha beta');
  const text = await expectSameEverywhere(['// second gamma delta', '// third epsilon zeta']);
  expect(text).toContain('// first');
  await ana.screenshot('06-undo');
});

test('a file is created, renamed and deleted by others, and the folder follows', async () => {
  for (const person of everybody()) await person.showTopOfFolder();
  await ben.page.getByRole('treeitem', { name: 'README.md' }).click();
  await ben.page.getByRole('button', { name: 'New File…' }).click();
  await ben.page.getByRole('textbox', { name: 'Name of the new file' }).fill('made-by-ben.md');
  await ben.page.keyboard.press('Enter');
  await expect(ben.page.getByRole('tab', { name: 'made-by-ben.md' }).first()).toBeVisible();
  await ben.editor.click();
  await ben.type('Hello from Ben');
  await expect.poll(() => onDisk('made-by-ben.md').catch(() => '')).toContain('Hello from Ben');

  const item = cleo.page.getByRole('treeitem', { name: 'made-by-ben.md' });
  await item.click();
  await cleo.page.keyboard.press('F2');
  const input = cleo.page.getByRole('textbox', { name: 'New name of made-by-ben.md' });
  await input.fill('renamed-by-cleo.md');
  await input.press('Enter');
  await expect.poll(() => onDisk('renamed-by-cleo.md').catch(() => '')).toContain('Hello from Ben');
  await expect.poll(() => onDisk('made-by-ben.md').catch(() => 'gone')).toBe('gone');
  await expect(ana.page.getByRole('treeitem', { name: 'renamed-by-cleo.md' })).toBeVisible();
  await cleo.screenshot('07-renamed');

  await ana.page.getByRole('treeitem', { name: 'renamed-by-cleo.md' }).click();
  await ana.page.getByRole('treeitem', { name: 'renamed-by-cleo.md' }).press('Delete');
  await ana.page
    .getByRole('button', { name: /Delete/ })
    .last()
    .click();
  await expect.poll(() => onDisk('renamed-by-cleo.md').catch(() => 'gone')).toBe('gone');
  await expect(ben.page.getByText('was deleted', { exact: false }).first()).toBeVisible();
  await ben.screenshot('08-deleted-while-open');
});

test('an edit on disk reaches everybody', async () => {
  for (const person of everybody()) await person.openFile(SHARED_FILE);
  const before = await onDisk();
  const temporary = join(folder.path, 'other-program.tmp');
  await writeFile(temporary, before.replace('// Notes', '// Notes, from another program'));
  await rename(temporary, join(folder.path, SHARED_FILE));
  await expectSameEverywhere(['// Notes, from another program']);
  await cleo.screenshot('09-edit-on-disk');
});

test('edits made while the relay is down are kept, and merge when it returns', async () => {
  const { port } = relay;
  await relay.stop('SIGKILL');
  await ana.clickLine('// second');
  await ana.type(' [Ana offline]');
  await cleo.clickLine('// third');
  await cleo.type(' [Cleo offline]');
  for (const person of [ana, cleo]) {
    await expect(person.statusBar.getByText(/Offline/).first()).toBeVisible();
    await person.screenshot('10-offline');
  }
  await expect.poll(() => onDisk()).toContain('[Ana offline]');
  expect(await ben.visibleText()).not.toContain('offline]');
  relay = await RelayProcess.start(join(data, 'relay'), { port, staticFolder });
  for (const person of everybody()) {
    await person.statusBar
      .getByText('Try now')
      .click({ timeout: 2000 })
      .catch(() => undefined);
    await person.expectOnline();
  }
  await expectSameEverywhere(['[Ana offline]', '[Cleo offline]']);
  for (const person of everybody()) await person.screenshot('11-merged');
  // What happened meanwhile has taken the place of the files.
  for (const person of everybody()) {
    await expect(person.page.getByRole('button', { name: /^While you were away/ })).toBeVisible();
    await person.showView('Explorer');
  }
});

test('Windows line endings stay on disk', async () => {
  for (const person of everybody()) await person.openFile(CRLF_FILE);
  await ben.clickLine('first line');
  await ben.type(' by Ben');
  await expect.poll(() => onDisk(CRLF_FILE)).toBe('first line by Ben\r\nsecond line\r\n');
  await expectSameEverywhere(['first line by Ben'], CRLF_FILE);
});
