import { expect, test } from '@playwright/test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HeldNetwork } from '../testing/held-network.ts';
import { launchDesktop } from './support/desktop-app.ts';
import type { DesktopPerson, Person } from './support/person.ts';
import { makeLink, shareFolder, type SharedRoom } from './support/shared-room.ts';

// Ben is put out twice, in the app: each step goes on from where the last one ended.
test.describe.configure({ mode: 'serial' });

/** Within which somebody who is put out must know. */
const REVOCATION_MS = 1_000;
const FIRST_FILE = 'src/greeting.ts';
const SECOND_FILE = 'notes.md';

let room: SharedRoom;
let network: HeldNetwork;
let ana: DesktopPerson;
let ben: DesktopPerson;
let link: string;

const banner = (person: Person, reason: string) =>
  person.page.locator('.access-banner[role=alert]').filter({ hasText: reason });

/** Answers the next dialog for saving with a path. */
async function answerSaveDialog({ app }: DesktopPerson, filePath: string): Promise<void> {
  await app.evaluate(({ dialog }, path) => {
    dialog.showSaveDialog = async () => ({ canceled: false, filePath: path });
  }, filePath);
}

async function chooseForBen(item: string, confirmation: string): Promise<void> {
  // Whose session was ended has a row of his own below.
  const present = ana.page.getByRole('list', { name: 'In this room' });
  await present.getByRole('button', { name: /^More actions for Ben/ }).click();
  await ana.page.getByRole('menuitem', { name: item }).click();
  await expect(ana.page.getByRole('alertdialog')).toBeVisible();
  await ana.page.getByRole('button', { name: confirmation, exact: true }).click();
}

test.beforeAll(async () => {
  room = await shareFolder({
    [FIRST_FILE]: 'export function greet(): void {}\n// first\n// second\n',
    [SECOND_FILE]: '# Notes\n\none\ntwo\n',
  });
  ({ ana } = room);
  network = await HeldNetwork.start(room.relay.port);
  const { url } = await makeLink(ana, { label: 'Helpers' });
  link = url.replace(room.relay.url, network.url);
  ben = await launchDesktop({ name: 'Ben', userData: join(room.data, 'ben'), relayUrl: network.url, joinLink: link });
  await ben.acceptLink();
  await ben.expectOnline();
  await ben.runCommand('Dark Theme');
  await ana.page.getByRole('button', { name: /^People/ }).click();
});

test.afterAll(async () => {
  await ben?.app.close();
  await network?.stop();
  await room?.dispose();
});

test('Ben learns within a second, while he types, that his session was ended, and keeps his text', async () => {
  await ben.openFile(FIRST_FILE);
  await ben.clickLine('// first');
  await ben.type(' begun');
  await expect.poll(() => room.readOnDisk(FIRST_FILE)).toContain('// first begun');
  const typing = ben.type(`, and so on${'.'.repeat(60)}`);
  await ana.page.getByRole('button', { name: 'More actions for Ben' }).click();
  await ana.page.getByRole('menuitem', { name: 'End This Session…' }).click();
  const startMs = Date.now();
  await ana.page.getByRole('button', { name: 'End Session', exact: true }).click();
  await banner(ben, 'This session was ended by an owner of the room.').waitFor();
  expect(Date.now() - startMs).toBeLessThan(REVOCATION_MS);
  await typing;
  await expect(ben.statusBar.getByText('Read-only')).toBeVisible();
  const kept = await ben.visibleText();
  expect(kept).toContain('// first begun');
  await ben.clickLine('// second');
  await ben.type('x');
  await expect(ben.editor.getByText('You can still read this file.')).toBeVisible();
  expect(await ben.visibleText()).toBe(kept);
  await ben.screenshot('70-session-ended');
  const archive = join(room.data, 'copy.zip');
  await answerSaveDialog(ben, archive);
  await ben.page.getByRole('button', { name: 'Save a Copy of the Files…' }).click();
  await expect.poll(() => readFile(archive, 'latin1').catch(() => '')).toContain(FIRST_FILE);
});

test('he leaves, and comes back with the link, which still works', async () => {
  await ben.page.getByRole('button', { name: 'Leave…' }).click();
  await expect(ben.page.getByRole('alertdialog')).toContainText('Save a copy of the files first');
  await ben.screenshot('71-leave');
  await ben.page.getByRole('button', { name: 'Leave', exact: true }).click();
  await ben.page.getByRole('button', { name: 'Join with a Link' }).first().click();
  await ben.page.getByLabel('Link').fill(link);
  await ben.acceptLink();
  await ben.expectOnline();
  await expect(banner(ben, 'ended')).toHaveCount(0);
  await ben.openFile(SECOND_FILE);
  await ben.clickLine('one');
  await ben.type(' by Ben');
  await expect.poll(() => room.readOnDisk(SECOND_FILE)).toContain('one by Ben');
});

test('what he types after he was removed, before he can know it, becomes a proposal', async () => {
  network.hold();
  await chooseForBen('Remove…', 'Remove');
  await expect(ana.page.getByRole('list', { name: 'Were here' })).toContainText('Removed');
  await ben.clickLine('two');
  await ben.type(' after the removal');
  const text = await ben.visibleText();
  expect(text).toContain('two after the removal');
  const startMs = Date.now();
  network.release();
  await banner(ben, 'Your access was taken back by an owner of the room.').waitFor();
  expect(Date.now() - startMs).toBeLessThan(REVOCATION_MS);
  await expect(ben.page.getByText('They were sent to its owners as a proposal.')).toBeVisible();
  expect(await ben.visibleText()).toBe(text);
  expect(await room.readOnDisk(SECOND_FILE)).not.toContain('removal');
  await ben.screenshot('72-removed');
  const file = join(room.data, 'my-edits.patch');
  await answerSaveDialog(ben, file);
  await ben.page.getByRole('button', { name: 'Export My Edits as a Patch…' }).click();
  await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toMatch(/^-two\n\+two after the removal$/m);
});

test('Ana sees the proposal beside the text, applies it, and everybody has the same text', async () => {
  await ana.page.getByRole('button', { name: 'Explorer' }).click();
  await ana.openFile(SECOND_FILE);
  await ana.page.getByRole('button', { name: /^Proposals, \d+ to look at/ }).click();
  await ana.page.getByRole('region', { name: 'Proposals' }).getByRole('button', { name: SECOND_FILE }).click();
  const proposal = ana.page.getByRole('region', { name: 'Proposal of Ben' });
  await expect(proposal.locator('.line-insert').first()).toBeVisible();
  await expect(proposal.locator('.view-lines').last()).toContainText('two after the removal');
  await ana.screenshot('73-proposal');
  await proposal.getByRole('button', { name: 'Apply' }).click();
  await expect.poll(() => room.readOnDisk(SECOND_FILE)).toContain('two after the removal');
  await ana.page.getByRole('tab', { name: SECOND_FILE }).first().click();
  const disk = await room.readOnDisk(SECOND_FILE);
  await expect.poll(() => ana.visibleText()).toBe(disk);
  expect(await ben.visibleText()).toBe(disk);
  await ana.screenshot('74-applied');
});
