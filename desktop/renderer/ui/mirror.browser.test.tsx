import { expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { createPreview } from './testing/fake-mirror.ts';
import { showWorkbench } from './testing/shown-workbench.ts';

const FOLDER = '/home/ben/demo';

async function ask(preview = createPreview()) {
  const shown = await showWorkbench();
  shown.fake.mirror.state.set({ kind: 'asking', preview, isReview: false });
  await expect.element(page.getByRole('button', { name: 'Mirror', exact: true })).toBeVisible();
  return shown;
}

it('a folder with files of its own is shown by itself, with what differs, and nothing starts before it is answered', async () => {
  const { fake } = await ask();
  const lists = page.getByRole('group', { name: 'Files of folder and room' });
  const shown = [...lists.element().querySelectorAll('section')].map((section) => section.getAttribute('aria-label'));
  // What changes comes first, however many files only come to the folder.
  expect(shown).toEqual([
    'Different',
    'Different, and no text',
    'Cannot come to the folder',
    'Only in the folder',
    'Left out',
    'Only in the room',
  ]);
  await expect.element(page.getByText('src/new.ts')).not.toBeVisible();
  await page.getByText('Only in the room: 1').click();
  await expect.element(page.getByText('src/new.ts')).toBeVisible();
  await expect
    .poll(() => page.getByRole('heading', { name: /Mirror this room to/ }).element().textContent)
    .toContain('4 files of it (2.4 KiB) will be backed up first.');
  const difference = page.getByRole('region', { name: 'README.md: the room’s text and yours' });
  await expect.element(difference).toMatchTextContent(/− the room’s\s*\+ mine/);
  await page.getByRole('button', { name: 'src/main.ts' }).click();
  await expect.element(page.getByRole('region', { name: 'src/main.ts: the room’s text and yours' })).toBeVisible();
  expect(fake.calls.filter((call) => call.startsWith('start mirror'))).toEqual([]);
  expect(fake.calls.filter((call) => call.startsWith('read difference'))).toEqual([
    'read difference README.md',
    'read difference src/main.ts',
  ]);
});

it('the room’s files are taken unless something else is chosen', async () => {
  const { fake } = await ask();
  await page.getByRole('button', { name: 'Mirror', exact: true }).click();
  await expect.poll(() => fake.calls).toContain('start mirror');
});

it('own files are shared and own texts taken where that is chosen', async () => {
  const { fake } = await ask();
  await page.getByRole('combobox', { name: 'Text of src/main.ts' }).selectOptions('mine');
  await page.getByRole('checkbox', { name: 'Share these files, too' }).click();
  await page.getByRole('button', { name: 'Mirror', exact: true }).click();
  await expect.poll(() => fake.calls).toContain('start mirror sharing mine:src/main.ts');
});

it('what happens to each file is said beside it', async () => {
  const { fake } = await ask();
  const region = (name: string) => page.getByRole('region', { name, exact: true });
  await expect.element(region('Different, and no text')).toMatchTextContent(/takes the place of yours.*pic\.png1 byte/);
  await expect
    .element(region('Cannot come to the folder'))
    .toMatchTextContent(/docs\/a\.md"docs" is a link on this disk/);
  await expect
    .element(region('Only in the folder'))
    .toMatchTextContent(/only in case from the room’s “Notes\.md”: once shared, it is called “notes \(2\)\.md”/);
  await expect.element(region('Left out')).toMatchTextContent(/node_modules.*\.gitignore\.video\.mp4.*11\.4 MiB/);
  await page.getByRole('combobox', { name: 'Content of pic.png' }).selectOptions('mine');
  await page.getByRole('button', { name: 'Mirror', exact: true }).click();
  await expect.poll(() => fake.calls).toContain('start mirror mine:pic.png');
});

it('a folder that has changed, and one that cannot be backed up, are told', async () => {
  const { fake } = await ask();
  fake.mirror.nextStart = { ok: true, value: { kind: 'changed' } };
  await page.getByRole('button', { name: 'Mirror', exact: true }).click();
  await expect.element(page.getByText(/The folder has changed meanwhile/)).toBeVisible();
  fake.mirror.nextStart = { ok: false, explanation: 'Your files could not be backed up.' };
  await page.getByRole('button', { name: 'Mirror', exact: true }).click();
  await expect.element(page.getByText(/Your files could not be backed up/)).toBeVisible();
});

it('a large backup is asked about first', async () => {
  const { fake } = await ask();
  fake.mirror.nextStart = { ok: true, value: { kind: 'large-backup', sizeBytes: 3 * 1024 ** 3 } };
  await page.getByRole('button', { name: 'Mirror', exact: true }).click();
  await expect.element(page.getByRole('alertdialog', { name: 'Back up 3.0 GiB first?' })).toBeVisible();
  await page.getByRole('button', { name: 'Back Up and Go On' }).click();
  await expect.poll(() => fake.calls).toContain('start mirror large');
});

it('whoever may only read has nothing to choose', async () => {
  await ask(createPreview({ direction: 'to-disk' }));
  await expect.element(page.getByRole('combobox', { name: 'Text of README.md' })).toBeDisabled();
  await expect.element(page.getByRole('checkbox', { name: 'Share these files, too' })).toBeDisabled();
});

it('the status bar shows the folder, and the way to its page', async () => {
  const { fake } = await showWorkbench();
  fake.mirror.state.set({
    kind: 'running',
    folder: FOLDER,
    direction: 'both',
    heldCount: 2,
    heldPaths: ['draft.md', 'notes.md'],
    isHeldByChoice: true,
    unshared: [{ path: 'case.txt', reason: 'Its name differs only in case.' }],
    unsharedCount: 1,
    backup: '/data/backups/x',
  });
  await page.getByRole('button', { name: /The room is mirrored to this folder/ }).click();
  await expect
    .poll(() => page.getByRole('main').element().textContent)
    .toMatch(
      /2 files of the folder are not shared: you left them out\. Everything else is\. Review.*notes\.md.*One file cannot be shared.*case\.txt.*only in case/,
    );
  for (const [button, call] of [
    ['Review', 'review mirror'],
    ['Show Backup', 'reveal backup'],
    ['Show case.txt in Folder', 'show case.txt'],
    ['Show Folder', 'reveal folder'],
    ['Stop Mirroring', 'stop mirror'],
  ] as const) {
    await page.getByRole('button', { name: button, exact: true }).click();
    await expect.poll(() => fake.calls).toContain(call);
  }
});

it('the command asks for a folder, and says why one cannot be had', async () => {
  const { fake, workbench } = await showWorkbench();
  fake.nextOutcome = { ok: false, explanation: '"/" is the whole disk.' };
  workbench.runCommand('room.mirror');
  await expect.element(page.getByText('"/" is the whole disk.')).toBeVisible();
  expect(fake.calls).toContain('choose mirror folder');
  await userEvent.keyboard('{Escape}');
});

it('a review of what is not shared asks nothing about mirroring', async () => {
  const { fake } = await showWorkbench();
  fake.mirror.state.set({ kind: 'asking', preview: createPreview(), isReview: true });
  await expect.element(page.getByRole('heading', { name: /What is not shared of/ })).toBeVisible();
  await expect.element(page.getByRole('button', { name: 'Apply', exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Leave as It Is' }).click();
  await expect.poll(() => fake.calls).toContain('cancel mirror');
});
