import { expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { createStoredRoom } from './testing/fake-storage.ts';
import { showWorkbench } from './testing/shown-workbench.ts';

it('lists what is stored with its size, and forgets a room only after saying what is lost', async () => {
  const { fake, workbench } = await showWorkbench();
  fake.storage.sizeBytes.set(13_002_342);
  fake.storage.rooms.set([createStoredRoom('paper', { unsentDocuments: 3 }), createStoredRoom('notes')]);
  workbench.runCommand('room.storage');
  const list = page.getByRole('list', { name: 'Rooms on this device' });
  await expect.element(page.getByText('Rooms on this device: 12.4 MiB in all')).toBeVisible();
  await expect.element(list).toMatchTextContent(/Edits in 3 files are not on the relay/);
  const [body, row] = ['.access-page-body', '.stored-room'].map((name) => document.querySelector(name));
  const [outer, inner] = [body?.getBoundingClientRect(), row?.getBoundingClientRect()];
  expect((inner?.left ?? 0) - (outer?.left ?? 0)).toBeGreaterThanOrEqual(16);
  expect((outer?.right ?? 0) - (inner?.right ?? 0)).toBeGreaterThanOrEqual(16);
  await userEvent.click(page.getByRole('button', { name: 'Forget paper…' }));
  const dialog = page.getByRole('alertdialog');
  await expect.element(dialog).toMatchTextContent(/Forget "paper" on this device\?/);
  await expect.element(dialog).toMatchTextContent(/Edits in 3 files are not on the relay\. They are lost\./);
  // Whoever presses Enter without reading loses nothing.
  await expect.element(dialog.getByRole('button', { name: 'Cancel' })).toHaveFocus();
  const forget = dialog.getByRole('button', { name: 'Forget' });
  expect(getComputedStyle(forget.element()).backgroundColor).toBe('rgb(185, 16, 7)');
  await userEvent.keyboard('{Enter}');
  await expect.element(dialog).not.toBeInTheDocument();
  expect(fake.calls).not.toContain('forget paper even unsent');
  await userEvent.click(page.getByRole('button', { name: 'Forget paper…' }));
  await userEvent.click(forget);
  await expect.element(page.getByRole('button', { name: 'Forget paper…' })).not.toBeInTheDocument();
  expect(fake.calls).toContain('forget paper even unsent');
});

it('what would be lost with a room can be kept first', async () => {
  const { fake, workbench } = await showWorkbench();
  const [here, elsewhere] = ['paper', 'notes'].map((key) => createStoredRoom(key, { unsentDocuments: 1 }));
  fake.storage.rooms.set([here, elsewhere].filter((room) => room !== undefined));
  fake.storage.current.set(here);
  workbench.runCommand('room.storage');
  await userEvent.click(page.getByRole('button', { name: 'Forget paper…' }));
  const dialog = page.getByRole('alertdialog');
  await userEvent.click(dialog.getByRole('button', { name: 'Export My Unsent Edits…' }));
  await userEvent.click(dialog.getByRole('button', { name: 'Save a Copy of the Files…' }));
  await userEvent.click(dialog.getByRole('button', { name: 'Cancel' }));
  await userEvent.click(page.getByRole('button', { name: 'Forget notes…' }));
  await userEvent.click(dialog.getByRole('button', { name: 'Open the Room Instead' }));
  await expect.element(dialog).not.toBeInTheDocument();
  expect(fake.calls.slice(-3)).toEqual(['exportUnsent', 'exportFiles', 'open room notes']);
});

it('shows what is stored as it is, and not as it was when the page was opened', async () => {
  const { fake, workbench, scheduler } = await showWorkbench();
  const find = (unsentDocuments: number) => () =>
    fake.storage.rooms.set([createStoredRoom('paper', { unsentDocuments, isOpen: true })]);
  fake.storage.onRefresh = find(3);
  workbench.runCommand('room.storage');
  const list = page.getByRole('list', { name: 'Rooms on this device' });
  await expect.element(list).toMatchTextContent(/Edits in 3 files are not on the relay.*Open now/);
  fake.storage.onRefresh = find(2);
  fake.connectionState.set({ kind: 'online', sinceMs: 1 });
  await expect.element(list).toMatchTextContent(/Edits in 2 files/);
  fake.storage.onRefresh = find(0);
  await expect.poll(() => (scheduler.advance(5_000), list.element().textContent)).not.toContain('Edits in');
});

it('is found by its name in the command palette, and says of the open room that it is open, and not since when', async () => {
  const { fake, scheduler } = await showWorkbench();
  const openedMs = scheduler.now() - 8 * 60_000;
  const stored = [createStoredRoom('paper', { isOpen: true, openedMs }), createStoredRoom('notes', { openedMs })];
  fake.storage.rooms.set(stored);
  await userEvent.keyboard('{F1}');
  await userEvent.fill(page.getByRole('combobox'), '>storage');
  await expect
    .element(page.getByRole('option').first())
    .toMatchTextContent('Storage: Show What Is Stored on This Device');
  await userEvent.keyboard('{Enter}');
  const rows = page.getByRole('list', { name: 'Rooms on this device' }).getByRole('listitem');
  await expect.element(rows.nth(1)).toMatchTextContent(/8 minutes ago/);
  await expect.element(rows.nth(0)).toMatchTextContent(/Open now/);
  await expect.element(rows.nth(0)).not.toMatchTextContent(/ago/);
});

it('opens a stored room from the welcome page without its link', async () => {
  const { fake } = await showWorkbench();
  fake.storage.rooms.set([createStoredRoom('paper', { name: '<b>Paper</b>' })]);
  fake.workspaceState.set({ kind: 'none' });
  await userEvent.click(page.getByRole('button', { name: '<b>Paper</b>', exact: true }));
  expect(fake.calls).toContain('open room paper');
});

it('the welcome page names what was open last, with what the relay lacks, and leads to all that is stored', async () => {
  const { fake, workbench } = await showWorkbench();
  const folders = Array.from({ length: 9 }, (_unused, index) =>
    createStoredRoom(`folder-${index}`, { name: undefined, folder: `/home/ana/folder-${index}`, isOwner: true }),
  );
  fake.storage.rooms.set([createStoredRoom('paper', { unsentDocuments: 3 }), ...folders]);
  fake.workspaceState.set({ kind: 'none' });
  const recent = page.getByRole('list', { name: 'Recent' });
  await expect.element(recent).toMatchTextContent(/paper.*Edits in 3 files are not on the relay.*folder-0.*folder-6$/);
  await userEvent.click(page.getByRole('button', { name: 'More…' }));
  await expect.element(page.getByRole('button', { name: 'Forget folder-8…' })).toBeVisible();
  await userEvent.click(page.getByRole('button', { name: 'Open Untitled Room' }));
  expect(fake.calls).toContain('openUntitled');
  fake.open(['a.ts']);
  await expect.element(recent).not.toBeInTheDocument();
  fake.workspaceState.set({ kind: 'none' });
  await expect.element(recent).toBeVisible();
  expect(page.getByRole('list', { name: 'Rooms on this device' }).query()).toBeNull();
  workbench.runCommand('room.storage');
  await expect.element(page.getByRole('list', { name: 'Rooms on this device' })).toBeVisible();
});

it('the menu of a page leads to what was open last', async () => {
  const { fake } = await showWorkbench();
  fake.storage.rooms.set([createStoredRoom('paper')]);
  await userEvent.click(page.getByRole('menuitem', { name: 'File' }));
  await userEvent.click(page.getByRole('menuitem', { name: 'Open Recent' }));
  await userEvent.click(page.getByRole('menuitem', { name: 'paper' }));
  expect(fake.calls).toContain('open room paper');
});

it('tells the size of the open room in the status bar, and opens another window', async () => {
  const { fake, workbench } = await showWorkbench();
  fake.storage.current.set(createStoredRoom('paper'));
  await expect.element(page.getByTitle(/12\.4 MiB on this device/)).toBeVisible();
  workbench.runCommand('window.new');
  await expect.poll(() => fake.calls).toContain('open window');
});
