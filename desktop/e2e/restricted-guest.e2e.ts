import { expect, test } from '@playwright/test';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { launchDesktop } from './support/desktop-app.ts';
import type { DesktopPerson, Person } from './support/person.ts';
import { ANA_AS_SHOWN, makeLink, openBrowser, shareFolder, type SharedRoom } from './support/shared-room.ts';

// One room from the link to the last rename: each step goes on from where the last one ended.
test.describe.configure({ mode: 'serial' });

let room: SharedRoom;
let ana: DesktopPerson;
/** In the desktop app. */
let ben: DesktopPerson;
/** In a browser. */
let cleo: Person;
let link: { readonly url: string; readonly appUrl: string };

const guests = () => [ben, cleo];
const rows = (person: Person) => person.page.getByRole('tree', { name: 'Files' }).getByRole('treeitem');
const row = (person: Person, name: string) => person.page.getByRole('treeitem', { name, exact: true });

/** Waits until the explorer lists exactly these names of folders and files, from top to bottom. */
async function expectListed(person: Person, names: readonly string[]): Promise<void> {
  await expect(async () => {
    const listed = await rows(person).evaluateAll((elements) =>
      elements
        .map((element) => ({
          name: element.getAttribute('aria-label') ?? '',
          top: element.getBoundingClientRect().top,
        }))
        .sort((a, b) => a.top - b.top)
        .map(({ name }) => name),
    );
    expect(listed, `what ${person.name} sees in the explorer`).toEqual(names);
  }).toPass();
}

async function renameInExplorer(person: Person, name: string, newName: string): Promise<void> {
  await row(person, name).click();
  await person.page.keyboard.press('F2');
  const input = person.page.getByRole('textbox', { name: `New name of ${name}` });
  await input.fill(newName);
  await input.press('Enter');
}

test.beforeAll(async () => {
  room = await shareFolder({
    'README.md': '# Sample\n\nOnly for those who may see all of it.\n',
    'secret/plan.md': 'the plan\n',
    'src/main.ts': "import { greet } from './greeting';\n\ngreet();\n",
    'src/greeting.ts': 'export function greet(): void {}\n// first\n// second\n',
  });
  ({ ana } = room);
});

test.afterAll(async () => {
  await ben?.app.close();
  await room?.dispose();
});

test('Ana makes a link for src alone, and the app asks before it goes where it leads', async () => {
  link = await makeLink(ana, { label: 'Sources only', paths: 'src/**' });
  ben = await launchDesktop({
    name: 'Ben',
    userData: join(room.data, 'ben'),
    relayUrl: room.relay.url,
    appLink: link.appUrl,
  });
  const question = ben.page.getByRole('dialog', { name: 'Join this room?' });
  await expect(question).toContainText(new URL(room.relay.url).host);
  await ben.screenshot('60-asks-before-joining');
  // Nothing was traded, nobody came.
  await expect(ana.statusBar.getByRole('button', { name: '1 person in the room' })).toBeVisible();
  await ben.acceptLink();
  await ben.expectOnline();
  await ben.runCommand('Dark Theme');
  cleo = await openBrowser(room.browser, 'Cleo');
  await cleo.join(link.url);
  await cleo.expectOnline();
});

test('guests see those files, and no others', async () => {
  for (const guest of guests()) {
    await expectListed(guest, ['src']);
    await row(guest, 'src').click();
    await expectListed(guest, ['src', 'greeting.ts', 'main.ts']);
    await guest.openFile('src/greeting.ts');
    await expect.poll(() => guest.visibleText()).toContain('// first');
    await guest.screenshot('61-sees-src');
  }
});

test('guests are told that there is more, and why they cannot create, rename or delete', async () => {
  for (const guest of guests()) {
    await expect(guest.page.getByText('Only a part of this room is shared with you')).toBeVisible();
    await row(guest, 'main.ts').click();
    await guest.page.keyboard.press('F2');
    const notice = guest.page
      .getByRole('region', { name: 'Notifications' })
      .getByText('but not create, rename or delete');
    await expect(notice).toBeVisible();
    await expect(guest.page.getByRole('textbox', { name: 'New name of main.ts' })).toHaveCount(0);
    await guest.page.getByRole('button', { name: 'New File…' }).hover();
    await expect(guest.page.getByText('New File…: Only a part of this room')).toBeVisible();
    await guest.screenshot('62-cannot-create');
    await guest.page.keyboard.press('Control+P');
    await guest.page.getByRole('combobox', { name: 'Search files by name' }).fill('plan');
    await expect(guest.page.getByText('No matching files')).toBeVisible();
    await guest.page.keyboard.press('Escape');
    await guest.page.getByRole('button', { name: 'Dismiss' }).first().click();
  }
});

test('Ana sees who sees only a part, and cannot make them owners', async () => {
  await ana.page.getByRole('button', { name: /^People/ }).click();
  const row = ana.page.getByRole('list', { name: 'In this room' }).getByRole('listitem').filter({ hasText: 'Ben' });
  await expect(row).toContainText('src/** only');
  const choices = row.getByRole('combobox', { name: 'Role of Ben' }).getByRole('option');
  await expect(choices).toHaveText(['Editor', 'Commenter', 'Viewer']);
  await ana.screenshot('62-who-sees-src');
  await ana.page.getByRole('button', { name: 'Explorer' }).click();
});

test('what a guest types there reaches the disk', async () => {
  for (const guest of guests()) await guest.openFile('src/greeting.ts');
  await ben.clickLine('// first');
  await ben.type(' by Ben');
  await expect.poll(() => room.readOnDisk('src/greeting.ts')).toContain('// first by Ben');
  await expect.poll(() => cleo.visibleText()).toContain('// first by Ben');
});

test('guests are not told where others are among the hidden files', async () => {
  await ana.openFile('src/main.ts');
  for (const guest of guests())
    await expect(row(guest, 'main.ts').getByRole('img', { name: `Here: ${ANA_AS_SHOWN}` })).toBeVisible();
  await ana.openFile('secret/plan.md');
  await ana.clickLine('the plan');
  for (const guest of guests()) {
    await expect(row(guest, 'main.ts').getByRole('img')).toHaveCount(0);
    await guest.page.getByRole('button', { name: /^People/ }).click();
    await expect(guest.page.getByRole('listitem').filter({ hasText: ANA_AS_SHOWN })).toContainText('Not in a file');
    await guest.screenshot('63-owner-in-a-hidden-file');
    expect(await guest.page.content()).not.toContain('plan');
    await guest.page.getByRole('button', { name: 'Explorer' }).click();
  }
});

test('a file that the owner moves out of src is gone for the guests at once; its open text stays to be read', async () => {
  await ana.openFile('src/greeting.ts');
  for (const guest of guests()) await expect(guest.editor.locator('.tutti-peer-caret')).toHaveCount(2);
  await rename(join(room.folder.path, 'src/greeting.ts'), join(room.folder.path, 'secret/greeting.ts'));
  for (const guest of guests()) {
    await expectListed(guest, ['src', 'main.ts']);
    await expect(guest.page.getByText('moved to where it is not shared with you')).toBeVisible();
    await expect(guest.statusBar.getByText('Read-only')).toBeVisible();
    await expect(guest.editor.locator('.tutti-peer-caret')).toHaveCount(0);
    await guest.clickLine('// second');
    await guest.type('x');
    await expect(guest.editor.getByText('This file is not shared with you any more')).toBeVisible();
    await guest.screenshot('64-moved-out');
    expect(await guest.visibleText()).toContain('// second\n');
  }
  await ana.clickLine('// second');
  await ana.type(' hidden');
  await expect.poll(() => room.readOnDisk('secret/greeting.ts')).toContain('// second hidden');
  for (const guest of guests()) expect(await guest.visibleText()).not.toContain('hidden');
});

test('files that the owner moves into src appear, one that was open goes on where it was', async () => {
  await rename(join(room.folder.path, 'secret/greeting.ts'), join(room.folder.path, 'src/greeting.ts'));
  await renameInExplorer(ana, 'README.md', 'src/README.md');
  for (const guest of guests()) {
    await expectListed(guest, ['src', 'greeting.ts', 'main.ts', 'README.md']);
    await expect.poll(() => guest.visibleText()).toContain('// second hidden');
    await expect(guest.page.getByText('moved to where it is not shared with you')).toHaveCount(0);
    await guest.clickLine('// second');
    await guest.type(` ${guest.name}`);
    await expect.poll(() => room.readOnDisk('src/greeting.ts')).toContain(` ${guest.name}`);
    await guest.screenshot('65-moved-in');
    await guest.openFile('src/README.md');
    await expect.poll(() => guest.visibleText()).toContain('Only for those');
  }
});

test('a page that is opened again while Ana presents shows the same part, then and afterwards', async () => {
  await ana.page.getByRole('button', { name: /^People/ }).click();
  await ana.page.getByRole('button', { name: 'Present', exact: true }).click();
  await cleo.page.reload();
  await expect(cleo.statusBar.getByTestId('presenting')).toBeVisible();
  await expectListed(cleo, ['src', 'greeting.ts', 'main.ts', 'README.md']);
  await ana.page.getByRole('button', { name: 'Stop Presenting' }).click();
  await expect(cleo.page.getByText('Only a part of this room is shared with you')).toBeVisible();
  await expect(cleo.page.getByRole('button', { name: 'New File…' })).toHaveAttribute('aria-disabled', 'true');
  await cleo.openFile('src/main.ts');
  await cleo.clickLine('greet();');
  await cleo.type(' // Cleo');
  await expect.poll(() => room.readOnDisk('src/main.ts')).toContain('greet(); // Cleo');
  await expectListed(cleo, ['src', 'greeting.ts', 'main.ts', 'README.md']);
});
