import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { roomToken } from '../../testing/relay-process.ts';
import { BlobCache } from '../blobs/blob-cache.ts';
import { SqliteMirrorBases } from '../store/mirror-base.ts';
import { SqliteMirrorNotes } from '../store/mirror-notes.ts';
import { PendingEvents } from '../store/pending-events.ts';
import { RoomDatabase } from '../store/room-database.ts';
import { SqliteOfflineStore } from '../store/sqlite-offline-store.ts';
import { Engine, type OpenText } from '../testing/engine.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { startTestRelay } from '../testing/test-relay.ts';
import { openRoomStorage } from './room-storage.ts';

const ROOM = 'room';
const DOCUMENT = 'notes';
const PARAGRAPHS = 400;

function typeParagraphs({ text }: OpenText): void {
  for (let number = 0; number < PARAGRAPHS; number++)
    text.insert(text.length, `${number} ${'lorem ipsum '.repeat(20)}\n`);
}

/** Overwrites the middle of a file, as a bad disk would. */
function damage(path: string): void {
  const { size } = statSync(path);
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(Math.floor(size / 2), 0xa5), 0, undefined, Math.floor(size / 4));
  closeSync(file);
}

it('sets a damaged offline file aside, says so, and gets everything back from the relay', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'room.sqlite');
  const relay = await startTestRelay(join(folder, 'relay'));
  const token = await roomToken(relay.dataFolder, ROOM, 'editor', 'Ana');
  const syncUrl = relay.syncUrl(ROOM);
  const before = await Engine.start({ syncUrl, token, storage: file });
  const written = before.open(DOCUMENT);
  typeParagraphs(written);
  await written.whenOnTheRelay();
  const content = written.text.toString();
  await before.close();
  damage(file);
  const damaged = readFileSync(file);

  const storage = await openRoomStorage(file);
  expect(storage.damage).toContain(file);
  const aside = /kept as (.+?\.sqlite)/.exec(storage.damage ?? '')?.[1];
  expect(aside && readFileSync(aside).equals(damaged)).toBe(true);
  const after = await Engine.start({ syncUrl, token, storage });
  const rebuilt = after.open(DOCUMENT);
  await rebuilt.replica.whenSynced;
  expect(rebuilt.text.toString()).toBe(content);
  rebuilt.text.insert(0, 'written afterwards\n');
  await rebuilt.whenOnTheRelay();
  expect(after.problems).toEqual([]);
  await after.close();

  const reopened = (await Engine.start({ syncUrl: 'ws://127.0.0.1:9/sync/room', token, storage: file })).open(DOCUMENT);
  await reopened.replica.whenLoaded;
  expect(reopened.text.toString()).toBe(`written afterwards\n${content}`);
});

it('says that the disk is full, goes on with the relay, and stores everything once there is room', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'room.sqlite');
  const relay = await startTestRelay(join(folder, 'relay'));
  const token = await roomToken(relay.dataFolder, ROOM, 'editor', 'Ana');
  const syncUrl = relay.syncUrl(ROOM);
  const database = new RoomDatabase({ path: file, scheduler: systemScheduler, maxFileBytes: 64 * 1024 });
  const store = new SqliteOfflineStore(database);
  const engine = await Engine.start({
    syncUrl,
    token,
    storage: {
      store,
      bases: new SqliteMirrorBases(database),
      pendingEvents: new PendingEvents(database),
      notes: new SqliteMirrorNotes(database),
      blobs: new BlobCache(join(folder, 'room.blobs')),
      folderLock: undefined,
      damage: undefined,
      onDidOverflow: store.budget.onDidOverflow,
      readUnsent: () => store.readUnsent(),
      countUnsent: () => store.countUnsent(),
      async close() {
        await store.close();
        database.close();
      },
    },
  });
  const document = engine.open(DOCUMENT);
  await document.replica.whenSynced;
  typeParagraphs(document);
  const content = document.text.toString();
  expect((await engine.whenProblem('store-failed')).explanation).toMatch(/full|room|space/i);

  const other = (await Engine.start({ syncUrl, token, storage: join(folder, 'other.sqlite') })).open(DOCUMENT);
  await other.whenText(content);
  await document.whenOnTheRelay();

  database.database.pragma('max_page_count = 100000');
  await engine.whenProblem('store-recovered');
  await engine.close();
  const reopened = (await Engine.start({ syncUrl: 'ws://127.0.0.1:9/sync/room', token, storage: file })).open(DOCUMENT);
  await reopened.replica.whenLoaded;
  expect(reopened.text.toString()).toBe(content);
});
