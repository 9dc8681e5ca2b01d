import { expect, test } from '@playwright/test';
import { once } from 'node:events';
import { copyFile, rename, symlink, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { launchDesktop } from './support/desktop-app.ts';
import type { DesktopPerson } from './support/person.ts';
import { createFolder, readFolder, type TestFolder } from './support/sample-folder.ts';
import { makeLink, shareFolder, type SharedRoom } from './support/shared-room.ts';

// A guest whose folder is not that of the room, whose app is killed while the relay is away, and who starts it again.
test.describe.configure({ mode: 'serial' });

const PICTURE = 'pic.png';
const LATIN1 = 'latin1.txt';
const OWN_PICTURE = Uint8Array.of(0x89, 0x50, 0, 1);
const OWN_LATIN1 = Uint8Array.of(0x6f, 0xe9, 0x0a);

let room: SharedRoom;
let mirror: TestFolder;
let ben: DesktopPerson;

const list = (name: string) => ben.page.getByRole('region', { name, exact: true });
const toasts = () => ben.page.getByRole('region', { name: 'Notifications' }).locator('article');
const launch = (more: { readonly joinLink?: string; readonly mirrorFolder?: string } = {}) =>
  launchDesktop({ name: 'Ben', userData: join(room.data, 'ben'), relayUrl: room.relay.url, ...more });

test.beforeAll(async () => {
  const texts = Object.fromEntries(
    Array.from({ length: 300 }, (_unused, index) => [`lib/${index}.ts`, `// ${index}\n`]),
  );
  room = await shareFolder(
    { ...texts, 'README.md': '# Shared\n', 'docs/plan.md': 'plan\n', 'Case.txt': 'room\n', [LATIN1]: 'é\n' },
    (folder) => copyFile(resolve('resources/screenshot.png'), join(folder, PICTURE)),
  );
  mirror = await createFolder({ 'README.md': '# Mine\n', 'case.txt': 'mine\n', 'elsewhere/x.txt': 'x\n' });
  await writeFile(join(mirror.path, PICTURE), OWN_PICTURE);
  await writeFile(join(mirror.path, LATIN1), OWN_LATIN1);
  await symlink('elsewhere', join(mirror.path, 'docs'));
});

test.afterAll(async () => {
  await ben?.app.close();
  await mirror?.remove();
  await room?.dispose();
});

test('Ben is told of each file of his folder what becomes of it', async () => {
  const { url } = await makeLink(room.ana, { label: 'Ben' });
  ben = await launch({ joinLink: url, mirrorFolder: mirror.path });
  await ben.acceptLink();
  await ben.runCommand('Dark Theme');
  await expect(list('Different, and no text').getByRole('listitem')).toHaveText([/latin1\.txt/, /pic\.png/]);
  await expect(list('Cannot come to the folder')).toContainText('"docs", which is a link on this disk');
  await expect(list('Only in the folder')).toContainText('it is called “case (2).txt”');
  await expect(list('Only in the room')).toContainText('Only in the room: 30');
  await expect(list('Only in the room').getByRole('listitem')).toHaveCount(0);
  await ben.screenshot('46-what-happens');
});

test('and it does become that, with a backup of all that was his', async () => {
  await ben.page.getByRole('button', { name: 'Mirror', exact: true }).click();
  const told = ben.page.getByText('What the folder had of its own is backed up in');
  const kept = await readFolder((await told.locator('bdi').textContent()) ?? '');
  const ending = (name: string) => Object.entries(kept).find(([path]) => path.endsWith(`files/${name}`))?.[1];
  expect(ending(PICTURE)).toBe(Buffer.from(OWN_PICTURE).toString('latin1'));
  expect(ending(LATIN1)).toBe(Buffer.from(OWN_LATIN1).toString('latin1'));
  await expect(async () => {
    const now = await readFolder(mirror.path);
    const asides = Object.keys(now).filter((path) => path.includes('.local-'));
    expect(asides.map((path) => path.replace(/\.local-.*/, '')).sort()).toEqual([LATIN1, PICTURE]);
    expect(now[PICTURE]).toBe((await readFolder(room.folder.path))[PICTURE]);
    expect([now['case.txt'], now['Case.txt']]).toEqual(['mine\n', 'room\n']);
  }).toPass({ timeout: 20_000 });
  await ben.screenshot('46-notifications');
  await expect(toasts()).toHaveCount(3);
});

test('of what he is told an error with a way out stays, and the rest goes away by itself, to the list', async () => {
  await ben.page.mouse.move(400, 300);
  await expect(toasts()).toHaveText([/A link is in the way of a file\./]);
  await expect(ben.page.getByText('Your files were backed up.')).toHaveCount(0);
  await ben.statusBar.getByRole('button', { name: /^Notifications/ }).click();
  await expect(ben.page.getByText('Your files were backed up.')).toBeVisible();
  await ben.screenshot('46-notification-list');
  await ben.page.getByRole('button', { name: 'Hide Notifications' }).click();
});

test('killed without a relay and started without anything, he is where he was, with his folder and his edits', async () => {
  await room.relay.stop('SIGKILL');
  await ben.openFile('README.md');
  await ben.clickLine('# Shared');
  await ben.type(', by Ben');
  await expect(ben.saveState).toHaveText('On this device');
  const main = ben.app.process();
  main.kill('SIGKILL');
  await once(main, 'exit');
  ben = await launch();
  await ben.openFile('README.md');
  await expect.poll(() => ben.visibleText()).toContain('# Shared, by Ben');
  await expect(ben.statusBar.getByRole('button', { name: /^The room is mirrored to this folder/ })).toBeVisible();
  await writeFile(join(mirror.path, 'README.md'), '# Shared, by Ben and another program\n');
  await expect.poll(() => ben.visibleText()).toContain('and another program');
  await ben.screenshot('46-reopened');
});

test('the welcome page and the menu name the room, and that it has edits that the relay lacks', async () => {
  const name = basename(room.folder.path);
  await ben.runCommand('Leave Room');
  await ben.page.getByRole('alertdialog').getByRole('button', { name: 'Leave' }).click();
  const recent = ben.page.getByRole('list', { name: 'Recent' });
  await expect(recent).toContainText('Edits in 1 file are not on the relay');
  const labels = await ben.app.evaluate(({ Menu }) => {
    const file = Menu.getApplicationMenu()?.items.find(({ label }) => label === '&File');
    const open = file?.submenu?.items.find(({ label }) => label === 'Open Recent');
    return open?.submenu?.items.map(({ label }) => label) ?? [];
  });
  expect(labels).toEqual([`${name} — ${mirror.path}`, '', 'More…']);
  await ben.page.getByRole('button', { name: 'More…' }).click();
  const stored = ben.page.getByRole('list', { name: 'Rooms on this device' });
  await expect(stored.getByRole('listitem')).toContainText(name);
  await ben.screenshot('46-welcome');
  await ben.app.evaluate(({ Menu }) => {
    const file = Menu.getApplicationMenu()?.items.find(({ label }) => label === '&File');
    const open = file?.submenu?.items.find(({ label }) => label === 'Open Recent');
    open?.submenu?.items[0]?.click();
  });
  await expect(ben.statusBar.getByRole('button', { name: /^The room is mirrored to this folder/ })).toBeVisible();
});

test('once the relay is back, the page of what is stored says so, and forgetting is no slip', async () => {
  await ben.runCommand('Show What Is Stored on This Device');
  const row = ben.page.getByRole('list', { name: 'Rooms on this device' }).getByRole('listitem');
  await expect(row).toContainText('Edits in 1 file are not on the relay');
  await expect(row).toContainText('Open now');
  await row.getByRole('button', { name: /^Forget/ }).click();
  const question = ben.page.getByRole('alertdialog');
  await expect(question.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await expect(question.getByRole('button', { name: 'Export My Unsent Edits…' })).toBeVisible();
  await ben.screenshot('46-forget');
  await ben.page.keyboard.press('Enter');
  await room.startRelayAgain();
  await ben.statusBar.getByRole('button', { name: 'Try now' }).click();
  await ben.expectOnline();
  await expect(row).not.toContainText('not on the relay');
});

test('a folder that is gone is not made anew, and the room in it is shown nevertheless', async () => {
  await ben.app.close();
  await rename(mirror.path, `${mirror.path}-away`);
  ben = await launch();
  await ben.openFile('README.md');
  await expect.poll(() => ben.visibleText()).toContain('and another program');
  await expect(ben.page.getByText('The folder cannot be read.')).toBeVisible();
  await ben.screenshot('46-folder-gone');
  await ben.app.close();
  await rename(`${mirror.path}-away`, mirror.path);
  ben = await launch();
  await expect(ben.statusBar.getByRole('button', { name: /^The room is mirrored to this folder/ })).toBeVisible();
});
