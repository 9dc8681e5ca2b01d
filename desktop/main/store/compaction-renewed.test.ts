import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { RoomDatabase } from './room-database.ts';
import { SqliteOfflineStore } from './sqlite-offline-store.ts';

const UPDATES = 600;

/** The updates of somebody who types. */
function typed(): Uint8Array[] {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  for (let count = 0; count < UPDATES; count++) doc.getText('content').insert(0, 'x');
  return updates;
}

function contentOf(updates: readonly Uint8Array[]): string {
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  return doc.getText('content').toString();
}

it('brings nothing back of a document that is begun anew while it is merged, whenever that comes', async () => {
  const room = new RoomDatabase({ path: join(temporaryFolder(), 'room.sqlite'), scheduler: systemScheduler });
  const store = new SqliteOfflineStore(room);
  onTestFinished(async () => {
    await store.close();
    room.close();
  });
  const fresh = new Y.Doc();
  fresh.getText('content').insert(0, 'anew');
  const update = Y.encodeStateAsUpdate(fresh);
  const merged: number[] = [];
  for (let turns = 0; turns < 30; turns += 3) {
    const document = store.openDocument('file');
    const written = typed().map((payload, position) =>
      position < UPDATES / 2 ? document.appendRemote(payload) : document.appendLocal(payload),
    );
    room.writes.flush();
    await Promise.all(written);
    const compacting = store.compaction.compact('file');
    for (let turn = 0; turn < turns; turn++) await nextTurn();
    merged.push((await document.load()).updates.length);
    await document.close();
    const replaced = store.replaceDocument('file', update, { epoch: 'e2', seq: turns });
    room.writes.flush();
    await replaced;
    await compacting;
    const loaded = await store.openDocument('file').load();
    expect(contentOf(loaded.updates)).toBe('anew');
    expect([loaded.updates.length, loaded.unacked.length]).toEqual([1, 0]);
    expect(loaded.cursor).toEqual({ epoch: 'e2', seq: turns });
  }
  expect(Math.max(...merged)).toBeGreaterThan(UPDATES / 2);
});
