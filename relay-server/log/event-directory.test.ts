import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { describeEventDirectory } from './event-directory.contract.ts';
import { openSqliteStorage } from './sqlite.ts';

const ROOM = { tenant: 't', room: 'r' };
const BOUNDS = { maxEvents: 10, maxBytes: 10_000 };
const EVENT = {
  eventId: 'one',
  kind: 'bulk',
  label: 'Changed 3 files',
  detail: '',
  files: 3,
  atMs: 1,
  receivedMs: 2,
  actor: 'ana',
  actorName: 'Ana',
  spans: [],
};

function open(path: string, isThreaded: boolean) {
  const storage = openSqliteStorage(path, { isThreaded });
  onTestFinished(() => storage.dispose());
  return storage.events;
}

for (const isThreaded of [false, true]) {
  describeEventDirectory(isThreaded ? 'SQLite with a writing thread' : 'SQLite', () => {
    const path = join(temporaryFolder(), 'relay.db');
    return [open(path, isThreaded), open(path, isThreaded)];
  });
}

it('says that what an event was about is damaged', async () => {
  const path = join(temporaryFolder(), 'relay.db');
  const events = open(path, false);
  await events.addEvent(ROOM, EVENT, BOUNDS);
  const database = new Database(path);
  onTestFinished(() => void database.close());
  for (const spans of ['[1]', '{}', '[["a","e",1]]', 'x']) {
    database.prepare('UPDATE events SET spans = ?').run(spans);
    await expect(events.listEvents(ROOM, { limit: 1, maxBytes: 1 })).rejects.toMatchObject({ code: 'corrupted' });
  }
});

it('keeps nothing of an event that found no space', async () => {
  const path = join(temporaryFolder(), 'relay.db');
  const storage = openSqliteStorage(path, { maxPages: 80 });
  onTestFinished(() => storage.dispose());
  const spans = Array.from({ length: 20_000 }, () => ({ document: 'a', epoch: 'e', fromSeq: 1, toSeq: 1 }));
  await expect(storage.events.addEvent(ROOM, { ...EVENT, spans }, BOUNDS)).rejects.toMatchObject({ code: 'full' });
  expect(await storage.events.addEvent(ROOM, EVENT, BOUNDS)).toEqual({ kind: 'kept', seq: 1, isNew: true });
});
