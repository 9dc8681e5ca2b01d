import { expect, test } from '@playwright/test';
import { copyFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { GitRepository } from '../testing/git-repository.ts';
import { launchDesktop } from './support/desktop-app.ts';
import { DesktopPerson, type Person } from './support/person.ts';
import { createFolder, readFolder, type TestFolder } from './support/sample-folder.ts';
import { ANA_AS_SHOWN, makeLink, openBrowser, shareFolder, type SharedRoom } from './support/shared-room.ts';
import { whenConnectionReads } from './support/when-connection-reads.ts';

// One room: before, while and after its relay is out of reach. Each step goes on from where the last one ended.
test.describe.configure({ mode: 'serial' });

const OUTAGE_MS = 30_000;
const OFFLINE = /^Offline/;
/** All three edit the same line of it. */
const CONTESTED = 'src/greeting.ts';
/** Ana and Cleo edit lines of it that are far apart. */
const PLAN = 'docs/plan.md';
const BENS = 'docs/bens-own.md';
const CLEOS = 'docs/cleos-own.md';
const CREATED = 'docs/created.md';
const GREETING = 'export function greet(name: string): string {\n  return `Hello, ${name}!`;\n}\n// the end\n';
const PICTURE = 'picture.png';
const TEXTS = {
  'README.md': '# Sample\n\nA project to share.\n',
  [CONTESTED]: GREETING,
  [PLAN]: '# Plan\n\nfirst step\n\nsecond step\n\nthird step\n\nlast step\n',
  [BENS]: "Ben's\n",
  [CLEOS]: "Cleo's\n",
};
const LIBRARY_FILES = 30;

let room: SharedRoom;
let repository: GitRepository;
let mirror: TestFolder;
let ana: DesktopPerson;
/** In the desktop app, with a folder of his own that mirrors the room. */
let ben: DesktopPerson;
/** In a browser. */
let cleo: Person;
let link: string;
let stoppedMs: number;

const everybody = () => [ana, ben, cleo];

/** What a branch has in lib. */
function library(branch: string): Record<string, string> {
  const numbers = Array.from({ length: LIBRARY_FILES }, (_unused, number) => number);
  return Object.fromEntries(numbers.map((number) => [`lib/part-${number}.ts`, `// ${branch}, part ${number}\n`]));
}

/** A repository of two branches that differ in each file of lib. */
async function makeRepository(folder: string): Promise<void> {
  await copyFile(resolve('resources/screenshot.png'), join(folder, PICTURE));
  repository = await GitRepository.create(folder, library('main'));
  await repository.git('switch', '--quiet', '--create', 'feature');
  await repository.commit('second', library('feature'));
  await repository.git('switch', '--quiet', 'main');
}

/** Waits until the folders of Ana and Ben have the same files with the same bytes. */
async function expectSameFolders(): Promise<Record<string, string>> {
  await expect(async () => {
    const { 'only-here.md': own, ...mirrored } = await readFolder(mirror.path);
    expect(own).toBe('only for Ben\n');
    expect(mirrored).toEqual(await readFolder(room.folder.path));
  }).toPass({ timeout: 20_000 });
  return readFolder(room.folder.path);
}

const lists = (person: Person) => person.page.getByRole('region', { name: 'Changes' });
const changedByBoth = (person: Person) =>
  lists(person).getByRole('list', { name: 'Files that you and others changed' }).getByRole('listitem');
const changedByOthers = (person: Person) =>
  lists(person).getByRole('list', { name: 'Files that others changed' }).getByRole('listitem');
const overlapMarks = (person: Person) => person.editor.locator('.tutti-overlap-glyph');

test.beforeAll(async () => {
  room = await shareFolder(TEXTS, makeRepository);
  ({ ana } = room);
  mirror = await createFolder({
    'README.md': '# Sample\n\nAs Ben had it.\n',
    [PLAN]: TEXTS[PLAN],
    'only-here.md': 'only for Ben\n',
  });
  link = (await makeLink(ana, { label: 'Everybody' })).url;
});

test.afterAll(async () => {
  await ben?.app.close();
  await mirror?.remove();
  await room?.dispose();
});

test('Ben joins with a folder that is not empty: he is shown what is in it, and nothing happens before he agrees', async () => {
  ben = await launchDesktop({
    name: 'Ben',
    userData: join(room.data, 'ben'),
    relayUrl: room.relay.url,
    joinLink: link,
    mirrorFolder: mirror.path,
  });
  await ben.acceptLink();
  await ben.expectOnline();
  await ben.runCommand('Dark Theme');
  const different = ben.page.getByRole('region', { name: 'Different' });
  await expect(different.getByRole('listitem')).toHaveText([/README\.md/]);
  await expect(ben.page.getByRole('region', { name: 'Only in the folder' }).getByRole('listitem')).toHaveText([
    /only-here\.md/,
  ]);
  await expect(ben.page.getByRole('region', { name: /^README\.md:/ }).getByText('As Ben had it.')).toBeVisible();
  await ben.screenshot('43-mirror-preview');
  expect(Object.keys(await readFolder(mirror.path)).sort()).toEqual(['README.md', PLAN, 'only-here.md'].sort());
  expect(await room.readOnDisk('README.md')).toBe(TEXTS['README.md']);
});

test('his folder is backed up, and has what the room has', async () => {
  await ben.page.getByRole('button', { name: 'Mirror', exact: true }).click();
  const told = ben.page.getByText('What the folder had of its own is backed up in');
  await expect(told).toBeVisible();
  const backup = (await told.locator('bdi').textContent()) ?? '';
  const kept = await readFolder(backup);
  const text = (name: string) => Object.entries(kept).find(([path]) => path.endsWith(name))?.[1];
  expect(text('README.md')).toBe('# Sample\n\nAs Ben had it.\n');
  expect(text('only-here.md')).toBe('only for Ben\n');
  const files = await expectSameFolders();
  expect(files['README.md']).toBe(TEXTS['README.md']);
  await expect(ben.statusBar.getByRole('button', { name: /^The room is mirrored to this folder/ })).toBeVisible();
  await ben.screenshot('43-mirrored');
});

test('the copies of all three are compared, and the state of an edit is told', async () => {
  cleo = await openBrowser(room.browser, 'Cleo');
  await cleo.join(link);
  await cleo.expectOnline();
  // A browser has what was opened in it, and nothing else.
  for (const path of [PLAN, CLEOS]) await cleo.openFile(path);
  for (const person of everybody()) await person.openFile(CONTESTED);
  await cleo.clickLine('// the end');
  await cleo.type(' of it');
  await expect(cleo.saveState).toHaveText('Seen by all');
  for (const person of everybody()) {
    await expect(person.page.getByTestId('agreement')).toHaveText('Identical on all 3');
  }
  await ana.screenshot('39-identical');
});

test('a picture in the folder of Ana is shown to a guest', async () => {
  await cleo.page.getByRole('treeitem', { name: PICTURE }).click();
  const picture = cleo.page.getByRole('img', { name: `Picture: ${PICTURE}` });
  await expect(picture).toBeVisible();
  expect(
    await picture.evaluate((image) => (image instanceof HTMLImageElement ? image.naturalWidth : 0)),
  ).toBeGreaterThan(100);
  await cleo.screenshot('45-picture');
  await cleo.openFile(CONTESTED);
});

test('the relay stops: nobody is told for 3 s, then everybody is', async () => {
  const signs = await Promise.all(everybody().map((person) => whenConnectionReads(person, OFFLINE)));
  stoppedMs = Date.now();
  await room.relay.stop('SIGKILL');
  for (const sign of signs) {
    const afterMs = (await sign()) - stoppedMs;
    expect(afterMs).toBeGreaterThanOrEqual(3_000);
    expect(afterMs).toBeLessThan(4_500);
  }
});

test('all three go on working, each alone', async () => {
  for (const person of everybody()) {
    await person.clickLine('return `Hello');
    await person.type(` // ${person.name}`);
    await expect(person.saveState).toHaveText('On this device');
    await expect(person.connection).toHaveText(/^Offline: (next try in \d+ s|trying again…|connecting…)$/);
  }
  await ana.screenshot('40-offline-sign');
  await cleo.screenshot('40-offline-sign');

  await ana.openFile(PLAN);
  await ana.clickLine('last step');
  await ana.type(' by Ana');
  await ana.openFile(CONTESTED);
  await repository.git('switch', '--quiet', 'feature');
  await writeFile(join(room.folder.path, CREATED), 'made by Ana\n');

  await writeFile(join(mirror.path, BENS), "Ben's, from another program\n");

  await cleo.openFile(PLAN);
  await cleo.clickLine('first step');
  await cleo.type(' by Cleo');
  await cleo.openFile(CLEOS);
  await cleo.clickLine("Cleo's");
  await cleo.type(', edited');
  await cleo.openFile(CONTESTED);

  expect(await ben.visibleText()).not.toContain('Ana');
  expect(await readFolder(mirror.path)).not.toHaveProperty([CREATED]);
});

test('the time to the next try is counted down, and a try can be asked for', async () => {
  const secondsLeft = async () => Number(/next try in (\d+) s/.exec(await ana.connection.innerText())?.[1]);
  await expect.poll(secondsLeft, { timeout: 25_000, intervals: [100] }).toBeGreaterThanOrEqual(2);
  const before = await secondsLeft();
  await expect.poll(secondsLeft, { intervals: [100] }).toBe(before - 1);
  const tried = await whenConnectionReads(ana, /^Offline: connecting/);
  const askedMs = Date.now();
  await ana.statusBar.getByRole('button', { name: 'Try now' }).click();
  expect((await tried()) - askedMs).toBeLessThan(1_000);
  await expect(ana.connection).toHaveText(/^Offline: (next try in \d+ s|trying again…)$/);
});

test('the relay is back after 30 s: everything is merged, and everybody is told by themselves what happened', async () => {
  await expect.poll(() => Date.now() - stoppedMs, { timeout: OUTAGE_MS }).toBeGreaterThanOrEqual(OUTAGE_MS);
  await room.startRelayAgain();
  await Promise.all(everybody().map((person) => comeBack(person)));
  for (const person of everybody()) {
    await expect(lists(person).getByRole('button', { name: /^While you were away/ })).toBeVisible();
  }
  await expect(changedByBoth(ana)).toContainText(['plan.md', 'greeting.ts']);
  await expect(changedByBoth(ana).filter({ hasText: 'greeting.ts' })).toContainText('1 place overlaps');
  await expect(changedByOthers(ana)).toContainText(['bens-own.md', 'cleos-own.md']);
  await expect(changedByBoth(ben)).toContainText(['greeting.ts']);
  await expect(changedByOthers(ben)).toHaveCount(LIBRARY_FILES + 3);
  await expect(changedByBoth(cleo)).toContainText(['plan.md', 'greeting.ts']);
  await expect(changedByOthers(cleo).filter({ hasText: 'created.md' })).toContainText('created it');
  for (const person of everybody()) await person.screenshot('41-away-panel');
  for (const person of everybody()) {
    const text = await person.visibleText();
    for (const { name } of everybody()) expect(text).toContain(`// ${name}`);
  }
  const files = await expectSameFolders();
  expect(files).toMatchObject({
    ...library('feature'),
    [PLAN]: TEXTS[PLAN].replace('first step', 'first step by Cleo').replace('last step', 'last step by Ana'),
    [BENS]: "Ben's, from another program\n",
    [CLEOS]: "Cleo's, edited\n",
    [CREATED]: 'made by Ana\n',
  });
});

/** Waits until somebody is online again, without waiting for the time of the next try. */
async function comeBack(person: Person): Promise<void> {
  await person.statusBar.getByRole('button', { name: 'Try now' }).click();
  await person.expectOnline();
}

test('lines that were edited by two are marked until they are looked at', async () => {
  for (const person of everybody()) await expect(overlapMarks(person)).toHaveCount(1);
  await ana.screenshot('42-overlap-mark');
  await ben.page.getByRole('tab', { name: 'greeting.ts' }).click();
  await ben.clickLine('export function');
  await ben.page.keyboard.press('ArrowDown');
  await expect(overlapMarks(ben)).toHaveCount(0);
  await expect(overlapMarks(ana)).toHaveCount(1);
});

test('Ana compares the file that all edited, and undoes what the others did in it', async () => {
  await changedByBoth(ana)
    .getByRole('button', { name: /^greeting\.ts/ })
    .click();
  const page = ana.page.getByRole('tabpanel').filter({ has: ana.page.getByText('while you were away:') });
  await expect(page.locator('.tutti-author').first()).toBeVisible();
  await expect(page.getByRole('list', { name: 'Who changed it' }).getByRole('listitem')).toHaveText([
    /Ben|Cleo/,
    /Ben|Cleo/,
  ]);
  await ana.screenshot('42-away-diff');
  await page.getByRole('button', { name: 'Undo Theirs' }).click();
  await ana.showView('Explorer');
  await ana.openFile(CONTESTED);
  for (const person of everybody()) {
    await expect.poll(() => person.visibleText()).toContain('return `Hello, ${name}!`; // Ana\n');
    expect(await person.visibleText()).toContain('// the end of it');
  }
  await expect(overlapMarks(ana)).toHaveCount(0);
});

test('Cleo undoes her own edits in another file, and keeps what Ana created', async () => {
  await changedByBoth(cleo).getByRole('button', { name: 'Undo Mine: plan.md' }).click();
  const { [PLAN]: before } = TEXTS;
  await expect.poll(() => room.readOnDisk(PLAN)).toBe(before.replace('last step', 'last step by Ana'));
  await changedByOthers(cleo).getByRole('button', { name: 'Keep: created.md' }).click();
  await expect(changedByOthers(cleo).filter({ hasText: 'created.md' })).toHaveCount(0);
  await cleo.screenshot('42-undone');
});

test("Ana's switch of the branch is one event in the history of the room", async () => {
  const events = cleo.page.getByRole('list', { name: 'Events' }).getByRole('listitem');
  await expect(events.filter({ hasText: 'Switched to branch feature' })).toContainText(ANA_AS_SHOWN);
  await expect(events).toHaveCount(1);
});

test('at rest all three are identical again, and both folders have the same bytes', async () => {
  for (const person of everybody()) {
    await person.showView('Explorer');
    await person.openFile(CONTESTED);
    await expect(person.page.getByTestId('agreement')).toHaveText('Identical on all 3');
  }
  await expectSameFolders();
});

test('a new window of Ben shows the same room, and is nobody else in it', async () => {
  const [page] = await Promise.all([ben.app.waitForEvent('window'), ben.runCommand('New Window')]);
  const second = new DesktopPerson('Ben', page, ben.app);
  await second.expectOnline();
  await second.showView('Explorer');
  await second.openFile(BENS);
  await ben.openFile(BENS);
  await second.clickLine("Ben's");
  await second.type(', in two windows');
  await expect.poll(() => ben.visibleText()).toContain('from another program, in two windows');
  await expect.poll(() => room.readOnDisk(BENS)).toContain('in two windows');
  for (const person of [...everybody(), second]) {
    await expect(person.statusBar.getByRole('button', { name: '3 people in the room' })).toBeVisible();
  }
  await second.screenshot('44-second-window');
  await page.close();
  await ben.type('!');
  await expect.poll(() => room.readOnDisk(BENS)).toContain('in two windows');
  await ben.expectOnline();
});

test('Ben starts again and is where he was, sees what his device keeps, opens a room without a link, and forgets it', async () => {
  await ben.app.close();
  ben = await launchDesktop({ name: 'Ben', userData: join(room.data, 'ben'), relayUrl: room.relay.url });
  const stored = ben.page.getByRole('list', { name: 'Rooms on this device' }).getByRole('listitem');
  const ofAna = stored.filter({ hasText: mirror.path });
  await expect(ben.statusBar.getByRole('button', { name: '3 people in the room' })).toBeVisible();
  await expect(ben.statusBar.getByRole('button', { name: /^The room is mirrored to this folder/ })).toBeVisible();
  await ben.runCommand('Leave Room');
  await ben.page.getByRole('alertdialog').getByRole('button', { name: 'Leave' }).click();
  const recent = ben.page.getByRole('list', { name: 'Recent' }).getByRole('listitem');
  await ben.screenshot('44-recent');
  await recent.getByRole('button', { name: basename(room.folder.path), exact: true }).click();
  await expect(ben.statusBar.getByRole('button', { name: '3 people in the room' })).toBeVisible();
  await ben.runCommand('Show What Is Stored on This Device');
  const sum = ben.page.getByRole('heading', { name: /^Rooms on this device: \d+(\.\d)? [KM]iB in all$/ });
  await expect(sum).toBeVisible();
  await expect(ofAna).toContainText('Open');
  await ben.screenshot('44-storage');
  await ofAna.getByRole('button', { name: /^Forget/ }).click();
  const question = ben.page.getByRole('alertdialog');
  await expect(question).toContainText(`The files in ${mirror.path} stay as they are.`);
  await ben.screenshot('44-forget');
  await question.getByRole('button', { name: 'Forget' }).click();
  await expect(ben.page.getByRole('main', { name: 'Welcome' })).toBeVisible();
  await expect(ofAna).toHaveCount(0);
  await ben.screenshot('44-welcome');
  await expect(ana.statusBar.getByRole('button', { name: '2 people in the room' })).toBeVisible();
  await expectSameFolders();
});
