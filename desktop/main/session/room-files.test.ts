import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { CONTENT_TEXT, INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { MemoryOfflineStore } from '../../../shared/testing/memory-offline-store.ts';
import { Engine } from '../testing/engine.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { RoomFiles } from './room-files.ts';
import { openRoomStorage } from './room-storage.ts';

const FILES = 5_000;

async function openFiles(isKnown: (fileId: string) => boolean) {
  const storage = join(temporaryFolder(), 'room.sqlite');
  const engine = await Engine.start({ syncUrl: 'ws://127.0.0.1:9/sync/room', token: 'none', storage });
  const { doc } = engine.open(INDEX_DOCUMENT).replica;
  const index = new WorkspaceIndex(doc, { random: Math.random, nowMs: Date.now });
  onTestFinished(() => index.dispose());
  const files = new RoomFiles(engine.session, index, isKnown);
  onTestFinished(() => files.dispose());
  return { engine, index, files };
}

it(`finds each of ${FILES} files by its id in far less than a second`, async () => {
  const { index, files } = await openFiles(() => true);
  const ids = index.add(
    Array.from({ length: FILES }, (_unused, n) => ({ path: `f${n}`, eol: 'LF', bom: false, kind: 'text' })),
  );
  expect(files.files).toHaveLength(FILES);
  const startMs = performance.now();
  for (const fileId of ids) expect(files.get(fileId)?.fileId).toBe(fileId);
  expect(files.files).toBe(files.files);
  expect(performance.now() - startMs).toBeLessThan(1_000);
});

it('holds back a text of somebody else until it has come, in the list and by its id', async () => {
  const { index, files } = await openFiles(() => false);
  const [theirs = ''] = index.add([{ path: 'theirs.txt', eol: 'LF', bom: false, kind: 'text' }]);
  const [own = ''] = await files.createFiles([{ path: 'own.txt', eol: 'LF', bom: false, kind: 'text', text: 'x' }]);
  expect(files.files.map(({ fileId }) => fileId)).toEqual([own]);
  expect(files.get(theirs)).toBeUndefined();
  expect(files.get(own)?.path).toBe('own.txt');
  expect(files.isPathTaken('theirs.txt')).toBe(true);
  expect(files.isPathTaken('nobodys.txt')).toBe(false);
  const changed = Promise.withResolvers<void>();
  const following = files.onDidChangeFiles(() => changed.resolve());
  onTestFinished(() => following.dispose());
  files.applyEdits(theirs, [{ offset: 0, deleteLength: 0, insert: 'y' }]);
  await files.whenTextReady(theirs);
  await changed.promise;
  expect(files.get(theirs)?.path).toBe('theirs.txt');
  expect(files.files.map(({ path }) => path)).toEqual(['own.txt', 'theirs.txt']);
});

it('lists new files only once this device has their texts, and as the same files when it is tried again', async () => {
  const store = new MemoryOfflineStore();
  const storage = { ...(await openRoomStorage(join(temporaryFolder(), 'room.sqlite'))), store };
  const engine = await Engine.start({ syncUrl: 'ws://127.0.0.1:9/sync/room', token: 'none', storage });
  const { replica } = engine.open(INDEX_DOCUMENT);
  const index = new WorkspaceIndex(replica.doc, { random: Math.random, nowMs: Date.now });
  onTestFinished(() => index.dispose());
  const files = new RoomFiles(engine.session, index, () => true);
  onTestFinished(() => files.dispose());
  const [known = ''] = await files.createFiles([{ path: 'known.txt', eol: 'LF', bom: false, kind: 'text', text: 'k' }]);
  const create = (text: string) => files.createFiles([{ path: 'a.txt', eol: 'LF', bom: false, kind: 'text', text }]);
  await replica.whenKept();
  store.writeError = new Error('full');
  await expect(create('one')).rejects.toMatchObject({ code: 'not-kept', path: 'a.txt' });
  await expect(create('two')).rejects.toMatchObject({ code: 'not-kept' });
  expect(index.files.map((file) => file.path)).toEqual(['known.txt']);
  expect(files.canKeep(known)).toBe(true);
  files.applyEdits(known, [{ offset: 0, deleteLength: 0, insert: 'x' }]);
  await files.whenKept(known);
  expect(files.canKeep(known)).toBe(false);
  const recovered = engine.whenProblem('store-recovered');
  store.writeError = undefined;
  await recovered;
  const list = async () => {
    if (!index.findByPath('a.txt')) await create('two').catch(() => undefined);
    return index.files.map((file) => file.path);
  };
  await expect.poll(list, { timeout: 10_000 }).toEqual(['a.txt', 'known.txt']);
  const [fileId = ''] = index.files.map((file) => file.fileId);
  expect(files.readText(fileId)).toBe('two');
  const texts = new Set((await store.listDocuments()).filter((name) => name !== INDEX_DOCUMENT));
  expect(texts).toEqual(new Set([fileId, known]));
});

it('does not take an empty text for one that was on disk here and is not in the store any more', async () => {
  const { index, files } = await openFiles(() => true);
  const [own = ''] = index.add([{ path: 'own.txt', eol: 'LF', bom: false, kind: 'text' }]);
  await files.whenTextReady(own);
  await files.whenTextReady('lost');
  expect([files.isTextHere(own), files.isTextHere('lost'), files.readText('lost')]).toEqual([true, false, '']);
  files.applyEdits('lost', [{ offset: 0, deleteLength: 0, insert: 'x' }]);
  expect(files.isTextHere('lost')).toBe(true);
});

it('takes edits of a text where they were made, whatever a foreign program has put into it', async () => {
  const { engine, files } = await openFiles(() => true);
  const [fileId = ''] = await files.createFiles([
    { path: 'a.txt', eol: 'LF', bom: false, kind: 'text', text: 'one\ntwo\n' },
  ]);
  const text = engine.open(fileId).replica.doc.getText(CONTENT_TEXT);
  text.insertEmbed(0, { image: 1 });
  text.format(1, 3, { bold: true });
  expect(files.readText(fileId)).toBe('\uFFFCone\ntwo\n');
  files.applyEdits(fileId, [{ offset: 5, deleteLength: 3, insert: 'TWO' }]);
  expect(files.readText(fileId)).toBe('\uFFFCone\nTWO\n');
  files.applyEdits(fileId, [{ offset: 0, deleteLength: 1, insert: '' }]);
  expect(files.readText(fileId)).toBe('one\nTWO\n');
});
