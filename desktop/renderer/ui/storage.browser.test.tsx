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
  await userEvent.click(dialog.getByRole('button', { name: 'Forget' }));
  await expect.element(page.getByRole('button', { name: 'Forget paper…' })).not.toBeInTheDocument();
  expect(fake.calls).toContain('forget paper even unsent');
});

it('opens a stored room from the welcome page without its link', async () => {
  const { fake } = await showWorkbench();
  fake.storage.rooms.set([createStoredRoom('paper', { name: '<b>Paper</b>' })]);
  fake.workspaceState.set({ kind: 'none' });
  await userEvent.click(page.getByRole('button', { name: '<b>Paper</b>', exact: true }));
  expect(fake.calls).toContain('open room paper');
});

it('tells the size of the open room in the status bar, and opens another window', async () => {
  const { fake, workbench } = await showWorkbench();
  fake.storage.current.set(createStoredRoom('paper'));
  await expect.element(page.getByTitle(/12\.4 MiB on this device/)).toBeVisible();
  workbench.runCommand('window.new');
  await expect.poll(() => fake.calls).toContain('open window');
});
