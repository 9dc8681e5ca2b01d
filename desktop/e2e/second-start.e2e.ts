import { expect, test } from '@playwright/test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ELECTRON_ARGUMENTS } from '../../scripts/runtimes/electron.ts';
import { launchDesktop } from './support/desktop-app.ts';
import type { DesktopPerson } from './support/person.ts';
import { createFolder, type TestFolder } from './support/sample-folder.ts';
import { makeLink, shareFolder, type SharedRoom } from './support/shared-room.ts';

// The app runs, and is started again and again.
test.describe.configure({ mode: 'serial' });

let room: SharedRoom;
let folder: TestFolder;
let ben: DesktopPerson;
let link: { readonly url: string; readonly appUrl: string };

const userData = () => join(room.data, 'ben');
const question = () => ben.page.getByRole('dialog', { name: 'Join this room?' });

/** Starts Ben's app a second time, which hands over to the first and ends. */
async function startAgain(...given: readonly string[]): Promise<void> {
  const args = ['.', ...ELECTRON_ARGUMENTS, `--user-data-dir=${userData()}`, ...given];
  const child = spawn(process.env['ELECTRON_EXEC_PATH'] ?? '', args, { stdio: 'ignore' });
  await once(child, 'exit');
  expect(child.exitCode).toBe(0);
}

test.beforeAll(async () => {
  room = await shareFolder({ 'README.md': '# Shared\n' });
  folder = await createFolder({ 'notes.md': '# Notes\n' });
  link = await makeLink(room.ana, { label: 'Helpers' });
});

test.afterAll(async () => {
  await ben?.app.close();
  await folder?.remove();
  await room?.dispose();
});

test('a link of a web page is asked about, and never taken for a folder', async () => {
  ben = await launchDesktop({ name: 'Ben', userData: userData(), relayUrl: room.relay.url, appLink: link.url });
  await expect(question()).toContainText(new URL(link.url).host);
  await question().getByRole('button', { name: 'Do Not Join' }).click();
  await expect(question()).toHaveCount(0);
  await expect(ben.page.getByText('could not be opened')).toHaveCount(0);
});

for (const [what, given] of [
  ['as the value of --join', () => ['--join', link.url]],
  ['alone', () => [link.url]],
  ["in the app's own form", () => [link.appUrl]],
] as const) {
  test(`a link that a second start is given ${what} is asked about in the window that is there`, async () => {
    await startAgain(...given());
    await expect(question()).toContainText(new URL(link.url).host);
    expect(ben.app.windows()).toHaveLength(1);
    await ben.screenshot('85-second-start');
    await question().getByRole('button', { name: 'Do Not Join' }).click();
    await expect(question()).toHaveCount(0);
  });
}

test('a folder that a second start is given opens in a window of its own', async () => {
  const [window] = await Promise.all([ben.app.waitForEvent('window'), startAgain(folder.path)]);
  await expect(window.getByRole('treeitem', { name: 'notes.md' })).toBeVisible();
  await expect(question()).toHaveCount(0);
});
