import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { formatShareLink } from '../../../shared/access/index.ts';
import { INDEX_DOCUMENT } from '../../../shared/workspace/index.ts';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import * as Y from 'yjs';
import type { Outcome } from '../../ipc/index.ts';
import { RoomDatabase } from '../store/room-database.ts';
import { SqliteOfflineStore } from '../store/sqlite-offline-store.ts';
import { granted } from '../testing/granted.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { DesktopRooms } from './desktop-rooms.ts';
import { StoredRooms } from './stored-rooms.ts';

/** Nobody listens there. */
const EMBEDDED_RELAY = 'http://127.0.0.1:9';
const TEAM_RELAY = 'http://127.0.0.1:10';
const LINK = { relayUrl: TEAM_RELAY, room: 'team-room', secret: 'secret-of-the-link' };
const KEY = StoredRooms.keyOf({ relayKey: TEAM_RELAY, room: LINK.room });

async function openRooms(dataFolder: string, maxStoredBytes?: number): Promise<DesktopRooms> {
  vi.stubEnv('XDG_STATE_HOME', dataFolder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const rooms = await DesktopRooms.open({
    dataFolder,
    relayUrl: EMBEDDED_RELAY,
    operatorToken: undefined,
    seal: undefined,
    ...(maxStoredBytes === undefined ? {} : { maxStoredBytes }),
  });
  onTestFinished(() => rooms.close());
  return rooms;
}

function explain(outcome: Outcome<boolean>): string {
  return outcome.ok ? 'done' : outcome.explanation;
}

/** Leaves behind what an earlier visit to the room of {@link LINK} would have. */
async function visitEarlier(dataFolder: string, isUnsent: boolean): Promise<void> {
  const room = new RoomDatabase({ path: join(dataFolder, 'rooms', `${KEY}.sqlite`), scheduler: systemScheduler });
  const store = new SqliteOfflineStore(room);
  const doc = new Y.Doc();
  doc.getText('content').insert(0, 'written on the train');
  const document = store.openDocument('file');
  await (isUnsent ? document.appendLocal : document.appendRemote)(Y.encodeStateAsUpdate(doc));
  await store.openDocument(INDEX_DOCUMENT).appendRemote(Y.encodeStateAsUpdate(new Y.Doc()));
  await store.close();
  room.close();
}

it('lists a room that was joined, and opens it again without the link and without its relay', async () => {
  const data = temporaryFolder();
  await visitEarlier(data, true);
  const rooms = await openRooms(data);
  const lease = granted(await rooms.join(formatShareLink(LINK), 'Ana'));
  expect(await rooms.listStored()).toMatchObject([
    { key: KEY, relayUrl: TEAM_RELAY, isOpen: true, isOwner: false, canOpen: true, unsentDocuments: 1 },
  ]);
  lease.dispose();
  await rooms.close();
  const later = await openRooms(data);
  const [stored] = await later.listStored();
  expect(stored).toMatchObject({ key: KEY, isOpen: false, unsentDocuments: 1 });
  expect(stored?.sizeBytes).toBeGreaterThan(4096);
  const again = granted(await later.openStored(KEY));
  expect(again.host.room).toBe(LINK.room);
  expect(await again.host.readUnsent()).toMatchObject({ ok: true, value: [{ after: 'written on the train' }] });
});

it('forgets a room: not while it is open, not unasked with edits that the relay lacks, and then wholly', async () => {
  const data = temporaryFolder();
  await visitEarlier(data, true);
  writeFileSync(join(data, 'rooms', `${KEY}.damaged-2026.sqlite`), 'set aside once');
  mkdirSync(join(data, 'rooms', `${KEY}.blobs`, 'ab'), { recursive: true });
  writeFileSync(join(data, 'rooms', `${KEY}.blobs`, 'ab', 'picture'), Buffer.alloc(1_000_000, 1));
  const rooms = await openRooms(data);
  expect((await rooms.listStored())[0]?.sizeBytes).toBeGreaterThan(1_000_000);
  const lease = granted(await rooms.join(formatShareLink(LINK), 'Ana'));
  expect(explain(await rooms.forgetStored(KEY, true))).toContain('open in another window');
  lease.dispose();
  expect(explain(await rooms.forgetStored(KEY, false))).toContain('1 of its files have edits');
  expect(await rooms.forgetStored(KEY, true)).toEqual({ ok: true, value: true });
  expect(await rooms.listStored()).toEqual([]);
  expect(readdirSync(join(data, 'rooms'))).toEqual([]);
  await rooms.close();
  expect(readFileSync(join(data, 'tutti.sqlite')).includes(LINK.secret)).toBe(false);
});

it('lists and forgets files of which nothing is remembered, such as those of an earlier version', async () => {
  const data = temporaryFolder();
  await visitEarlier(data, false);
  const rooms = await openRooms(data);
  expect(await rooms.listStored()).toMatchObject([{ key: KEY, canOpen: false, unsentDocuments: 0 }]);
  expect(await rooms.openStored(KEY)).toMatchObject({ ok: false });
  expect(await rooms.forgetStored(KEY, false)).toEqual({ ok: true, value: true });
  expect(await rooms.listStored()).toEqual([]);
});

it('opens one engine, whether an owner opens the folder or the link of its room', async () => {
  const data = temporaryFolder();
  const folder = join(data, 'project');
  mkdirSync(folder);
  const rooms = await openRooms(data);
  const byFolder = granted(await rooms.openFolder(folder));
  // Any link of a room that this device made, on whatever port the embedded relay was then.
  const link = { relayUrl: 'http://localhost:4444', room: byFolder.host.room, secret: LINK.secret };
  const byLink = granted(await rooms.join(formatShareLink(link), 'Ana'));
  expect(byLink.host).toBe(byFolder.host);
  const beside = rooms.leaseAgain(byFolder.host);
  expect(granted(beside).host).toBe(byFolder.host);
  expect(readdirSync(join(data, 'rooms')).filter((name) => name.endsWith('.sqlite'))).toHaveLength(1);
});

it('keeps a room open for as long as one of its windows has it', async () => {
  const rooms = await openRooms(temporaryFolder());
  const first = granted(await rooms.openScratchRoom());
  const second = granted(rooms.leaseAgain(first.host));
  first.dispose();
  const [stored] = await rooms.listStored();
  expect(stored?.isOpen).toBe(true);
  second.dispose();
  const third = granted(await rooms.openScratchRoom());
  expect(third.host).not.toBe(first.host);
});

it('drops a closed room that the relay has when all rooms together are too large, and lists it still', async () => {
  for (const isUnsent of [false, true]) {
    const data = temporaryFolder();
    await visitEarlier(data, isUnsent);
    const rooms = await openRooms(data, 1);
    granted(await rooms.join(formatShareLink(LINK), 'Ana')).dispose();
    const isSettled = async () => {
      const [stored] = await rooms.listStored();
      expect(stored).toMatchObject({ key: KEY, isOpen: false, canOpen: true, unsentDocuments: isUnsent ? 1 : 0 });
      expect(stored?.sizeBytes === 0).toBe(!isUnsent);
    };
    await vi.waitFor(isSettled, { timeout: 4_000 });
    await rooms.close();
  }
});

it('has nothing to lose in a room of one’s own in which nobody did anything', async () => {
  const rooms = await openRooms(temporaryFolder());
  const { host } = granted(await rooms.openScratchRoom());
  await expect.poll(() => host.connection.kind).toBe('reconnecting');
  expect(host.unsentDocuments).toBe(0);
  expect(await rooms.describeStored(host)).toMatchObject({
    name: 'Untitled room',
    unsentDocuments: 0,
    isOwner: true,
  });
});
