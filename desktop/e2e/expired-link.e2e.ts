import { expect, test } from '@playwright/test';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseShareLink } from '../../shared/access/index.ts';
import { HeldNetwork } from '../testing/held-network.ts';
import { RelayProcess, shareLink } from '../testing/relay-process.ts';
import type { DesktopPerson, Person } from './support/person.ts';
import { makeLink, openBrowser, shareFolder, type SharedRoom } from './support/shared-room.ts';

// Sam comes by a link that runs out while he is inside: each step goes on from where the last one ended.
test.describe.configure({ mode: 'serial' });

const FILE = 'notes.md';
const EXPIRES = '10s';

let room: SharedRoom;
let relay: RelayProcess;
let network: HeldNetwork;
let ana: DesktopPerson;
let sam: Person;
let link: string;

const banner = () => sam.page.locator('.access-banner[role=alert]');
const onDisk = () => room.readOnDisk(FILE);

/** What the relay answers somebody new who comes by the link. */
async function tradeAsNewcomer(): Promise<string> {
  const parsed = parseShareLink(link);
  if (!parsed.ok) throw new Error(parsed.explanation);
  const { relayUrl, room: id, secret } = parsed.link;
  const answer = await fetch(`${relayUrl}/api/rooms/${id}/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ secret, name: 'Nobody' }),
  });
  return answer.text();
}

test.beforeAll(async () => {
  room = await shareFolder({ [FILE]: '# Notes\n\none\ntwo\n' });
  ({ ana, relay } = room);
  network = await HeldNetwork.start(relay.port);
  const { url } = await makeLink(ana, { label: 'Another' });
  const parsed = parseShareLink(url);
  if (!parsed.ok) throw new Error(parsed.explanation);
  link = await shareLink(relay.dataFolder, parsed.link.room, 'editor', { expires: EXPIRES });
  sam = await openBrowser(room.browser, 'Sam');
  await sam.join(link.replace(/^https?:\/\/[^/]+/, network.url));
  await sam.expectOnline();
});

test.afterAll(async () => {
  await network?.stop();
  await relay?.stop();
  await room?.dispose();
});

test('once Sam is in, the secret of his link is in the address no more, and opening the page again needs none', async () => {
  const { hash, pathname } = new URL(sam.page.url());
  expect([hash, pathname]).toEqual(['', expect.stringMatching(/^\/join\/[\w-]+$/)]);
  await sam.page.reload();
  await sam.expectOnline();
  await expect(sam.page.getByRole('dialog')).toHaveCount(0);
  await sam.openFile(FILE);
  await sam.page.keyboard.press('F1');
  await sam.page.getByRole('combobox').last().fill('>Open in the App');
  await expect(sam.page.getByRole('option', { name: /Open in the App/ })).toBeVisible();
  await sam.page.keyboard.press('Escape');
});

test('the link expires, and Sam goes on', async () => {
  await expect.poll(tradeAsNewcomer, { timeout: 15_000 }).toContain('link-expired');
  await sam.clickLine('one');
  await sam.type(' by Sam');
  await expect.poll(onDisk).toContain('one by Sam');
  await expect(banner()).toHaveCount(0);
});

test('when the relay knows Sam no more, he is told so once, reads on, and can save what he has', async () => {
  network.hold();
  await sam.clickLine('two');
  await sam.type(' not sent');
  const { port, dataFolder } = relay;
  await relay.stop();
  // As after a key of the relay has leaked: no token counts that it has signed.
  await rm(join(dataFolder, 'relay-key.json'));
  relay = await RelayProcess.start(dataFolder, { port, staticFolder: resolve('out/browser') });
  network.release();
  await expect(banner()).toContainText(
    'The share link has expired. Ask for a new one. You can still read what is here.',
  );
  await expect(banner()).toContainText(
    'Your edits of one file are on this device only. Join again with another link that lets you edit, and they arrive by themselves.',
  );
  await expect(sam.statusBar.getByTestId('connection')).toHaveText('Disconnected');
  await expect(sam.statusBar.getByText('Read-only')).toBeVisible();
  await expect(sam.page.getByRole('region', { name: 'Notifications' })).toBeEmpty();
  const text = await sam.visibleText();
  await sam.clickLine('two');
  await sam.type('x');
  expect(await sam.visibleText()).toBe(text);
  await sam.screenshot('83-link-expired');
  await sam.statusBar.getByRole('button', { name: 'Try now' }).click();
  await sam.screenshot('84-try-now');
  await expect(sam.statusBar.getByTestId('connection')).toHaveText('Disconnected');
  await expect(banner()).toContainText('The share link has expired.');
  await expect(sam.statusBar.getByText('Read-only')).toBeVisible();
  const saved = sam.page.waitForEvent('download');
  await banner().getByRole('button', { name: 'Export My Edits as a Patch…' }).click();
  expect((await saved).suggestedFilename()).toBe('my-edits.patch');
  expect(await onDisk()).not.toContain('not sent');
});

test('Sam puts another link into the address, is asked, and his edits arrive', async () => {
  await ana.statusBar
    .getByText('Try now')
    .click({ timeout: 2000 })
    .catch(() => undefined);
  await ana.expectOnline();
  const another = await makeLink(ana, { label: 'For Sam' });
  await sam.page.evaluate((hash) => {
    window.location.hash = hash;
  }, new URL(another.url).hash);
  await expect(sam.page.getByRole('dialog', { name: 'Join this room?' })).toBeVisible();
  await sam.acceptLink();
  await sam.expectOnline();
  await expect(banner()).toHaveCount(0);
  await expect.poll(onDisk).toContain('two not sent');
  expect(new URL(sam.page.url()).hash).toBe('');
  await sam.page.reload();
  await sam.expectOnline();
});
