import { type Browser, chromium, expect, test } from '@playwright/test';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CHROMIUM_ARGUMENTS } from '../../scripts/runtimes/chromium.ts';
import { operatorToken, RelayProcess } from '../testing/relay-process.ts';
import { launchDesktop } from './support/desktop-app.ts';
import { type DesktopPerson, Person } from './support/person.ts';
import { createSampleFolder, SHARED_FILE } from './support/sample-folder.ts';

// One room from the first link to the last proposal: each step goes on from where the last one ended.
test.describe.configure({ mode: 'serial' });

const staticFolder = resolve('out/browser');
/** Within which a revoked person must be out. */
const REVOCATION_MS = 1_000;

let data: string;
let folder: Awaited<ReturnType<typeof createSampleFolder>>;
let relay: RelayProcess;
let browser: Browser;
let ana: DesktopPerson;
let ben: Person;
let link: string;

const onDisk = () => readFile(join(folder.path, SHARED_FILE), 'utf8');

/** A browser of its own: nothing that another page keeps is in it. */
async function newGuest(name: string, colorScheme: 'dark' | 'light' = 'dark'): Promise<Person> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme });
  return new Person(name, await context.newPage());
}

test.beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tutti-access-'));
  folder = await createSampleFolder();
  [relay, browser] = await Promise.all([
    RelayProcess.start(join(data, 'relay'), { staticFolder }),
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
  await ana.runCommand('Dark Theme');
  await ana.openFile(SHARED_FILE);
});

test.afterAll(async () => {
  await Promise.all([ana?.app.close(), browser?.close()]);
  await relay?.stop();
  await folder?.remove();
  if (data) await rm(data, { recursive: true, force: true });
});

test('Ana makes a link that needs approval, and sees it listed', async () => {
  await ana.page.getByRole('button', { name: 'Invite', exact: true }).click();
  const dialog = ana.page.getByRole('dialog', { name: 'Share this room' });
  await dialog.getByLabel('Label').fill('Reviewers');
  await dialog.getByLabel('Number of uses').fill('5');
  await dialog.getByLabel('An owner lets each person in').check();
  await ana.screenshot('40-share-dialog');
  await dialog.getByRole('button', { name: 'Create and Copy Link' }).click();
  const made = dialog.getByRole('textbox', { name: 'Share link' });
  await expect(made).toHaveValue(/\/join\//);
  link = await made.inputValue();
  await expect(dialog.getByRole('textbox', { name: 'Link for the app' })).toHaveValue(/^tutti:\/\/join\?/);
  const listed = dialog.getByRole('listitem').filter({ hasText: 'Reviewers' });
  await expect(listed).toContainText('Used 0 of 5 times');
  await expect(listed).toContainText('Needs approval');
  await listed.getByRole('button', { name: 'Copy Reviewers', exact: true }).click();
  await ana.screenshot('41-links');
  await ana.page.keyboard.press('Escape');
});

test('Ben waits until Ana lets him in', async () => {
  ben = await newGuest('Ben');
  await ben.page.goto(link);
  await expect(ben.page.getByRole('link', { name: 'Open in the App' })).toHaveAttribute('href', /^tutti:\/\/join\?/);
  await ben.screenshot('42-join-page');
  await ben.join(link);
  await expect(ben.page.getByRole('dialog', { name: 'Waiting for an owner to let you in…' })).toBeVisible();
  await ben.screenshot('43-waiting');
  const notice = ana.page.getByRole('region', { name: 'Notifications' }).getByText('Ben wants to join');
  await expect(notice).toBeVisible();
  await ana.page.getByRole('button', { name: /^People, 1 asking to join/ }).click();
  await expect(ana.page.getByRole('list', { name: 'Asking to join' })).toContainText('Ben');
  await ana.screenshot('44-wants-to-join');
  await ana.page.getByRole('button', { name: 'Let In', exact: true }).click();
  await ben.expectOnline();
  await expect(notice).toHaveCount(0);
  await ben.openFile(SHARED_FILE);
  await ben.clickLine('// second');
  await ben.type(' by Ben');
  await expect.poll(onDisk).toContain('// second by Ben');
});

test('who is denied is told so, and who gives up is asked no more', async () => {
  const dora = await newGuest('Dora', 'light');
  await dora.join(link);
  await ana.page.getByRole('button', { name: 'Deny Dora' }).click();
  await expect(dora.page.getByRole('dialog')).toContainText('An owner of the room did not let you in.');
  await dora.screenshot('45-denied');
  await dora.page.context().close();
  const emil = await newGuest('Emil');
  await emil.join(link);
  await emil.page.getByRole('button', { name: 'Cancel' }).click();
  await expect(emil.page.getByRole('button', { name: 'Join', exact: true })).toBeEnabled();
  await emil.page.context().close();
  await ana.page.getByRole('button', { name: 'Deny Emil' }).click();
});

test('a change of role counts at once, without a new connection', async () => {
  const role = ana.page.getByRole('combobox', { name: 'Role of Ben' });
  await role.selectOption('viewer');
  await expect(ben.statusBar.getByTestId('own-role')).toHaveText('Viewer');
  await expect(ben.statusBar.getByText('Read-only')).toBeVisible();
  await expect(ben.statusBar.getByText('Online', { exact: true })).toBeVisible();
  await ben.clickLine('// third');
  await ben.type('graffiti');
  await ben.screenshot('46-now-a-viewer');
  expect(await ben.visibleText()).not.toContain('graffiti');
  await ana.screenshot('46-people');
  await role.selectOption('editor');
  await expect(ben.statusBar.getByTestId('own-role')).toHaveCount(0);
  await ben.clickLine('// third');
  await ben.type(' by Ben');
  await expect.poll(onDisk).toContain('// third by Ben');
});

test('while Ana presents, Ben watches', async () => {
  await ana.page.getByRole('button', { name: 'Present', exact: true }).click();
  await expect(ben.statusBar.getByTestId('presenting')).toBeVisible();
  await expect(ben.statusBar.getByText('Read-only')).toBeVisible();
  await expect(ana.statusBar.getByTestId('presenting')).toHaveText('You are presenting');
  await ana.screenshot('47-presenting');
  await ben.screenshot('47-presenting');
  await ana.clickLine('// first');
  await ana.type(' presented');
  await expect(ben.editor.locator('.view-lines')).toContainText('first presented');
  await ana.page.getByRole('button', { name: 'Stop Presenting' }).click();
  await expect(ben.statusBar.getByTestId('presenting')).toHaveCount(0);
  await ben.clickLine('// third');
  await ben.type('!');
  await expect.poll(onDisk).toContain('// third by Ben!');
});

test('Ben is removed while he edits offline: he learns it, and his edits come to Ana as a proposal', async () => {
  await ben.page.context().setOffline(true);
  const { port } = relay;
  await relay.stop('SIGKILL');
  await expect(ben.statusBar.getByText(/Offline/).first()).toBeVisible();
  await ben.clickLine('// second');
  await ben.type(' [offline]');
  relay = await RelayProcess.start(join(data, 'relay'), { port, staticFolder });
  await ana.statusBar
    .getByText('Try now')
    .click({ timeout: 2000 })
    .catch(() => undefined);
  await ana.expectOnline();
  await ana.page.getByRole('button', { name: 'More actions for Ben' }).click();
  await ana.page.getByRole('menuitem', { name: 'Remove…' }).click();
  await expect(ana.page.getByRole('alertdialog', { name: 'Remove Ben?' })).toContainText('is out at once');
  await ana.screenshot('48-remove');
  await ana.page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(ana.page.getByRole('list', { name: 'Were here' })).toContainText('Removed');
  await ben.page.context().setOffline(false);
  await ben.statusBar
    .getByText('Try now')
    .click({ timeout: 2000 })
    .catch(() => undefined);
  await expect(ben.page.getByRole('alert').filter({ hasText: 'Your access was taken back' })).toBeVisible();
  await expect(ben.page.getByText('They were sent to its owners as a proposal.')).toBeVisible();
  await ben.screenshot('49-revoked');
  expect(await ben.visibleText()).toContain('[offline]');
  expect(await onDisk()).not.toContain('[offline]');

  await expect(ana.page.getByRole('button', { name: /^Proposals, 1 to look at/ })).toBeVisible();
  await ana.page.getByRole('button', { name: /^Proposals, 1 to look at/ }).click();
  await ana.page
    .getByRole('region', { name: 'Proposals' })
    .getByRole('button', { name: new RegExp(SHARED_FILE) })
    .click();
  const page = ana.page.getByRole('region', { name: 'Proposal of Ben' });
  await expect(page.locator('.view-lines').last()).toContainText('[offline]');
  await ana.screenshot('50-proposal');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect.poll(onDisk).toContain('// second by Ben [offline]');
  await expect(ana.page.getByRole('button', { name: 'Proposals', exact: true })).toBeVisible();
});

test('Ben saves what he has, and cannot come back with the link', async () => {
  const exported = ben.page.waitForEvent('download');
  await ben.page.getByRole('button', { name: 'Export My Edits as a Patch…' }).click();
  const patch = await readFile(await (await exported).path(), 'utf8');
  expect(patch).toContain(`--- a/${SHARED_FILE}`);
  expect(patch).toMatch(/^-\/\/ second by Ben$/m);
  expect(patch).toMatch(/^\+\/\/ second by Ben \[offline\]$/m);
  const saved = ben.page.waitForEvent('download');
  await ben.page.getByRole('button', { name: 'Save a Copy of the Files…' }).click();
  expect((await saved).suggestedFilename()).toMatch(/\.zip$/);
  const again = await newGuest('Ben again');
  await again.join(link);
  await expect(again.page.getByRole('dialog')).toContainText('Nobody new can come by this share link');
  await again.screenshot('51-link-closed');
  await again.page.context().close();
});

test('whoever is online when a link is revoked sees it within a second', async () => {
  await ana.page.getByRole('button', { name: 'Invite', exact: true }).click();
  const dialog = ana.page.getByRole('dialog', { name: 'Share this room' });
  await dialog.getByLabel('Label').fill('Everybody');
  await dialog.getByRole('button', { name: 'Create and Copy Link' }).click();
  link = await dialog.getByRole('textbox', { name: 'Share link' }).inputValue();
  const cleo = await newGuest('Cleo', 'light');
  await cleo.join(link);
  await cleo.expectOnline();
  await cleo.openFile(SHARED_FILE);
  await dialog.getByRole('button', { name: 'Revoke Everybody…' }).click();
  const confirmation = ana.page.getByRole('alertdialog', { name: 'Revoke “Everybody”?' });
  await expect(confirmation).toContainText('Cleo');
  await ana.screenshot('52-revoke-link');
  const banner = cleo.page.getByRole('alert').filter({ hasText: 'The share link was taken back' });
  const startMs = Date.now();
  await confirmation.getByRole('button', { name: 'Revoke', exact: true }).click();
  await banner.waitFor();
  expect(Date.now() - startMs).toBeLessThan(REVOCATION_MS);
  await cleo.screenshot('53-link-revoked');
  await cleo.page.reload();
  await cleo.page.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(cleo.page.getByRole('dialog')).toContainText('taken back');
  await cleo.page.context().close();
  await ana.page.keyboard.press('Escape');
});

test('the access log tells all of it, and is exported', async () => {
  await ana.runCommand('Show Access Log');
  const log = ana.page.getByRole('region', { name: 'Access log' });
  for (const what of ['Revoked a link', 'Applied a proposal', 'Removed somebody', 'Let somebody in', 'Made a link']) {
    await expect(log.getByRole('row').filter({ hasText: what }).first()).toBeVisible();
  }
  for (const row of [
    `Applied a proposal: Ben: ${SHARED_FILE}`,
    'Changed a role: Ben: editor → viewer',
    'Joined: editor, by “Reviewers”',
    'Let somebody in: Ben, by “Reviewers”',
  ]) {
    await expect(log.getByRole('row').filter({ hasText: row }).first()).toBeVisible();
  }
  await ana.screenshot('54-access-log');
  const file = join(data, 'audit.ndjson');
  await ana.app.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = async () => ({ canceled: false, filePath });
  }, file);
  await log.getByRole('button', { name: 'Export…' }).click();
  await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toContain('"kind":"proposal-applied"');
  await ana.runCommand('Light Theme');
  await ana.screenshot('55-access-log-light');
  await ana.page.getByRole('button', { name: 'Invite', exact: true }).click();
  await ana.screenshot('56-links-light');
  await ana.page.keyboard.press('Escape');
  await ana.page.getByRole('button', { name: 'People', exact: true }).click();
  await ana.screenshot('57-people-light');
});
