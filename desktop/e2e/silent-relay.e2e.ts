import { expect, test } from '@playwright/test';
import type { Person } from './support/person.ts';
import { whenConnectionReads } from './support/when-connection-reads.ts';
import { makeLink, openBrowser, shareFolder, type SharedRoom } from './support/shared-room.ts';

const FILE = 'notes.md';
const OFFLINE = /^Offline/;

let room: SharedRoom;
let gus: Person;

test.beforeAll(async () => {
  room = await shareFolder({ [FILE]: '# Notes\n' });
  const { url } = await makeLink(room.ana, { label: 'Gus' });
  gus = await openBrowser(room.browser, 'Gus');
  await gus.join(url);
  await gus.expectOnline();
  for (const person of [room.ana, gus]) {
    await person.openFile(FILE);
    await expect.poll(() => person.visibleText()).toContain('# Notes');
  }
});

test.afterAll(() => room.dispose());

test('the offline sign appears 3 s after a typed letter that nobody answers, in the app and in a browser', async () => {
  room.relay.pause();
  for (const person of [room.ana, gus]) {
    const sign = await whenConnectionReads(person, OFFLINE);
    await person.clickLine('# Notes');
    const typedMs = Date.now();
    await person.type('x');
    const signMs = await sign();
    expect(signMs - typedMs).toBeGreaterThanOrEqual(3_000);
    expect(signMs - typedMs).toBeLessThan(4_000);
    await expect(person.page.getByTestId('connection')).toHaveText('Offline: no answer');
    await expect(person.page.getByTestId('save-state')).toHaveText('On this device');
    await person.screenshot('40-offline-no-answer');
  }
});

test('it goes when the relay answers again, and what was typed is on the relay', async () => {
  room.relay.resume();
  for (const person of [room.ana, gus]) {
    await person.expectOnline();
    await expect(person.page.getByTestId('save-state')).toHaveText(/On the relay|Seen by all/);
  }
  await expect.poll(() => room.readOnDisk(FILE)).toBe('# Notesxx\n');
});

test('"Try now" makes a silent connection anew, and a network that comes back ends the waiting', async () => {
  room.relay.pause();
  for (const person of [room.ana, gus]) {
    await person.clickLine('# Notes');
    await person.type('y');
  }
  for (const person of [room.ana, gus]) {
    await expect(person.page.getByTestId('connection')).toHaveText('Offline: no answer', { timeout: 10_000 });
    await person.statusBar.getByRole('button', { name: 'Try now' }).click();
    await expect(person.page.getByTestId('connection')).toHaveText(/^Offline: (connecting|next try)/);
  }
  room.relay.resume();
  for (const person of [room.ana, gus]) {
    // As the browser tells it when the device comes into a network.
    await person.page.evaluate(() => window.dispatchEvent(new Event('online')));
    await expect(person.statusBar.getByText('Online', { exact: true })).toBeVisible({ timeout: 3_000 });
  }
  await expect.poll(() => room.readOnDisk(FILE)).toBe('# Notesxxyy\n');
});
