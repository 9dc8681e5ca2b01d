import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { RoomDatabase } from './room-database.ts';
import { SqliteOfflineStore } from './sqlite-offline-store.ts';

const ROWS = 100_000;

const OPEN = `
  const Y = await import('yjs');
  const { systemScheduler } = await import('./shared/lifecycle/index.ts');
  const { RoomDatabase } = await import('./desktop/main/store/room-database.ts');
  const { SqliteOfflineStore } = await import('./desktop/main/store/sqlite-offline-store.ts');
  const room = new RoomDatabase({ path: process.argv[1], scheduler: systemScheduler });
  const store = new SqliteOfflineStore(room);
`;

/** Writes a document of many rows, most of them acked. */
const FILL = `${OPEN}
  const doc = new Y.Doc();
  const insert = room.database.prepare('INSERT INTO updates (document, payload, is_unacked) VALUES (?, ?, ?)');
  let count = 0;
  doc.on('update', (update) => insert.run('file', Buffer.from(update), ++count > 0.9 * ${ROWS} ? 1 : 0));
  const text = doc.getText('content');
  room.database.transaction(() => {
    while (count < ${ROWS}) text.insert(Math.max(0, text.length - (count % 7 === 0 ? 3 : 0)), 'abcdefg\\n'[count % 8]);
  })();
  process.stdout.write(JSON.stringify(text.toString()));
  await store.close();
  room.close();
`;

/** Merges that document while somebody types in another, and prints how long the longest turn was. */
const MERGE = `${OPEN}
  const { setImmediate: nextTurn } = await import('node:timers/promises');
  const other = store.openDocument('other');
  await other.load();
  const doc = new Y.Doc();
  doc.on('update', (update) => void other.appendLocal(update));
  const typing = setInterval(() => doc.getText('content').insert(0, 'x'), 5);
  let isDone = false;
  void store.compaction.compact('file').finally(() => (isDone = true));
  let [cpuMs, wallMs] = [0, 0];
  while (!isDone) {
    const [cpu, startedMs] = [process.threadCpuUsage(), performance.now()];
    await nextTurn();
    const { user, system } = process.threadCpuUsage(cpu);
    cpuMs = Math.max(cpuMs, (user + system) / 1000);
    wallMs = Math.max(wallMs, performance.now() - startedMs);
  }
  clearInterval(typing);
  process.stdout.write(JSON.stringify({ cpuMs, wallMs }));
  await store.close();
  room.close();
`;

function run(script: string, path: string): unknown {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script, path], {
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

function readTurns(printed: unknown): { readonly cpuMs: number; readonly wallMs: number } {
  const read = (key: string) => Number(typeof printed === 'object' && printed !== null && Reflect.get(printed, key));
  return { cpuMs: read('cpuMs'), wallMs: read('wallMs') };
}

it('does not hold up the typing while a log of 100,000 rows is merged, and makes the file smaller', async () => {
  const path = join(temporaryFolder(), 'room.sqlite');
  const content = run(FILL, path);
  const sizeBefore = statSync(path).size;
  const longest = readTurns(run(MERGE, path));
  console.log('longest turn while 100,000 rows are merged, of the thread and with waiting:', longest);
  expect(longest.cpuMs).toBeLessThan(10);
  expect(statSync(path).size).toBeLessThan(sizeBefore / 2);
  const room = new RoomDatabase({ path, scheduler: systemScheduler });
  const store = new SqliteOfflineStore(room);
  onTestFinished(async () => {
    await store.close();
    room.close();
  });
  const { updates, unacked } = await store.openDocument('file').load();
  expect([updates.length, unacked.length]).toEqual([2, 1]);
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  expect(doc.getText('content').toString()).toBe(content);
});
