import { expect, type Locator, test } from '@playwright/test';
import { resolve } from 'node:path';
import { RelayProcess } from '../testing/relay-process.ts';
import type { DesktopPerson, Person } from './support/person.ts';
import { ANA_AS_SHOWN, makeLink, openBrowser, shareFolder, type SharedRoom } from './support/shared-room.ts';

// One room, in which people talk: each step goes on from where the last one ended.
test.describe.configure({ mode: 'serial' });

const FILE = 'src/greeting.ts';
const OTHER_FILE = 'notes.md';
const TEXT = [
  'export function greet(name: string): string {',
  '  return `Hello, ${name}!`;',
  '}',
  '',
  'export function part(name: string): string {',
  '  return `Bye, ${name}!`;',
  '}',
  '',
].join('\n');

let room: SharedRoom;
let ana: DesktopPerson;
let cleo: Person;
let vera: Person;
/** The relay after it was down. */
let returned: RelayProcess | undefined;

const messages = (person: Person) => person.page.getByRole('log', { name: 'Messages' });
const comments = (person: Person) => person.page.getByRole('region', { name: 'Comments', exact: true });
const thread = (person: Person): Locator => person.editor.getByRole('region', { name: /^Comments of/ });
const glyphs = (person: Person): Locator => person.editor.locator('.tutti-comment-glyph');

/** Brings a view into the side bar. Its button would hide the view that is there already. */
async function show(person: Person, view: string): Promise<void> {
  const views = person.page.getByRole('navigation', { name: 'Views' });
  const button = views.getByRole('button', { name: new RegExp(`^${view}`) });
  if ((await button.getAttribute('aria-pressed')) !== 'true') await button.click();
}

async function say(person: Person, text: string): Promise<void> {
  await person.page.getByRole('textbox', { name: 'Message' }).fill(text);
  await person.page.keyboard.press('Enter');
}

test.beforeAll(async () => {
  room = await shareFolder({ [FILE]: TEXT, [OTHER_FILE]: '# Notes\n' });
  ({ ana } = room);
  const commenter = await makeLink(ana, { label: 'Reviewers', role: 'commenter' });
  const viewer = await makeLink(ana, { label: 'Audience', role: 'viewer' });
  cleo = await openBrowser(room.browser, 'Cleo');
  await cleo.join(commenter.url);
  await cleo.expectOnline();
  vera = await openBrowser(room.browser, 'Vera');
  await vera.join(viewer.url);
  await vera.expectOnline();
  for (const person of [ana, cleo, vera]) await person.openFile(FILE);
});

test.afterAll(async () => {
  await returned?.stop();
  await room?.dispose();
});

test('the owner and a commenter chat; who does not look is told how much is new', async () => {
  await show(ana, 'Chat');
  await say(ana, 'Hello, have a look at greeting.ts');
  await expect(ana.page.getByRole('textbox', { name: 'Message' })).toHaveValue('');
  await ana.type('It says');
  await ana.page.keyboard.press('Shift+Enter');
  await ana.type('<b>hello</b>');
  await ana.page.keyboard.press('Enter');
  await expect(cleo.page.getByRole('button', { name: 'Chat, 2 unread' })).toBeVisible();
  await show(cleo, 'Chat');
  await expect(messages(cleo)).toContainText('Hello, have a look at greeting.ts');
  await expect(messages(cleo)).toContainText(ANA_AS_SHOWN);
  await expect(messages(cleo).getByText('It says')).toHaveText('It says\n<b>hello</b>', { useInnerText: true });
  await expect(cleo.page.getByRole('button', { name: 'Chat', exact: true })).toBeVisible();
  await say(cleo, 'Looking at it now.');
  await expect(messages(ana)).toContainText('Looking at it now.');
  await expect(messages(ana)).toContainText('Cleo');
  await ana.screenshot('100-chat');
  await cleo.screenshot('100-chat');
});

test('a viewer reads the chat and is told why they cannot write', async () => {
  await show(vera, 'Chat');
  await expect(messages(vera)).toContainText('Looking at it now.');
  await expect(
    vera.page.getByText('Only commenters, editors and owners may write in this chat. You are here as a viewer.'),
  ).toBeVisible();
  await expect(vera.page.getByRole('textbox', { name: 'Message' })).toHaveCount(0);
  await vera.screenshot('101-viewer-reads-chat');
  await show(ana, 'People');
  await ana.page.getByLabel('Who may write in the chat').selectOption('everyone');
  await say(vera, 'Can I say something now?');
  await show(ana, 'Chat');
  await expect(messages(ana)).toContainText('Can I say something now?');
  await show(ana, 'People');
  await ana.page.getByLabel('Who may write in the chat').selectOption('editors');
  await expect(cleo.page.getByText('Only editors and owners may write in this chat.')).toBeVisible();
  await ana.page.getByLabel('Who may write in the chat').selectOption('commenters');
  await expect(cleo.page.getByRole('textbox', { name: 'Message' })).toBeVisible();
});

test('a commenter comments on text that they cannot edit, and the owner answers', async () => {
  await show(cleo, 'Comments');
  await expect(cleo.statusBar.getByText('Read-only')).toBeVisible();
  await cleo.editor.getByText('Bye', { exact: false }).dblclick();
  await cleo.page.keyboard.press('Control+Alt+C');
  const draft = cleo.editor.getByRole('region', { name: 'New comment' });
  await expect(draft).toBeVisible();
  await cleo.type('Is this polite enough?');
  await cleo.screenshot('102-new-comment');
  await draft.getByRole('button', { name: 'Add Comment' }).click();
  await expect(thread(cleo)).toContainText('Is this polite enough?');
  await expect(ana.page.getByRole('button', { name: 'Comments, 1 unresolved' })).toBeVisible();
  await glyphs(ana).first().click();
  await expect(thread(ana)).toContainText('Is this polite enough?');
  await expect(thread(ana)).toContainText('Cleo');
  await thread(ana).getByRole('button', { name: 'Reply…' }).click();
  await ana.type('I think so.');
  await ana.page.keyboard.press('Control+Enter');
  await expect(thread(cleo)).toContainText('I think so.');
  await expect(thread(cleo)).toContainText(ANA_AS_SHOWN);
  await ana.screenshot('103-thread');
  await cleo.screenshot('103-thread');
});

test('the comment stays at its text while others edit above it', async () => {
  await expect(comments(cleo)).toContainText('Ln 6');
  await ana.clickLine('export function greet');
  await ana.page.keyboard.press('Home');
  await ana.type('// one\n');
  await expect(comments(cleo)).toContainText('Ln 7');
  expect(await room.readOnDisk(FILE)).not.toContain('polite');
});

test('from the list of comments one jumps to the place, in whatever file', async () => {
  await show(cleo, 'Explorer');
  await cleo.openFile(OTHER_FILE);
  await show(cleo, 'Comments');
  await expect(thread(cleo)).toHaveCount(0);
  await comments(cleo)
    .getByRole('button', { name: /polite enough/ })
    .click();
  await expect(thread(cleo)).toContainText('I think so.');
  await expect(cleo.editor.locator('.tutti-comment-range').first()).toBeVisible();
  await cleo.screenshot('104-comments-view');
});

test('a viewer sees comments, and is told why they can write none', async () => {
  await show(vera, 'Comments');
  await expect(comments(vera)).toContainText('Only commenters, editors and owners may comment.');
  await glyphs(vera).first().click();
  await expect(thread(vera)).toContainText('I think so.');
  await expect(thread(vera).getByRole('button', { name: 'Reply…' })).toHaveCount(0);
  await expect(thread(vera).getByRole('button', { name: 'Resolve' })).toHaveAttribute('aria-disabled', 'true');
  await vera.runCommand('Add Comment');
  await expect(vera.page.getByRole('region', { name: 'Notifications' })).toContainText(
    'Only commenters, editors and owners may comment.',
  );
  await vera.screenshot('105-viewer-reads-comments');
});

test('the owner resolves the thread and the commenter opens it again', async () => {
  await thread(ana).getByRole('button', { name: 'Resolve' }).click();
  await expect(thread(cleo)).toContainText('Resolved');
  await expect(ana.page.getByRole('button', { name: 'Comments', exact: true })).toBeVisible();
  await expect(comments(cleo)).toContainText('All threads are resolved.');
  await comments(cleo).getByRole('button', { name: 'Show resolved threads (1)' }).click();
  await cleo.screenshot('106-resolved');
  await thread(cleo).getByRole('button', { name: 'Reopen' }).click();
  await expect(ana.page.getByRole('button', { name: 'Comments, 1 unresolved' })).toBeVisible();
});

test('a comment whose text is deleted shows what it was about', async () => {
  await show(ana, 'Comments');
  await ana.editor.getByText('Bye', { exact: false }).dblclick();
  await ana.page.keyboard.press('Delete');
  await expect(thread(cleo)).toContainText('Outdated');
  await expect(thread(cleo)).toContainText('Bye');
  await expect(comments(ana)).toContainText('outdated');
  await cleo.screenshot('107-outdated');
});

test('the menu of the editor begins a comment, and keys lead from one to the next', async () => {
  const greeting = ana.editor.getByText('Hello', { exact: false });
  await greeting.dblclick();
  await greeting.click({ button: 'right' });
  // By key: the menu takes no click right after it has opened.
  await ana.page.getByRole('menuitem', { name: 'Add Comment' }).hover();
  await ana.page.keyboard.press('Enter');
  await expect(ana.editor.getByRole('region', { name: 'New comment' })).toBeVisible();
  await ana.type('Or: good day?');
  await ana.page.keyboard.press('Control+Enter');
  await expect(thread(ana)).toContainText('Or: good day?');
  await expect(glyphs(cleo)).toHaveCount(2);
  await ana.page.keyboard.press('Alt+F9');
  await expect(thread(ana)).toContainText('Is this polite enough?');
  await ana.page.keyboard.press('Shift+Alt+F9');
  await expect(thread(ana)).toContainText('Or: good day?');
  await ana.runCommand('Light Theme');
  await ana.screenshot('108-two-threads');
  await ana.runCommand('Dark Theme');
  await thread(ana).getByRole('button', { name: 'Collapse' }).click();
  await expect(thread(ana)).toHaveCount(0);
});

test('a guest of a part of the files chats with everybody, and is told that comments are not shared', async () => {
  const { url } = await makeLink(ana, { label: 'Notes only', paths: '*.md' });
  const pia = await openBrowser(room.browser, 'Pia');
  await pia.join(url);
  await pia.openFile(OTHER_FILE);
  await show(pia, 'Comments');
  await expect(comments(pia)).toHaveText(
    /Comments are not shared with you, since only a part of this room's files is\.$/,
  );
  await pia.runCommand('Add Comment');
  await expect(pia.page.getByRole('region', { name: 'Notifications' })).toContainText('No comment can be added.');
  await show(pia, 'Chat');
  await say(pia, 'Only the notes for me');
  await show(cleo, 'Chat');
  await expect(messages(cleo)).toContainText('Only the notes for me');
  await pia.screenshot('110-part-of-the-files');
  await pia.page.context().close();
});

test('what is written while the relay is down waits on the device and arrives later', async () => {
  const { port, dataFolder } = room.relay;
  const waitingNote = cleo.page.getByRole('region', { name: 'Chat' }).getByText(/It is sent when the relay is reached/);
  await show(cleo, 'Chat');
  await room.relay.stop('SIGKILL');
  await expect(cleo.statusBar.getByText(/Offline/).first()).toBeVisible();
  await say(cleo, 'Written on the train');
  await expect(waitingNote).toBeVisible();
  await cleo.editor.getByText('return', { exact: false }).first().click();
  await cleo.page.keyboard.press('Control+Alt+C');
  await cleo.type('Commented on the train');
  await cleo.page.keyboard.press('Control+Enter');
  await cleo.screenshot('109-offline');
  returned = await RelayProcess.start(dataFolder, { port, staticFolder: resolve('out/browser') });
  for (const person of [ana, cleo, vera]) {
    // Whoever has not come back already need not wait for the next try.
    await person.statusBar.getByText(/^(Try now|Online)$/).click();
    await person.expectOnline();
  }
  await show(ana, 'Chat');
  await expect(messages(ana)).toContainText('Written on the train');
  await show(ana, 'Comments');
  await expect(comments(ana)).toContainText('Commented on the train');
  await show(vera, 'Chat');
  await expect(messages(vera)).toContainText('Written on the train');
  await expect(waitingNote).toHaveCount(0);
});
