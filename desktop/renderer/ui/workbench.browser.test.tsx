import { beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { RenderedWorkbench } from './index.ts';
import { createParticipant, type FakeWorkbench } from './testing/fake-workbench.ts';
import { showWorkbench } from './testing/shown-workbench.ts';

const HOSTILE = '<img src=x onerror="document.title=String(1)">';

let fake: FakeWorkbench;
let workbench: RenderedWorkbench;

beforeEach(async () => {
  ({ fake, workbench } = await showWorkbench({ files: [] }));
});

function node(id: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(`[data-node="${CSS.escape(id)}"]`);
  if (!found) throw new Error(`No row ${id} is drawn.`);
  return found;
}

function rowNames(): string[] {
  return [...document.querySelectorAll('.explorer-row .explorer-name')].map((row) => row.textContent);
}

function tabNames(): string[] {
  return [...document.querySelectorAll('.editor-tab-name')].map((tab) => tab.textContent);
}

/** So long that what sets the focus later has done so. */
const someTurns = () => new Promise((resolve) => setTimeout(resolve, 100));

async function rowsShown(): Promise<void> {
  await vi.waitFor(() => expect(rowNames().length).toBeGreaterThan(0));
}

describe('explorer', () => {
  it('draws only the rows in sight of 2,000 files, and the others after scrolling', async () => {
    fake.open(Array.from({ length: 2_000 }, (_, index) => `file-${index}.ts`));
    await rowsShown();
    expect(rowNames().length).toBeLessThan(80);
    expect(rowNames()).toContain('file-0.ts');
    document.querySelector('.explorer-scroller')?.scrollTo({ top: 22 * 2_000 });
    await vi.waitFor(() => expect(rowNames()).toContain('file-1999.ts'));
    expect(rowNames().length).toBeLessThan(80);
  });

  it('is walked by keyboard: opens a folder, previews with Space and opens with Enter', async () => {
    fake.open(['src/a.ts', 'src/b.ts', 'z.ts']);
    await rowsShown();
    node('folder:src').focus();
    await userEvent.keyboard('{ArrowRight}');
    await vi.waitFor(() => expect(rowNames()).toEqual(['src', 'a.ts', 'b.ts', 'z.ts']));
    await userEvent.keyboard('{ArrowDown}');
    await vi.waitFor(() => expect(document.activeElement).toBe(node('file:f0')));
    await userEvent.keyboard(' ');
    await vi.waitFor(() => expect(tabNames()).toEqual(['a.ts']));
    expect(document.activeElement).toBe(node('file:f0'));
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByLabelText('Text of f0')).toHaveFocus();
  });

  it('renames with F2, explains a name that is taken, and keeps the old one on Escape', async () => {
    fake.open(['a.ts', 'b.ts']);
    await rowsShown();
    node('file:f0').focus();
    await userEvent.keyboard('{F2}');
    const input = page.getByLabelText('New name of a.ts');
    await expect.element(input).toHaveFocus();
    await userEvent.fill(input, 'b.ts');
    await expect.element(page.getByText(/already exists/)).toBeVisible();
    await userEvent.keyboard('{Enter}');
    expect(fake.calls).not.toContain('renameFile f0 b.ts');
    await userEvent.keyboard('{Escape}');
    await vi.waitFor(() => expect(rowNames()).toEqual(['a.ts', 'b.ts']));
    await vi.waitFor(() => expect(document.activeElement).toBe(node('file:f0')));
    await userEvent.keyboard('{F2}');
    await userEvent.fill(page.getByLabelText('New name of a.ts'), 'c.ts');
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(rowNames()).toEqual(['b.ts', 'c.ts']));
  });

  it('renames a folder as one action', async () => {
    fake.open(['src/a.ts', 'src/deep/b.ts']);
    await rowsShown();
    node('folder:src').focus();
    await userEvent.keyboard('{F2}');
    await userEvent.fill(page.getByLabelText('New name of src'), 'lib');
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(fake.calls).toContain('renameFolder src lib'));
    expect(fake.files.map(({ path }) => path)).toEqual(['lib/a.ts', 'lib/deep/b.ts']);
  });

  it('creates a file in the folder that has the focus, and opens it', async () => {
    fake.open(['src/a.ts']);
    await rowsShown();
    node('folder:src').focus();
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    workbench.commands.run('explorer.newFile');
    const input = page.getByLabelText('Name of the new file');
    await userEvent.fill(input, 'new.ts');
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(tabNames()).toEqual(['new.ts']));
    expect(fake.calls).toContain('createFile src/new.ts');
  });

  it('types on in the editor of a new file, and in the tree when none was made', async () => {
    fake.open(['a.ts']);
    await rowsShown();
    node('file:f0').focus();
    workbench.commands.run('explorer.newFile');
    await userEvent.fill(page.getByLabelText('Name of the new file'), 'new.ts');
    await userEvent.keyboard('{Enter}');
    const text = page.getByLabelText('Text of new1');
    await expect.element(text).toHaveFocus();
    await someTurns();
    await userEvent.keyboard('typed');
    await expect.element(text).toHaveDisplayValue(/typed/);
    fake.nextOutcome = { ok: false, explanation: 'The name is reserved on Windows.' };
    workbench.commands.run('explorer.newFile');
    await userEvent.fill(page.getByLabelText('Name of the new file'), 'con.ts');
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(document.activeElement?.closest('.explorer-row')).not.toBeNull());
  });

  it.each([
    ['below', 'file:f1', 'file:f2', 'createFile src/new.ts'],
    ['above, when none is below', 'file:f3', 'file:f2', 'createFile src/new.ts'],
    ['that stays, when its folder goes with it', 'file:f0', 'folder:src', 'createFile src/new.ts'],
  ])('gives the focus to the row %s after a deletion, and puts new files there', async (_case, deleted, next, call) => {
    fake.open(['.ci/build.yml', 'src/maths.ts', 'src/other.ts', 'zoo.md']);
    await rowsShown();
    for (const folder of ['folder:.ci', 'folder:src']) node(folder).click();
    await vi.waitFor(() => expect(rowNames()).toHaveLength(6));
    node(deleted).click();
    node(deleted).focus();
    await userEvent.keyboard('{Delete}');
    await userEvent.click(page.getByRole('button', { name: 'Delete', exact: true }));
    await vi.waitFor(() => expect(document.activeElement).toBe(node(next)));
    workbench.commands.run('explorer.newFile');
    await userEvent.fill(page.getByLabelText('Name of the new file'), 'new.ts');
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(fake.calls).toContain(call));
  });

  it('creates a file beside the next one after the file that had the focus was deleted', async () => {
    fake.open(['docs/guide.md', 'src/maths.ts', 'src/other.ts', 'README.md']);
    await rowsShown();
    node('folder:src').click();
    await vi.waitFor(() => expect(rowNames()).toContain('maths.ts'));
    node('file:f1').click();
    workbench.commands.run('explorer.newFile');
    await vi.waitFor(() => expect(document.querySelector('.name-input')).not.toBeNull());
    await userEvent.keyboard('{Escape}');
    node('file:f1').focus();
    await userEvent.keyboard('{Delete}');
    await userEvent.click(page.getByRole('button', { name: 'Delete', exact: true }));
    await vi.waitFor(() => expect(rowNames()).not.toContain('maths.ts'));
    await vi.waitFor(() => expect(document.activeElement).toBe(node('file:f2')));
    workbench.commands.run('explorer.newFile');
    await userEvent.fill(page.getByLabelText('Name of the new file'), 'new.ts');
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(fake.calls).toContain('createFile src/new.ts'));
  });

  it('shows who is in a file by the initials of the list of people', async () => {
    fake.open(['a.ts']);
    fake.participants.set([createParticipant('Bea', { fileId: 'f0', colorIndex: 2 })]);
    await rowsShown();
    workbench.openFile('f0');
    await vi.waitFor(() => expect(document.querySelectorAll('.presence-avatars')).toHaveLength(2));
    for (const mark of document.querySelectorAll('.presence-avatars')) {
      expect(mark.textContent).toBe('B');
      expect(mark.getAttribute('aria-label')).toBe('Here: Bea');
    }
  });

  it('tells why a file could not be created', async () => {
    fake.open(['a.ts']);
    await rowsShown();
    fake.nextOutcome = { ok: false, explanation: 'The name is reserved on Windows.' };
    workbench.commands.run('explorer.newFile');
    await userEvent.fill(page.getByLabelText('Name of the new file'), 'con.ts');
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByText(/The name is reserved on Windows/)).toBeVisible();
  });

  it('deletes only after a yes, and gives the focus back', async () => {
    fake.open(['src/a.ts', 'src/b.ts', 'c.ts']);
    await rowsShown();
    node('folder:src').focus();
    await userEvent.keyboard('{Delete}');
    await expect.element(page.getByRole('alertdialog')).toMatchTextContent(/Delete the folder "src" and its 2 files\?/);
    await userEvent.keyboard('{Escape}');
    await vi.waitFor(() => expect(document.activeElement).toBe(node('folder:src')));
    await userEvent.keyboard('{Delete}');
    await userEvent.click(page.getByRole('button', { name: 'Delete', exact: true }));
    await vi.waitFor(() => expect(rowNames()).toEqual(['c.ts']));
    expect(fake.calls).toContain('deleteFiles f0 f1');
  });

  it('shows names from others as text', async () => {
    fake.open([`${HOSTILE}.ts`]);
    fake.participants.set([createParticipant(HOSTILE, { fileId: 'f0', activePath: `${HOSTILE}.ts` })]);
    await rowsShown();
    node('file:f0').click();
    workbench.commands.run('view.people');
    await vi.waitFor(() => expect(document.querySelector('.person-name')?.textContent).toBe(HOSTILE));
    await vi.waitFor(() => expect(tabNames()).toEqual([`${HOSTILE}.ts`]));
    expect(document.querySelectorAll('img')).toHaveLength(0);
  });

  it('says what it waits for, and what to do when there is nothing', async () => {
    fake.open([], { isListed: false });
    await expect.element(page.getByText(/Listing files…/)).toBeVisible();
    fake.connectionDelay.set('no-connection');
    await expect.element(page.getByText(/not on this device yet\. They come as soon as the relay/)).toBeVisible();
    fake.connectionState.set({ kind: 'ended', sinceMs: 0, closeCode: 4403, explanation: 'Taken back.' });
    await expect.element(page.getByText('The files of this room are not on this device.')).toBeVisible();
    fake.open([]);
    await expect.element(page.getByText(/There are no files here yet\./)).toBeVisible();
  });

  it('says why files cannot be created, renamed or deleted, and that there are more than are shown', async () => {
    fake.open(['a.ts'], { isPartial: true, lockReason: 'Only a part is yours.' });
    await rowsShown();
    await expect.element(page.getByText('Only a part of this room is shared with you')).toBeVisible();
    const newFile = page.getByRole('button', { name: 'New File…' });
    await expect.element(newFile).toHaveAttribute('aria-disabled', 'true');
    await newFile.hover();
    await expect.element(page.getByText('New File…: Only a part is yours.')).toBeVisible();
    node('file:f0').click();
    node('file:f0').focus();
    for (const key of ['{F2}', '{Delete}']) {
      await userEvent.keyboard(key);
      await expect.element(page.getByText('Files cannot be changed here.').first()).toBeVisible();
    }
    expect(document.querySelector('.name-input')).toBeNull();
    expect(document.querySelector('[role=alertdialog]')).toBeNull();
  });
});

describe('editors', () => {
  it('replaces a preview, keeps what was edited, and disposes editors of closed tabs', async () => {
    fake.open(['a.ts', 'b.ts', 'c.ts']);
    await rowsShown();
    node('file:f0').click();
    await vi.waitFor(() => expect(tabNames()).toEqual(['a.ts']));
    fake.setFileState('f0', { saveState: { kind: 'saving' } });
    await vi.waitFor(() => expect(document.querySelector('.editor-tab.is-preview')).toBeNull());
    node('file:f1').click();
    await vi.waitFor(() => expect(tabNames()).toEqual(['a.ts', 'b.ts']));
    node('file:f2').click();
    await vi.waitFor(() => expect(tabNames()).toEqual(['a.ts', 'c.ts']));
    await vi.waitFor(() => expect(fake.liveEditors).toBe(2));
    workbench.commands.run('editor.closeAll');
    await vi.waitFor(() => expect(fake.liveEditors).toBe(0));
    expect(fake.calls.at(-1)).toBe('active none');
  });

  it('closes by middle click, splits by key and says which file is active', async () => {
    fake.open(['a.ts', 'b.ts']);
    await rowsShown();
    workbench.openFile('f0');
    workbench.openFile('f1');
    await expect.element(page.getByLabelText('Text of f1')).toHaveFocus();
    await userEvent.keyboard('{Control>}\\{/Control}');
    await vi.waitFor(() => expect(tabNames()).toEqual(['a.ts', 'b.ts', 'b.ts']));
    const [first] = document.querySelectorAll('.editor-tab');
    first?.dispatchEvent(new MouseEvent('mouseup', { bubbles: true, button: 1 }));
    await vi.waitFor(() => expect(tabNames()).toEqual(['b.ts', 'b.ts']));
    expect(fake.calls).toContain('active f1');
  });

  it('marks a tab whose edits are not on the relay, and says so in the status bar', async () => {
    fake.open(['a.ts']);
    await rowsShown();
    workbench.openFile('f0');
    await expect.element(page.getByTestId('save-state')).toMatchTextContent(/On the relay/);
    fake.setFileState('f0', { saveState: { kind: 'on-this-device' } });
    await expect.element(page.getByTestId('save-state')).toMatchTextContent(/On this device/);
    await expect.element(page.getByRole('button', { name: 'Close a.ts (On this device)' })).toBeVisible();
  });

  it('says in the status bar whether a file is the same with everybody, and offers a resync when it is not', async () => {
    fake.open(['a.ts']);
    await rowsShown();
    workbench.openFile('f0');
    await expect.element(page.getByTestId('save-state')).toMatchTextContent(/On the relay/);
    expect(page.getByTestId('agreement').elements()).toEqual([]);
    fake.setFileState('f0', { agreement: { kind: 'waiting', names: ['Ben'], before: undefined } });
    await expect.element(page.getByTestId('agreement')).toMatchTextContent(/Comparing/);
    const identical = { kind: 'identical', names: ['Ben', '<b>Cleo</b>'], missing: [] } as const;
    fake.setFileState('f0', { agreement: identical });
    await expect.element(page.getByTestId('agreement')).toMatchTextContent(/Identical on all 3/);
    await expect.element(page.getByTitle('The text is the same here and with: Ben, <b>Cleo</b>')).toBeVisible();
    expect(document.querySelector('.status-stale')).toBeNull();
    fake.setFileState('f0', { agreement: { kind: 'waiting', names: ['Ben'], before: identical } });
    await expect.element(page.getByTestId('agreement')).toMatchTextContent(/^Identical on all 3 …$/);
    expect(document.querySelector('.status-stale')).not.toBeNull();
    fake.setFileState('f0', { agreement: { kind: 'differs', names: ['Ben'], isHere: false } });
    await page.getByRole('button', { name: 'Differs. Press to resync; both texts are kept.' }).click();
    expect(fake.calls).toContain('resync f0');
  });

  it('reopens closed editors, the last one first, but none that is gone', async () => {
    fake.open(['a.ts', 'b.ts', 'c.ts']);
    await rowsShown();
    for (const fileId of ['f0', 'f1', 'f2']) workbench.openFile(fileId);
    await vi.waitFor(() => expect(tabNames()).toEqual(['a.ts', 'b.ts', 'c.ts']));
    workbench.commands.run('editor.closeAll');
    await vi.waitFor(() => expect(tabNames()).toEqual([]));
    fake.open(['a.ts', 'b.ts']);
    const reopen = () => userEvent.keyboard('{Control>}{Shift>}T{/Shift}{/Control}');
    await reopen();
    await vi.waitFor(() => expect(tabNames()).toEqual(['b.ts']));
    await expect.element(page.getByLabelText('Text of f1')).toHaveFocus();
    await reopen();
    await vi.waitFor(() => expect(tabNames()).toEqual(['b.ts', 'a.ts']));
    expect(workbench.commands.isEnabled('editor.reopenClosed')).toBe(false);
  });

  it('announces tabs by the names of their files', async () => {
    fake.open(['src/a.ts']);
    await rowsShown();
    workbench.openFile('f0');
    const said = () => [...document.querySelectorAll('[aria-live]')].map((region) => region.textContent).join('|');
    await vi.waitFor(() => expect(said()).toContain('a.ts opened'));
    expect(said()).not.toContain('f0#');
    workbench.commands.run('editor.closeAll');
    await vi.waitFor(() => expect(said()).toContain('a.ts closed'));
    expect(said()).not.toContain('f0#');
  });

  it('brings back tabs, groups and open folders, without the files that are gone', async () => {
    fake.open(['src/a.ts', 'docs/b.md', 'c.ts']);
    await rowsShown();
    node('folder:docs').click();
    await vi.waitFor(() => expect(rowNames()).toContain('b.md'));
    for (const fileId of ['f0', 'f1', 'f2']) workbench.openFile(fileId);
    await expect.element(page.getByLabelText('Text of f2')).toHaveFocus();
    workbench.commands.run('editor.split');
    await vi.waitFor(() => expect(tabNames()).toEqual(['a.ts', 'b.md', 'c.ts', 'c.ts']));
    workbench.dispose();
    fake.open([], { isListed: false });
    ({ workbench } = await showWorkbench({ files: [], model: () => fake }));
    await expect.element(page.getByText(/Listing files…/)).toBeVisible();
    fake.open(['src/a.ts', 'docs/b.md']);
    await vi.waitFor(() => expect(tabNames()).toEqual(['a.ts', 'b.md']));
    await vi.waitFor(() => expect(rowNames()).toContain('b.md'));
    workbench.openFile('f0');
    await expect.element(page.getByLabelText('Text of f0')).toHaveFocus();
    expect(tabNames()).toEqual(['a.ts', 'b.md']);
  });

  it('starts empty when what was kept cannot be read', async () => {
    fake.savedLayout = { tabs: { grid: { root: 3 }, panels: { x: {} } }, expandedIds: ['folder:gone'] };
    fake.open(['a.ts']);
    await rowsShown();
    workbench.openFile('f0');
    await vi.waitFor(() => expect(tabNames()).toEqual(['a.ts']));
  });

  it('says what is wrong with a file and keeps the tab of one that was deleted', async () => {
    fake.open(['a.ts', 'b.png']);
    await rowsShown();
    workbench.openFile('f0');
    fake.setFileState('f0', { problem: { severity: 'error', message: 'The disk is full.', actions: [] } });
    await expect.element(page.getByText(/The disk is full/)).toBeVisible();
    fake.setFileState('f0', { problem: undefined });
    fake.open([]);
    await expect.element(page.getByText(/"a\.ts" is no longer in the workspace\./)).toBeVisible();
    expect(tabNames()).toEqual(['a.ts']);
  });

  it('lists binaries but does not show them as text', async () => {
    fake.open(['b.png']);
    await rowsShown();
    workbench.openFile('f0');
    await expect.element(page.getByText(/because it is binary/)).toBeVisible();
    expect(fake.liveEditors).toBe(0);
  });
});
