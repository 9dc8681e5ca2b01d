import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { Engine } from '../testing/engine.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { RoomFiles } from './room-files.ts';

const FILES = 5_000;

async function openFiles(isKnown: (fileId: string) => boolean) {
  const storage = join(temporaryFolder(), 'room.sqlite');
  const engine = await Engine.start({ syncUrl: 'ws://127.0.0.1:9/sync/room', token: 'none', storage });
  const { doc } = engine.open(INDEX_DOCUMENT).replica;
  const index = new WorkspaceIndex(doc, { random: Math.random, nowMs: Date.now });
  onTestFinished(() => index.dispose());
  const files = new RoomFiles(engine.session, index, isKnown);
  onTestFinished(() => files.dispose());
  return { index, files };
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
