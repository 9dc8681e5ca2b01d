import { expect, test } from '@playwright/test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HeldNetwork } from '../testing/held-network.ts';
import type { DesktopPerson, Person } from './support/person.ts';
import { ANA_AS_SHOWN, makeLink, openBrowser, shareFolder, type SharedRoom } from './support/shared-room.ts';

// One room, in which one after the other presents: each step goes on from where the last one ended.
test.describe.configure({ mode: 'serial' });

const FILE = 'talk.md';

let room: SharedRoom;
let network: HeldNetwork;
let ana: DesktopPerson;
let ben: Person;

const onDisk = () => room.readOnDisk(FILE);

async function expectSameEverywhere(part: string): Promise<void> {
  await expect(async () => {
    const disk = await onDisk();
    expect(disk).toContain(part);
    for (const person of [ana, ben]) expect(await person.visibleText(), `what ${person.name} sees`).toBe(disk);
  }).toPass();
}

/** Tries to type, and is told why that does not work. */
async function expectReadOnly(person: Person, reason: string): Promise<void> {
  await expect(person.statusBar.getByText('Read-only')).toBeVisible();
  await expect(person.page.locator('.banner').filter({ hasText: reason })).toBeVisible();
  const before = await person.visibleText();
  await person.clickLine('first');
  await person.type('graffiti');
  await expect(person.editor.getByText(reason)).toBeVisible();
  expect(await person.visibleText()).toBe(before);
}

test.beforeAll(async () => {
  room = await shareFolder({ [FILE]: '# Talk\n\nfirst\nsecond\n' });
  ({ ana } = room);
  network = await HeldNetwork.start(room.relay.port);
  const { url } = await makeLink(ana, { label: 'Audience' });
  ben = await openBrowser(room.browser, 'Ben');
  await ben.join(url.replace(room.relay.url, network.url));
  await ben.expectOnline();
  for (const person of [ana, ben]) await person.openFile(FILE);
  await ana.page.getByRole('button', { name: /^People/ }).click();
});

test.afterAll(async () => {
  await network?.stop();
  await room?.dispose();
});

test('one click makes everybody else a viewer, one click gives the pen back', async () => {
  await ana.page.getByRole('button', { name: 'Present', exact: true }).click();
  await expect(ben.statusBar.getByTestId('presenting')).toContainText(`Presenting: ${ANA_AS_SHOWN}`);
  await expectReadOnly(ben, `${ANA_AS_SHOWN} is presenting: nobody else can edit for now.`);
  await ben.screenshot('80-watching');
  await ana.clickLine('first');
  await ana.type(' slide');
  await ana.screenshot('80-presenting');
  await expectSameEverywhere('first slide');
  await ana.page.getByRole('button', { name: 'Stop Presenting' }).click();
  await expect(ben.statusBar.getByTestId('presenting')).toHaveCount(0);
  await expect(ben.page.locator('.banner')).toHaveCount(0);
  await ben.clickLine('second');
  await ben.type(' by Ben');
  await expectSameEverywhere('second by Ben');
});

test('what was on its way when somebody began to present is kept, said, and sent afterwards', async () => {
  await ben.clickLine('second');
  network.hold();
  await ben.type(', on its way');
  await ana.page.getByRole('button', { name: 'Present', exact: true }).click();
  await expect(ana.statusBar.getByTestId('presenting')).toHaveText('You are presenting');
  network.release();
  await expect(ben.page.locator('.banner').filter({ hasText: 'kept on this device, and sent when' })).toBeVisible();
  await expect(ben.statusBar.getByTestId('presenting')).toBeVisible();
  await expect(ben.page.getByRole('region', { name: 'Notifications' })).toBeEmpty();
  await ben.screenshot('81-kept-while-watching');
  expect(await ben.visibleText()).toContain('second by Ben, on its way');
  expect(await onDisk()).not.toContain('on its way');
  await ana.clickLine('first');
  await ana.type(' two');
  await expect.poll(() => ben.visibleText()).toContain('first slide two');
  await ana.page.getByRole('button', { name: 'Stop Presenting' }).click();
  await expectSameEverywhere('second by Ben, on its way');
  await expect(ben.page.locator('.banner')).toHaveCount(0);
});

test('while Ben presents, Ana only watches; what her disk brings meanwhile waits', async () => {
  await ana.page.getByRole('button', { name: 'More actions for Ben' }).click();
  await ana.page.getByRole('menuitem', { name: 'Let Ben Present' }).click();
  await expect(ben.statusBar.getByTestId('presenting')).toHaveText('You are presenting');
  await expectReadOnly(ana, 'Ben is presenting: nobody else can edit for now.');
  await ben.clickLine('# Talk');
  await ben.type(' of Ben');
  await expect.poll(onDisk).toContain('# Talk of Ben');
  await writeFile(join(room.folder.path, FILE), (await onDisk()).replace('first', 'first (disk)'));
  await expect(ana.page.locator('.banner').filter({ hasText: 'kept on this device, and sent when' })).toBeVisible();
  await ana.screenshot('82-disk-edit-waits');
  await ben.type('!');
  await expect.poll(onDisk).toContain('# Talk of Ben!');
  expect(await ben.visibleText()).not.toContain('(disk)');
  await ana.page.getByRole('button', { name: 'Stop Presenting' }).click();
  await expectSameEverywhere('first (disk) slide two');
  expect(await onDisk()).toContain('# Talk of Ben!');
  await expect(ana.page.locator('.banner')).toHaveCount(0);
  await ana.screenshot('83-back-again');
});
