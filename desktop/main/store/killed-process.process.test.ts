import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { RoomDatabase } from './room-database.ts';
import { SqliteOfflineStore } from './sqlite-offline-store.ts';

/** Types so many characters each millisecond for ever, and prints how many characters the store has promised to keep. */
const TYPIST = `
  const Y = await import('yjs');
  const { systemScheduler } = await import('./shared/lifecycle/index.ts');
  const { RoomDatabase } = await import('./desktop/main/store/room-database.ts');
  const { SqliteOfflineStore } = await import('./desktop/main/store/sqlite-offline-store.ts');
  const room = new RoomDatabase({ path: process.argv[1], scheduler: systemScheduler });
  const document = new SqliteOfflineStore(room).openDocument('file');
  const doc = new Y.Doc();
  let typed = 0;
  doc.on('update', (update) => {
    const count = ++typed;
    document.appendLocal(update).then(() => process.stdout.write(count + '\\n'));
  });
  setInterval(() => {
    for (let left = Number(process.argv[2]); left > 0; left--) doc.getText('content').insert(typed, 'x');
  }, 1);
`;

function startTypist(path: string, charactersEachMs: number): ChildProcess {
  const typist = spawn(process.execPath, ['--input-type=module', '--eval', TYPIST, path, String(charactersEachMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    typist.kill('SIGKILL');
  });
  return typist;
}

it.each([
  ['while it writes', 1, 300],
  ['before its log is merged', 20, 2_050],
  ['while its log is merged', 20, 4_500],
  ['after its log was merged', 20, 9_000],
])('has everything that was stored when the process is killed %s', async (_when, charactersEachMs, killedAt) => {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-killed-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'room.sqlite');
  const typist = startTypist(path, charactersEachMs);
  let stored = 0;
  let output = '';
  await new Promise<void>((resolve) => {
    typist.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      stored = Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1));
      if (stored >= killedAt) typist.kill('SIGKILL');
    });
    typist.on('exit', () => resolve());
  });
  const room = new RoomDatabase({ path, scheduler: systemScheduler });
  onTestFinished(() => room.close());
  expect(room.damage).toBeUndefined();
  const store = new SqliteOfflineStore(room);
  onTestFinished(() => store.close());
  const { updates, unacked } = await store.openDocument('file').load();
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  expect(doc.getText('content').length).toBeGreaterThanOrEqual(stored);
  expect(unacked).toHaveLength(updates.length);
});
