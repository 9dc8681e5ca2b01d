import { type Browser, chromium, expect, test } from '@playwright/test';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHROMIUM_ARGUMENTS } from '../../scripts/runtimes/chromium.ts';
import { parseShareLink } from '../../shared/access/index.ts';
import { operatorToken, RelayProcess, roomToken } from '../testing/relay-process.ts';
import { launchDesktop } from './support/desktop-app.ts';
import { type DesktopPerson, Person } from './support/person.ts';
import { createSampleFolder, SHARED_FILE } from './support/sample-folder.ts';
import { StockPage } from './support/stock-page.ts';

test.describe.configure({ mode: 'serial' });

let data: string;
let folder: Awaited<ReturnType<typeof createSampleFolder>>;
let relay: RelayProcess;
let stockPage: StockPage;
let browser: Browser;
let ana: DesktopPerson;
let room: string;

const onDisk = () => readFile(join(folder.path, SHARED_FILE), 'utf8');

async function openStockPage(name: string, role: 'editor' | 'viewer'): Promise<Person> {
  const token = await roomToken(join(data, 'relay'), room, role, name);
  const page = await browser.newPage({ viewport: { width: 900, height: 600 } });
  await page.goto(stockPage.url({ relayUrl: relay.url, room, token, path: SHARED_FILE }));
  const person = new Person(name, page);
  await expect(person.editor.locator('.view-lines')).toContainText('first');
  return person;
}

test.beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tutti-e2e-'));
  folder = await createSampleFolder();
  [relay, stockPage, browser] = await Promise.all([
    RelayProcess.start(join(data, 'relay')),
    StockPage.start(),
    chromium.launch({ executablePath: process.env['TUTTI_CHROMIUM'] ?? '', args: [...CHROMIUM_ARGUMENTS] }),
  ]);
  ana = await launchDesktop({
    name: 'Ana',
    userData: join(data, 'ana'),
    relayUrl: relay.url,
    operatorToken: await operatorToken(join(data, 'relay')),
    folder: folder.path,
  });
  await ana.expectOnline();
  await ana.page.getByRole('button', { name: 'Invite' }).first().click();
  await ana.page.getByRole('button', { name: 'Create and Copy Link' }).click();
  const made = ana.page.getByRole('textbox', { name: 'Share link' });
  await expect(made).toHaveValue(/\/join\//);
  const parsed = parseShareLink(await made.inputValue());
  if (!parsed.ok) throw new Error(parsed.explanation);
  ({ room } = parsed.link);
  await ana.page.keyboard.press('Escape');
  await ana.openFile(SHARED_FILE);
});

test.afterAll(async () => {
  await Promise.all([ana?.app.close(), browser?.close(), stockPage?.stop()]);
  await relay?.stop();
  await folder?.remove();
  if (data) await rm(data, { recursive: true, force: true });
});

test('a stock y-monaco page and a Tutti window edit one file', async () => {
  const yara = await openStockPage('Yara', 'editor');
  await ana.clickLine('// first');
  await yara.clickLine('// second');
  await Promise.all([ana.type(' from Tutti'), yara.type(' from y-monaco')]);
  await expect(async () => {
    const disk = await onDisk();
    expect(disk).toContain('// first from Tutti\n// second from y-monaco\n');
    for (const person of [ana, yara]) expect(await person.visibleText(), `what ${person.name} sees`).toBe(disk);
  }).toPass();
  // Both see each other, by the names of their tokens, where they type.
  await expect(yara.page.locator('#people')).toHaveText(/^Here: \S[^,]*$/);
  await expect(yara.page.locator('.yRemoteSelectionHead')).toHaveCount(1);
  await expect(ana.editor.locator('.tutti-peer-caret')).toHaveCount(1);
  await expect(ana.statusBar.getByRole('button', { name: /2 people/ })).toBeVisible();
  await yara.clickLine('// second');
  await yara.page.keyboard.press('Shift+Home');
  await expect(ana.editor.locator('.tutti-peer-selection')).toHaveCount(1);
  await ana.screenshot('y-monaco-with-tutti');
  await yara.screenshot('y-monaco-with-tutti');
  await yara.page.close();
  await expect(ana.editor.locator('.tutti-peer-caret')).toHaveCount(0);
});

test('a stock y-monaco page of somebody who may only read changes nothing for others', async () => {
  const vera = await openStockPage('Vera', 'viewer');
  const refused = vera.page.waitForEvent('console', (message) => message.text().includes('Permission denied'));
  await vera.clickLine('// third');
  await vera.type(' graffiti');
  await refused;
  await ana.clickLine('// first');
  await ana.type('!');
  await expect(vera.editor.locator('.view-lines')).toContainText('from Tutti!');
  await expect.poll(onDisk).toContain('from Tutti!');
  expect(await onDisk()).not.toContain('graffiti');
  expect(await ana.visibleText()).toBe(await onDisk());
});
