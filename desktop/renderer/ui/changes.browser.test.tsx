import { beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import type { RenderedWorkbench } from './index.ts';
import { createAwayFile, createAwayPerson } from './testing/fake-away.ts';
import { createRoomEvent } from './testing/fake-events.ts';
import type { FakeWorkbench } from './testing/fake-workbench.ts';
import { contrastOf, showWorkbench } from './testing/shown-workbench.ts';

const BOTH = createAwayFile('f0', 'src/a.ts', { text: 'both', overlapCount: 1 });
const THEIRS = createAwayFile('f1', 'b.ts', { people: [createAwayPerson('Cleo')] });
const TEXTS = {
  base: 'one',
  mine: 'one mine',
  theirs: 'one theirs',
  merged: 'one mine theirs',
  now: 'one now',
  isAdditionsOnly: false,
};

let fake: FakeWorkbench;
let workbench: RenderedWorkbench;
let scheduler: ManualScheduler;

beforeEach(async () => {
  ({ fake, scheduler, workbench } = await showWorkbench());
  fake.open(['src/a.ts', 'b.ts', 'logo.png']);
  fake.away.texts.set('f0', { ...TEXTS, authors: [{ start: 4, end: 7, name: 'Ben', colorIndex: 3 }] });
});

const sideBar = () => page.getByRole('complementary', { name: 'Changes' });
const press = (name: string) => userEvent.click(page.getByRole('button', { name, exact: true }));
const badge = (name: string) => page.getByRole('button', { name, exact: true });

describe('while self was away', () => {
  it('opens the list by itself on return, with what both changed first, and says so', async () => {
    fake.away.show([BOTH, THEIRS], { unlistedCount: 2, ownCount: 1 });
    expect(document.querySelector('.changes')).toBeNull();
    fake.away.returns.fire();
    await expect.element(sideBar()).toMatchTextContent(/Since .*, for 2 h 5 min/);
    const lists = [...document.querySelectorAll('.changes-list')];
    expect(lists.map((list) => list.getAttribute('aria-label'))).toEqual([
      'Files that you and others changed',
      'Files that others changed',
    ]);
    expect(lists.map((list) => list.querySelector('.change-file')?.textContent)).toEqual(['a.ts', 'b.ts']);
    await expect.element(sideBar()).toMatchTextContent(/You and Ben edited it, 1 place overlaps · /);
    await expect.element(page.getByText('2 more files were changed by others.')).toBeVisible();
    await expect.element(page.getByText('1 file that only you changed is merged.')).toBeVisible();
    await expect
      .element(page.getByText('While you were away, others changed 4 files. You edited 1 of them too.'))
      .toBeVisible();
    await expect.element(badge('Changes, 2 files to look at')).toBeVisible();
  });

  it('leaves the view alone in which somebody is typing, and what was looked at before', async () => {
    workbench.commands.run('view.chat');
    const draft = page.getByRole('textbox', { name: /message/i });
    await userEvent.fill(draft, 'half a sen');
    fake.away.show([THEIRS]);
    fake.away.returns.fire();
    await expect.element(page.getByText('While you were away, others changed 1 file.')).toBeVisible();
    await expect.element(draft).toHaveFocus();
    await expect.element(badge('Changes, 1 file to look at')).toBeVisible();
    workbench.commands.run('view.explorer');
    fake.away.show([{ ...THEIRS, isLookedAt: true }]);
    fake.away.returns.fire();
    await expect.element(page.getByRole('complementary', { name: 'Explorer' })).toBeVisible();
  });

  it('shows the states of a file beside each other, with who wrote what, and has it looked at', async () => {
    fake.away.show([BOTH]);
    workbench.commands.run('view.changes');
    await press('Show: a.ts');
    const tab = page.getByRole('region', { name: 'a.ts (While You Were Away)' });
    await expect.element(tab).toMatchTextContent(/one mine → one now by Ben/);
    await press('Your Edits');
    await expect.element(tab).toMatchTextContent(/one theirs → one now/);
    await press('All Edits');
    await expect.element(tab).toMatchTextContent(/one → one now/);
    await vi.waitFor(() => expect(fake.calls).toContain('looked at f0'));
    await expect.element(badge('Changes')).toBeVisible();
    await userEvent.click(tab.getByRole('button', { name: 'Keep' }));
    await expect.element(tab).not.toBeInTheDocument();
    expect(fake.calls).toContain('keep f0');
    await expect.element(page.getByText(/Nothing to look at/)).toBeVisible();
  });

  it('undoes what others or self did, offers to restore it, and says why when it cannot', async () => {
    fake.away.show([BOTH, THEIRS]);
    workbench.commands.run('view.changes');
    await press('Undo Theirs: a.ts');
    await expect.element(page.getByText('Undid the edits of others in a.ts.')).toBeVisible();
    await expect.element(page.getByText('You undid their edits.')).toBeVisible();
    await expect.element(page.getByRole('button', { name: 'Undo Mine: a.ts' })).not.toBeInTheDocument();
    await press('Restore: a.ts');
    await press('Undo Mine: a.ts');
    await expect.element(page.getByText('You undid your edits.')).toBeVisible();
    await expect.element(page.getByRole('button', { name: 'Undo Mine: b.ts' })).not.toBeInTheDocument();
    fake.away.outcome = { ok: false, explanation: 'The disk is full.' };
    await press('Undo Theirs: b.ts');
    await expect.element(page.getByText('The edits of others were not undone in b.ts.')).toBeVisible();
    await expect.element(page.getByText('The disk is full.')).toBeVisible();
    expect(fake.calls.filter((call) => /^(undo|restore)/.test(call))).toEqual([
      'undo theirs f0',
      'restore f0',
      'undo mine f0',
      'undo theirs f1',
    ]);
    await press('Keep All');
    await vi.waitFor(() => expect(fake.calls).toContain('keep all'));
  });

  it('offers only what can be done: nothing to undo to who may only read, a deleted file can be brought back', async () => {
    const gone = createAwayFile('gone', 'old.ts', {
      list: { kind: 'deleted' },
      text: undefined,
      people: [],
      listPeople: [createAwayPerson('Ben')],
      isListed: false,
    });
    fake.away.show([{ ...BOTH, lockReason: 'You can only read this file.' }, gone]);
    workbench.commands.run('view.changes');
    const actions = (name: string) =>
      [...(document.querySelector(`[aria-label="Actions for ${name}"]`)?.querySelectorAll('button') ?? [])].map(
        (button) => button.textContent,
      );
    await vi.waitFor(() => expect(actions('a.ts')).toEqual(['Show', 'Keep']));
    expect(actions('old.ts')).toEqual(['Keep', 'Bring Back']);
    await press('Show: a.ts');
    await expect.element(page.getByText('You can only read this file.')).toBeVisible();
    expect(document.querySelector('.access-page')?.textContent).not.toContain('Undo');
    await press('Bring Back: old.ts');
    await vi.waitFor(() => expect(fake.calls).toContain('bring back gone'));
    await expect.element(sideBar()).toMatchTextContent(/Ben deleted it, and it was brought back/);
    await vi.waitFor(() => expect(actions('old.ts')).toEqual(['Show', 'Keep']));
    expect(fake.calls).toContain('looked at gone');
    await press('Show: old.ts');
    await expect.element(page.getByRole('textbox', { name: 'Text of gone' })).toBeVisible();
  });

  it('sets apart what one deleted and another edited, with who did what, and offers to bring it back', async () => {
    const ben = createAwayPerson('Ben');
    const deleted = createAwayFile('gone', 'src/hello.c', {
      list: { kind: 'deleted' },
      text: 'both',
      people: [],
      listPeople: [ben],
      isListed: false,
    });
    const removed = createAwayFile('removed', 'main.c', {
      list: { kind: 'removed' },
      text: 'unread',
      hasTexts: false,
      people: [createAwayPerson('Ana')],
      isListed: false,
    });
    fake.away.show([deleted, removed, THEIRS]);
    workbench.commands.run('view.changes');
    const both = page.getByRole('list', { name: 'Files that you and others changed' });
    await expect.element(both).toMatchTextContent(/hello\.c.*Ben deleted it, you edited it/);
    await expect.element(both).toMatchTextContent(/main\.c.*You deleted it, Ana edited it/);
    expect([...document.querySelectorAll('.is-both .change-letter')].map((letter) => letter.textContent)).toEqual([
      '!',
      '!',
    ]);
    await press('Bring Back: main.c');
    await vi.waitFor(() => expect(fake.calls).toContain('bring back removed'));
    await expect.element(both).toMatchTextContent(/You deleted it, Ana edited it, and it was brought back/);
  });

  it('keeps changes of earlier absences apart from those of the last one', async () => {
    const earlier = createAwayFile('f2', 'old.ts', { text: 'both', isEarlier: true });
    fake.away.show([BOTH, THEIRS, earlier], { leftMs: 0, lastLeftMs: 86_400_000 });
    workbench.commands.run('view.changes');
    const names = (label: string) =>
      [...document.querySelectorAll(`[aria-label="${label}"] .change-file`)].map(({ textContent }) => textContent);
    await vi.waitFor(() => expect(names('Files of earlier absences')).toEqual(['old.ts']));
    expect(names('Files that you and others changed')).toEqual(['a.ts']);
    expect(names('Files that others changed')).toEqual(['b.ts']);
    await expect.element(page.getByRole('heading', { name: /^From earlier absences, since / })).toBeVisible();
  });

  it('is worked by keyboard and from the palette', async () => {
    fake.away.show([BOTH, THEIRS]);
    await userEvent.keyboard('{Control>}{Shift>}g{/Shift}{/Control}');
    await expect.element(sideBar()).toBeVisible();
    const names = [...document.querySelectorAll<HTMLElement>('.change-name')];
    names[0]?.focus();
    await userEvent.keyboard('{ArrowDown}');
    expect(document.activeElement).toBe(names[1]);
    await userEvent.keyboard('{ArrowUp}{Enter}');
    await expect.element(page.getByRole('region', { name: 'a.ts (While You Were Away)' })).toBeVisible();
    workbench.commands.run('changes.undoMine');
    await vi.waitFor(() => expect(fake.calls).toContain('undo mine f0'));
    workbench.openFile('f0');
    await expect.element(page.getByRole('textbox', { name: 'Text of f0' })).toBeVisible();
    fake.away.show([{ ...BOTH, isLookedAt: false }]);
    await userEvent.keyboard('{Alt>}{F5}{/Alt}{Alt>}{Shift>}{F5}{/Shift}{/Alt}');
    await vi.waitFor(() => expect(fake.calls).toContain('reveal previous overlap'));
    expect(fake.calls).toContain('reveal next overlap');
    workbench.commands.run('changes.lookedAt');
    expect(fake.calls).toContain('looked at f0');
    expect(workbench.commands.run('changes.nextOverlap')).toBe(false);
  });

  it('keeps the focus in the list when the button that was pressed goes away', async () => {
    fake.away.show([BOTH, THEIRS]);
    workbench.commands.run('view.changes');
    await press('Undo Mine: a.ts');
    const focusedFile = () => document.activeElement?.querySelector('.change-file')?.textContent;
    await vi.waitFor(() => expect(focusedFile()).toBe('a.ts'));
    await press('Keep: a.ts');
    await vi.waitFor(() => expect(focusedFile()).toBe('b.ts'));
    await press('Keep: b.ts');
    await vi.waitFor(() => expect(document.activeElement?.textContent).toContain('While you were away'));
  });

  it('follows the text while the comparison is shown, in its place', async () => {
    fake.away.show([BOTH]);
    workbench.commands.run('view.changes');
    await press('Show: a.ts');
    const tab = page.getByRole('region', { name: 'a.ts (While You Were Away)' });
    await expect.element(tab).toMatchTextContent(/one mine → one now/);
    fake.away.texts.set('f0', { ...TEXTS, now: 'one later', authors: [] });
    fake.away.textChanges.fire('f0');
    scheduler.advance(1_000);
    await expect.element(tab).toMatchTextContent(/one mine → one later/);
    expect(fake.calls.filter((call) => call === 'show comparison')).toHaveLength(1);
    await userEvent.click(tab.getByRole('button', { name: 'Keep' }));
    await expect.element(tab).not.toBeInTheDocument();
    expect(fake.away.textChanges.hasListeners).toBe(false);
  });

  it('reads a text that changes one time after the other, however slow the answers are', async () => {
    fake.away.show([BOTH]);
    workbench.commands.run('view.changes');
    await press('Show: a.ts');
    const tab = page.getByRole('region', { name: 'a.ts (While You Were Away)' });
    await expect.element(tab).toMatchTextContent(/one mine → one now/);
    const reads = () => fake.calls.filter((call) => call === 'read away f0').length;
    const before = reads();
    let answer: (() => void) | undefined;
    fake.away.whenRead = new Promise((resolve) => (answer = resolve));
    for (const now of ['one', 'one l', 'one la', 'one later']) {
      fake.away.texts.set('f0', { ...TEXTS, now, authors: [] });
      fake.away.textChanges.fire('f0');
      scheduler.advance(1_000);
      await vi.waitFor(() => expect(reads()).toBeGreaterThan(before));
      await new Promise(requestAnimationFrame);
    }
    expect(reads()).toBe(before + 1);
    answer?.();
    await expect.element(tab).toMatchTextContent(/one mine → one later/);
    expect(reads()).toBe(before + 2);
  });

  it('says who undid what self wrote, at once and in the list', async () => {
    const ana = createAwayPerson('Ana');
    const undone = createAwayFile('f0', 'src/a.ts', { text: undefined, people: [], takenBack: [ana] });
    fake.away.show([undone]);
    fake.away.takenBack.fire(undone);
    await expect.element(page.getByText('Ana undid your edits in a.ts.')).toBeVisible();
    await expect.element(badge('Changes, 1 file to look at')).toBeVisible();
    workbench.commands.run('view.changes');
    await expect.element(sideBar()).toMatchTextContent(/a\.ts.*Ana undid your edits/);
    expect(document.querySelector('.changes-span')?.textContent).toBe('');
    await press('Show: a.ts');
    await expect.element(page.getByRole('textbox', { name: 'Text of f0' })).toBeVisible();
    expect(fake.calls).toContain('looked at f0');
  });

  it('opens the file that has taken the place of one, and does not offer to bring that back', async () => {
    fake.away.show([
      createAwayFile('old', 'b.ts', { text: undefined, list: { kind: 'deleted' }, isListed: false, anewId: 'f1' }),
    ]);
    workbench.commands.run('view.changes');
    await expect.element(sideBar()).toMatchTextContent(/Others deleted it, and it was made anew since/);
    expect(document.querySelector('.is-deleted')).toBeNull();
    await expect.element(page.getByRole('button', { name: 'Bring Back: b.ts' })).not.toBeInTheDocument();
    await press('Show: b.ts');
    await expect.element(page.getByRole('textbox', { name: 'Text of f1' })).toBeVisible();
  });

  it('lists files that were moved together as one, which opens to them', async () => {
    const moved = Array.from({ length: 19 }, (_, index) =>
      createAwayFile(`m${index}`, `docs/${index}.md`, {
        list: { kind: 'renamed', from: `notes/${index}.md` },
        ...{ text: undefined, people: [], listPeople: [createAwayPerson('Ben')] },
      }),
    );
    fake.away.show([...moved, THEIRS]);
    workbench.commands.run('view.changes');
    const folder = page.getByRole('button', { name: /^notes → docs/ });
    await expect.element(folder).toMatchTextContent(/19 files/);
    await expect.element(sideBar()).toMatchTextContent(/Ben moved them/);
    expect(document.querySelectorAll('.change-row')).toHaveLength(2);
    await userEvent.click(folder);
    await vi.waitFor(() => expect(document.querySelectorAll('.change-moved .change-row')).toHaveLength(19));
    await expect.element(badge('Changes, 1 file to look at')).toBeVisible();
    await press('Keep: notes → docs');
    await vi.waitFor(() => expect(document.querySelectorAll('.change-row')).toHaveLength(1));
  });

  it('compares a file when its editor asks for that, and tells when its texts cannot be read', async () => {
    fake.away.show([BOTH, THEIRS]);
    fake.comparisonRequests.fire('f1');
    await expect.element(page.getByText('The texts are not here.')).toBeVisible();
    expect(fake.calls).not.toContain('looked at f1');
    fake.comparisonRequests.fire('f0');
    await expect.element(page.getByText(/one mine → one now/)).toBeVisible();
    fake.away.show([THEIRS]);
    await expect.element(page.getByText(/needs no look any more/)).toBeVisible();
  });

  it('draws a long list in parts, and can be read', async () => {
    fake.away.show(Array.from({ length: 250 }, (_, index) => createAwayFile(`x${index}`, `dir/${index}.ts`)));
    workbench.commands.run('view.changes');
    await expect.element(page.getByRole('button', { name: 'Show More (150)' })).toBeVisible();
    expect(document.querySelectorAll('.change-row')).toHaveLength(100);
    await press('Show More (150)');
    await vi.waitFor(() => expect(document.querySelectorAll('.change-row')).toHaveLength(200));
    for (const theme of ['dark', 'light'] as const) {
      fake.theme.set(theme);
      for (const selector of ['.change-what', '.change-folder', '.change-letter', '.changes-span']) {
        await vi.waitFor(() => {
          const element = document.querySelector(selector);
          expect(element && contrastOf(element), `${selector} in ${theme}`).toBeGreaterThanOrEqual(4.5);
        });
      }
    }
  });
});

describe('the events of the room', () => {
  it('are listed with who, when and how many files, while the view is open', async () => {
    workbench.commands.run('view.changes');
    await expect.element(page.getByText(/No events yet/)).toBeVisible();
    expect(fake.events.watchers).toBe(1);
    window.dispatchEvent(new FocusEvent('focus'));
    expect(fake.calls).toContain('refresh events');
    fake.events.show([createRoomEvent(2, { isSelf: true }), createRoomEvent(1, { label: 'x', fileCount: 1 })], {
      hasMore: true,
      explanation: 'The relay cannot be reached.',
    });
    const rows = page.getByRole('list', { name: 'Events' }).getByRole('listitem');
    await expect.element(rows.first()).toMatchTextContent(/Switched to branch main\s*Ben \(you\) · 500 files ·/);
    await expect.element(rows.nth(1)).toMatchTextContent(/x\s*Ben · 1 file ·/);
    await expect.element(page.getByText('There may be newer events: The relay cannot be reached.')).toBeVisible();
    fake.connectionState.set({ kind: 'reconnecting', sinceMs: 0, nextTryAtMs: 1, attempt: 1, explanation: 'gone' });
    const away = 'The relay cannot be reached: newer events appear once it is.';
    await expect.element(page.getByText(away)).toBeVisible();
    fake.connectionState.set({ kind: 'online', sinceMs: 0 });
    await press('Show Older Events');
    expect(fake.calls).toContain('load older events');
    await press('Events');
    await expect.element(rows.first()).not.toBeInTheDocument();
    workbench.commands.run('view.explorer');
    await vi.waitFor(() => expect(fake.events.watchers).toBe(0));
  });

  it('open to the files that they changed, which open in the editor', async () => {
    workbench.commands.run('view.changes');
    fake.events.show([createRoomEvent(2), createRoomEvent(1, { label: 'x', fileCount: 1 })]);
    fake.events.files = { ok: false, explanation: 'The relay cannot be reached.' };
    const row = page.getByRole('button', { name: /Switched to branch main/ });
    await userEvent.click(row);
    await expect.element(page.getByText('The files could not be read: The relay cannot be reached.')).toBeVisible();
    await userEvent.click(row);
    const files = [
      { fileId: 'f0', path: 'src/a.ts', isListed: true },
      { fileId: 'gone', path: 'src/<b>old.ts', isListed: false },
    ];
    fake.events.files = { ok: true, value: { files, moreCount: 400, unnamedCount: 98 } };
    await userEvent.click(row);
    await expect.element(row).toHaveAttribute('aria-expanded', 'true');
    await expect.element(page.getByText('… and 400 more')).toBeVisible();
    await expect.element(page.getByText(/98 files were only renamed or deleted/)).toBeVisible();
    await expect.element(page.getByRole('button', { name: /<b>old\.ts/ })).toBeDisabled();
    await userEvent.click(page.getByRole('list', { name: /Files of/ }).getByRole('button', { name: /^a\.ts/ }));
    await expect.element(page.getByRole('textbox', { name: 'Text of f0' })).toHaveFocus();
    expect(fake.calls.filter((call) => call.startsWith('list files'))).toEqual(['list files of 2', 'list files of 2']);
  });
});
