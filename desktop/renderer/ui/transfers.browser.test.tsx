import { expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { showWorkbench } from './testing/shown-workbench.ts';
import type { TransferView } from './transfers-model.ts';

/** A picture of one transparent point. */
const PNG = Uint8Array.from(
  atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='),
  (letter) => letter.charCodeAt(0),
);
const BLOB = 'a'.repeat(64);

async function showPicture(changes: { readonly sizeBytes?: number; readonly blob?: string } = {}) {
  const { fake } = await showWorkbench();
  fake.open(['logo.png', 'a.ts']);
  const state = fake.workspaceState.get();
  if (state.kind !== 'open') throw new Error('nothing is open');
  const files = state.files.map((file) => (file.path === 'logo.png' ? { ...file, sizeBytes: 68, ...changes } : file));
  fake.workspaceState.set({ ...state, files });
  await userEvent.dblClick(page.getByRole('treeitem', { name: /logo\.png/ }));
  return fake;
}

it('a picture is shown, saved and brought back as it was', async () => {
  const fake = await showPicture({ blob: BLOB });
  fake.transfers.content = { ok: true, value: PNG };
  const ana = { by: 'Ana', atMs: 0 };
  const first = { blob: 'b'.repeat(64), sizeBytes: 2048, written: undefined };
  fake.transfers.contents = {
    ok: true,
    value: [
      { blob: BLOB, sizeBytes: 68, written: ana, fate: { kind: 'counts' } },
      { ...first, fate: { kind: 'replaced', by: '<b>Ben</b>', atMs: 0 } },
      { blob: 'd'.repeat(64), sizeBytes: 1024, written: ana, fate: { kind: 'late' } },
      { blob: 'e'.repeat(64), sizeBytes: 3072, written: { by: 'Cleo', atMs: 0 }, fate: { kind: 'passed-over' } },
    ],
  };
  await userEvent.click(page.getByRole('button', { name: 'Save a Copy…' }));
  await expect.poll(() => fake.calls).toContain('save copy f0');
  await userEvent.click(page.getByRole('button', { name: 'Show Earlier Versions' }));
  await expect.element(page.getByText(/2\.0 KiB, until <b>Ben<\/b> replaced it/)).toBeVisible();
  await expect.element(page.getByText(/1\.0 KiB, by Ana, sent on .* when there was a later one/)).toBeVisible();
  await expect.element(page.getByText(/68 bytes, by Ana on .*: this one counts/)).toBeVisible();
  await expect.element(page.getByText(/3\.0 KiB, by Cleo on .*; another one counts/)).toBeVisible();
  await userEvent.click(page.getByRole('button', { name: 'Bring Back' }).first());
  await expect.poll(() => fake.calls).toContain(`bring back f0 ${'b'.repeat(64)}`);
});

it('a picture that has come is drawn', async () => {
  const { fake } = await showWorkbench();
  fake.transfers.content = { ok: true, value: PNG };
  fake.workspaceState.set({
    kind: 'open',
    name: 'demo',
    folder: undefined,
    isListed: true,
    isPartial: false,
    lockReason: undefined,
    files: [{ fileId: 'f0', path: 'images/logo.png', kind: 'binary', sizeBytes: 68, blob: BLOB }],
  });
  fake.openRequests.fire('f0');
  await expect.element(page.getByRole('img', { name: 'Picture: logo.png' })).toBeVisible();
  fake.transfers.content = { ok: false, explanation: 'The relay cannot be reached now.' };
  const state = fake.workspaceState.get();
  if (state.kind !== 'open') throw new Error('nothing is open');
  const files = state.files.map((file) => ({ ...file, blob: 'c'.repeat(64) }));
  fake.workspaceState.set({ ...state, files });
  await expect.element(page.getByText('The relay cannot be reached now.')).toBeVisible();
});

it('what damages a picture is no picture', async () => {
  const fake = await showPicture();
  fake.transfers.content = { ok: true, value: new Uint8Array([1, 2, 3]) };
  const state = fake.workspaceState.get();
  if (state.kind !== 'open') throw new Error('nothing is open');
  fake.workspaceState.set({ ...state, files: state.files.map((file) => ({ ...file, blob: BLOB })) });
  await expect.element(page.getByText('The picture cannot be shown.')).toBeVisible();
});

it('says that a content has not come, how far it is, and what keeps it', async () => {
  const fake = await showPicture({ sizeBytes: 10_485_760 });
  await expect.element(page.getByText(/The room does not have its content yet/)).toBeVisible();
  fake.transfers.showUpload('f0', 4_299_162, 10_485_760);
  await expect.element(page.getByTestId('transfers')).toHaveTextContent('↑ 1 file, 41 %');
  await expect.element(page.getByRole('treeitem', { name: /logo\.png/ })).toHaveTextContent('logo.png↑ 41 %');
  await expect.element(page.getByText('Sending to the relay: 4.1 MiB of 10.0 MiB')).toBeVisible();
  await expect.element(page.getByRole('progressbar')).toHaveAttribute('value', '41');
  const { state } = fake.transfers;
  const files = state.get().files.map((file) => ({ ...file, trouble: 'The disk of this device is full.' }));
  state.set({ ...state.get(), files });
  await expect.element(page.getByText('The disk of this device is full.')).toBeVisible();
});

it('says that a content waits for its next try, and that the relay has refused one', async () => {
  const fake = await showPicture({ sizeBytes: 10_485_760 });
  fake.transfers.showUpload('f0', 4_299_162, 10_485_760);
  const { state } = fake.transfers;
  const change = (changes: Partial<TransferView>) =>
    state.set({ ...state.get(), files: state.get().files.map((file) => ({ ...file, ...changes })) });
  const nextTryAtMs = Date.now() + 15_000;
  change({ waiting: { reason: 'The relay does not answer.', nextTryAtMs } });
  await expect.element(page.getByTestId('transfers')).toHaveTextContent('↑ 1 file, 41 % waiting');
  const until = new Date(nextTryAtMs).toLocaleTimeString();
  await expect.element(page.getByText(`The relay does not answer. Next try at ${until}.`)).toBeVisible();
  await expect.element(page.getByRole('treeitem', { name: /logo\.png/ })).toHaveTextContent('logo.png↑ 41 %, waiting');
  const none = { files: 0, doneBytes: 0, totalBytes: 0 };
  state.set({ ...state.get(), up: none });
  change({ isRefused: true, trouble: 'The room is full.' });
  await expect.element(page.getByTestId('transfers')).toHaveTextContent('1 file refused');
  await expect.element(page.getByText('Not sent to the relay: The room is full.')).toBeVisible();
  await expect.element(page.getByRole('progressbar')).not.toBeInTheDocument();
});

it('a picture that cannot be fetched now says when it comes, and comes then', async () => {
  const fake = await showPicture();
  fake.connectionState.set({ kind: 'reconnecting', sinceMs: 0, nextTryAtMs: 1, attempt: 1, explanation: 'gone' });
  fake.transfers.content = { ok: false, explanation: 'connect ECONNREFUSED' };
  const transfer = { fileId: 'f0', direction: 'down', doneBytes: 0, totalBytes: 68 } as const;
  fake.transfers.state.set({ ...fake.transfers.state.get(), files: [transfer] });
  const state = fake.workspaceState.get();
  if (state.kind !== 'open') throw new Error('nothing is open');
  fake.workspaceState.set({ ...state, files: state.files.map((file) => ({ ...file, blob: BLOB })) });
  await expect.element(page.getByText('The picture appears once the relay is reached.')).toBeVisible();
  await expect.element(page.getByText(/0 bytes of/)).not.toBeInTheDocument();
  fake.transfers.content = { ok: true, value: PNG };
  fake.connectionState.set({ kind: 'online', sinceMs: 0 });
  await expect.element(page.getByRole('img', { name: 'Picture: logo.png' })).toBeInTheDocument();
});
