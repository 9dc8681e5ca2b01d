import { expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { showWorkbench } from './testing/shown-workbench.ts';

const PATHS = ['src/mod2/file4.ts', 'src/mod4/file4.ts', ...Array.from({ length: 16 }, (_, at) => `lib/part-${at}.ts`)];

function tab(index: number): Element {
  const found = document.querySelectorAll('.editor-tab')[index];
  if (!found) throw new Error(`There is no tab ${index}.`);
  return found;
}

function activeTab(): Element | null {
  return document.querySelector('.dv-tab.dv-active-tab');
}

function isInSight(tab: Element | null): boolean {
  const list = tab?.closest('.dv-tabs-container')?.getBoundingClientRect();
  const box = tab?.getBoundingClientRect();
  return list !== undefined && box !== undefined && box.left >= list.left - 1 && box.right <= list.right + 1;
}

it('gives the focus to the editor of the tab that is pressed', async () => {
  const { fake, workbench } = await showWorkbench();
  fake.open(['a.ts', 'b.ts']);
  workbench.openFile('f0');
  workbench.openFile('f1');
  await expect.element(page.getByRole('textbox', { name: 'Text of f1' })).toHaveFocus();
  await userEvent.click(tab(0));
  await expect.element(page.getByRole('textbox', { name: 'Text of f0' })).toHaveFocus();
  await userEvent.click(tab(1));
  await expect.element(page.getByRole('textbox', { name: 'Text of f1' })).toHaveFocus();
});

it('tells tabs of one name apart by their folders, also those that are brought back', async () => {
  const folders = () => [...document.querySelectorAll('.editor-tab-folder')].map(({ textContent }) => textContent);
  const { fake, scheduler, workbench } = await showWorkbench();
  fake.open(PATHS);
  workbench.openFile('f0');
  await vi.waitFor(() => expect(document.querySelectorAll('.editor-tab')).toHaveLength(1));
  expect(folders()).toEqual([]);
  workbench.openFile('f1');
  await vi.waitFor(() => expect(folders()).toEqual(['src/mod2', 'src/mod4']));
  scheduler.advance(1_000);
  void fake.model.room.leaveRoom();
  await vi.waitFor(() => expect(folders()).toEqual([]));
  fake.open(PATHS);
  await vi.waitFor(() => expect(folders()).toEqual(['src/mod2', 'src/mod4']));
});

it('scrolls the tab that becomes active into sight, of files and of pages', async () => {
  const { fake, workbench } = await showWorkbench();
  fake.open(PATHS);
  for (const index of PATHS.keys()) workbench.openFile(`f${index}`);
  await vi.waitFor(() => expect(activeTab()?.textContent).toContain('part-15.ts'));
  await vi.waitFor(() => expect(isInSight(activeTab())).toBe(true));
  workbench.openFile('f0');
  await vi.waitFor(() => expect(activeTab()?.textContent).toContain('file4.ts'));
  await vi.waitFor(() => expect(isInSight(activeTab())).toBe(true));
  workbench.commands.run('room.storage');
  await vi.waitFor(() => expect(activeTab()?.textContent).toContain('Storage'));
  await vi.waitFor(() => expect(isInSight(activeTab())).toBe(true));
});

it('goes on with the file that comes to the path of one that went, but not from edits that are only here', async () => {
  const { fake, workbench } = await showWorkbench();
  fake.open(['a.ts', 'b.ts', 'c.ts']);
  for (const fileId of ['f0', 'f1']) workbench.openFile(fileId);
  await expect.element(page.getByRole('textbox', { name: 'Text of f1' })).toBeVisible();
  fake.setFileState('f0', { saveState: { kind: 'on-this-device' } });
  const state = fake.model.workspace.state.get();
  if (state.kind !== 'open') throw new Error('no room is open');
  const left = state.files.slice(2);
  fake.workspaceState.set({ ...state, files: left });
  await vi.waitFor(() => expect(document.querySelectorAll('.editor-tab.is-gone')).toHaveLength(2));
  const again = ['a.ts', 'b.ts'].map(
    (path) => ({ fileId: `new ${path}`, path, kind: 'text', sizeBytes: undefined }) as const,
  );
  fake.workspaceState.set({ ...state, files: [...again, ...left] });
  await expect.element(page.getByRole('textbox', { name: 'Text of new b.ts' })).toBeVisible();
  expect(fake.calls.filter((call) => call.startsWith('active ')).at(-1)).toBe('active new b.ts');
  expect([...document.querySelectorAll('.editor-tab')].map((tab) => tab.classList.contains('is-gone'))).toEqual([
    true,
    false,
  ]);
  fake.setFileState('f0', { saveState: { kind: 'on-the-relay' } });
  await vi.waitFor(() => expect(document.querySelectorAll('.editor-tab.is-gone')).toHaveLength(0));
  await userEvent.click(tab(0));
  await expect.element(page.getByRole('textbox', { name: 'Text of new a.ts' })).toBeVisible();
});
