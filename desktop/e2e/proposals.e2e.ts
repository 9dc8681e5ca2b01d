import { expect, test } from '@playwright/test';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HeldNetwork } from '../testing/held-network.ts';
import type { DesktopPerson, Person } from './support/person.ts';
import { makeLink, openBrowser, shareFolder, type SharedRoom } from './support/shared-room.ts';

// Three proposals of Ben, from the removal to the last: each step goes on from where the last one ended.
test.describe.configure({ mode: 'serial' });

let room: SharedRoom;
let network: HeldNetwork;
let ana: DesktopPerson;
let ben: Person;
const pageErrors: string[] = [];

const proposals = () => ana.page.getByRole('region', { name: 'Proposals' });

test.beforeAll(async () => {
  room = await shareFolder({
    'notes.md': '# Notes\n\none\n',
    'src/a.ts': 'export const a = 1;\n// first\n',
    'src/gone.ts': 'export const gone = 1;\n// last\n',
  });
  ({ ana } = room);
  ana.page.on('pageerror', (error) => pageErrors.push(error.stack ?? error.message));
  network = await HeldNetwork.start(room.relay.port);
  const { url } = await makeLink(ana, { label: 'Helpers' });
  ben = await openBrowser(room.browser, 'Ben');
  // The page itself comes from the relay that its link names.
  await ben.join(url.replace(room.relay.url, network.url));
  await ben.expectOnline();
});

test.afterAll(async () => {
  await network?.stop();
  await room?.dispose();
});

/** Edits that Ben makes in three files. */
const LINES = [
  ['notes.md', 'one'],
  ['src/a.ts', '// first'],
  ['src/gone.ts', '// last'],
] as const;

const tab = (title: string) => ana.page.getByRole('tab', { name: title });
const proposal = () => ana.page.getByRole('region', { name: 'Proposal of Ben' }).filter({ visible: true });

test('Ben edits three files after he was removed, before he can know it', async () => {
  for (const [path, line] of LINES) {
    await ben.openFile(path);
    await ben.clickLine(line);
    await ben.type(' before');
    await expect.poll(() => room.readOnDisk(path)).toContain(`${line} before`);
  }
  network.hold();
  await ana.page.getByRole('button', { name: /^People/ }).click();
  await ana.page.getByRole('button', { name: 'More actions for Ben' }).click();
  await ana.page.getByRole('menuitem', { name: 'Remove…' }).click();
  await ana.page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(ana.page.getByRole('list', { name: 'Were here' })).toContainText('Removed');
  for (const [path, line] of LINES) {
    await ben.openFile(path);
    await ben.clickLine(line);
    await ben.type(' by Ben');
  }
  network.release();
  await expect(ben.page.getByText('They were sent to its owners as a proposal.')).toBeVisible();
});

test('a second press on Apply meets no other proposal, and a notice says what was applied', async () => {
  await ana.page.getByRole('button', { name: 'Proposals, 3 to look at' }).click();
  for (const path of ['src/gone.ts', 'notes.md', 'src/a.ts']) {
    await proposals().getByRole('button', { name: path }).click();
    await expect(proposal().locator('.line-insert').first()).toBeVisible();
  }
  await proposal().getByRole('button', { name: 'Apply' }).dblclick();
  await expect(proposal().getByText('Applied. What Ben proposed is in the room now')).toBeVisible();
  await expect(ana.page.getByRole('region', { name: 'Notifications' })).toContainText(
    'Applied what Ben proposed for src/a.ts.',
  );
  await expect.poll(() => room.readOnDisk('src/a.ts')).toContain('// first before by Ben');
  await expect(ana.page.getByRole('button', { name: 'Proposals, 2 to look at' })).toBeVisible();
  await ana.screenshot('80-applied');
  await proposal().getByRole('button', { name: 'Open the File' }).click();
  await expect.poll(() => ana.visibleText()).toContain('// first before by Ben');
  expect(await room.readOnDisk('notes.md')).not.toContain('by Ben');
});

test('a proposal for a file that is gone puts the file back where the owner says', async () => {
  await rm(join(room.folder.path, 'src/gone.ts'));
  await proposals().getByRole('button', { name: 'src/gone.ts' }).click();
  await expect(proposal()).toContainText('The file was deleted. Applying puts it back, with this text.');
  await ana.screenshot('81-file-is-gone');
  const path = proposal().getByLabel('Put it back as');
  await expect(path).toHaveValue('src/gone.ts');
  await path.fill('notes.md');
  await proposal().getByRole('button', { name: 'Restore and Apply' }).click();
  await expect(proposal().getByRole('alert')).toContainText('"notes.md" is another file by now.');
  expect(await room.readOnDisk('notes.md')).not.toContain('gone');
  await path.fill('src/back.ts');
  await proposal().getByRole('button', { name: 'Restore and Apply' }).click();
  await expect(proposal().getByText('Applied.')).toBeVisible();
  await expect
    .poll(() => room.readOnDisk('src/back.ts').catch(() => ''))
    .toBe('export const gone = 1;\n// last before by Ben\n');
  await ana.screenshot('82-file-is-back');
  await expect(ana.page.getByRole('button', { name: 'Proposals, 1 to look at' })).toBeVisible();
});

test('closing them throws no error in the window', async () => {
  await tab('Proposal of Ben').first().waitFor();
  await ana.runCommand('View: Close All');
  await expect(tab('Proposal of Ben')).toHaveCount(0);
  expect(pageErrors).toEqual([]);
});
