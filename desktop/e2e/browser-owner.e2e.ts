import { type Browser, expect, test } from '@playwright/test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { RelayProcess, shareLink } from '../testing/relay-process.ts';
import type { Person } from './support/person.ts';
import { launchBrowser, makeLink, openBrowser } from './support/shared-room.ts';

// A room that is managed in browsers alone: each step goes on from where the last one ended.
test.describe.configure({ mode: 'serial' });

const FILE = 'plan.md';

let data: string;
let relay: RelayProcess;
let browser: Browser;
/** Comes by an owner's link. */
let ana: Person;
/** Is made an owner. */
let ben: Person;
let cleo: Person;
let dora: Person;

const people = (person: Person) => person.page.getByRole('region', { name: 'People' });

test.beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tutti-owner-'));
  [relay, browser] = await Promise.all([
    RelayProcess.start(join(data, 'relay'), { staticFolder: resolve('out/browser') }),
    launchBrowser(),
  ]);
});

test.afterAll(async () => {
  await browser?.close();
  await relay?.stop();
  if (data) await rm(data, { recursive: true, force: true });
});

test("an owner's link opened in a page gives all that owners have", async () => {
  ana = await openBrowser(browser, 'Ana');
  await ana.join(await shareLink(join(data, 'relay'), 'planning', 'owner'));
  await ana.expectOnline();
  await ana.page.getByRole('button', { name: 'New File', exact: true }).first().click();
  await ana.page.getByRole('textbox', { name: 'Name of the new file' }).fill(FILE);
  await ana.page.keyboard.press('Enter');
  await ana.editor.click();
  await ana.type('a plan');
  await ana.page.getByRole('button', { name: /^People/ }).click();
  await expect(people(ana).getByRole('button', { name: 'Present' })).toBeVisible();
  await ana.screenshot('90-owner-in-a-page');
  const { url } = await makeLink(ana, { label: 'Team', role: 'viewer' });
  ben = await openBrowser(browser, 'Ben');
  await ben.join(url);
  await ben.expectOnline();
  await ben.openFile(FILE);
  await expect(ben.statusBar.getByTestId('own-role')).toHaveText('Viewer');
  await expect(ben.page.getByRole('button', { name: 'Invite', exact: true })).toHaveCount(0);
});

test('somebody who is made an owner can manage the room at once', async () => {
  await people(ana).getByRole('combobox', { name: 'Role of Ben' }).selectOption('owner');
  const question = ana.page.getByRole('alertdialog', { name: 'Make Ben an owner?' });
  await expect(question).toContainText('remove people, you included');
  await ana.screenshot('75-make-owner');
  await question.getByRole('button', { name: 'Make Owner' }).click();
  await expect(ben.page.getByRole('button', { name: 'Invite', exact: true })).toBeVisible();
  await expect(ben.statusBar.getByTestId('own-role')).toHaveCount(0);
  await ben.clickLine('a plan');
  await ben.type(' of Ben');
  await expect.poll(() => ana.visibleText()).toBe('a plan of Ben');
  const { url } = await makeLink(ben, { label: 'Visitors', needsApproval: true });
  for (const name of ['Cleo', 'Dora']) {
    const guest = await openBrowser(browser, name, { colorScheme: 'light' });
    await guest.join(url);
    await expect(guest.page.getByRole('dialog', { name: /^Waiting for an owner/ })).toBeVisible();
    if (name === 'Cleo') cleo = guest;
    else dora = guest;
  }
});

test('he sees who asks to join, and decides', async () => {
  await ben.page.getByRole('button', { name: 'People, 2 asking to join' }).click();
  const asking = people(ben).getByRole('list', { name: 'Asking to join' });
  await expect(asking.getByRole('listitem')).toHaveCount(2);
  await ben.screenshot('91-requests');
  await asking.getByRole('button', { name: 'Let in Cleo' }).click();
  await asking.getByRole('button', { name: 'Deny Dora' }).click();
  await cleo.expectOnline();
  await expect(dora.page.getByRole('dialog')).toContainText('did not let you in');
  await expect(asking).toHaveCount(0);
});

test('he changes a role, which counts at once, and lets Cleo comment only', async () => {
  await cleo.openFile(FILE);
  await people(ben).getByRole('combobox', { name: 'Role of Cleo' }).selectOption('commenter');
  await expect(cleo.statusBar.getByTestId('own-role')).toHaveText('Commenter');
  await expect(cleo.page.locator('.banner')).toContainText('made you a commenter');
  await expect(ben.page.getByRole('region', { name: 'Notifications' })).toContainText(
    /is closed to newcomers\..*Cleo came by it/,
  );
  await cleo.screenshot('92-made-a-commenter');
  await ben.screenshot('92-people');
});

test('he removes Cleo, who knows it within a second; what he did is in the access log', async () => {
  await people(ben).getByRole('button', { name: 'More actions for Cleo' }).click();
  await ben.page.getByRole('menuitem', { name: 'Remove…' }).click();
  const startMs = Date.now();
  await ben.page.getByRole('button', { name: 'Remove', exact: true }).click();
  await cleo.page.locator('.access-banner').filter({ hasText: 'Your access was taken back' }).waitFor();
  expect(Date.now() - startMs).toBeLessThan(1_000);
  await expect(people(ben).getByRole('list', { name: 'Were here' })).toContainText('Removed');
  await ben.runCommand('Show Access Log');
  const log = ben.page.getByRole('region', { name: 'Access log' });
  for (const [who, what] of [
    ['Ben', 'Removed somebody'],
    ['Ben', 'Let somebody in'],
    ['Ben', 'Made a link'],
    ['Ana', 'Made a link'],
  ] as const) {
    await expect(log.getByRole('row').filter({ hasText: who }).filter({ hasText: what }).first()).toBeVisible();
  }
  await ben.screenshot('93-access-log');
});

test('after a reload he is an owner still; when Ana takes that back, the panel goes', async () => {
  await ben.page.reload();
  await ben.expectOnline();
  await ben.page.getByRole('button', { name: /^People/ }).click();
  await expect(people(ben).getByRole('combobox', { name: 'Role of Ana' })).toBeVisible();
  await people(ana).getByRole('combobox', { name: 'Role of Ben' }).selectOption('editor');
  await expect(ben.page.getByRole('button', { name: 'Invite', exact: true })).toHaveCount(0);
  await expect(people(ben).getByRole('combobox')).toHaveCount(0);
  await expect(people(ben).getByRole('button', { name: 'Present' })).toHaveCount(0);
  await ben.screenshot('94-owner-no-more');
});
