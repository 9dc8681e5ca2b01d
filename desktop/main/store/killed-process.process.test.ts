import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { RoomDatabase } from './room-database.ts';
import { SqliteOfflineStore } from './sqlite-offline-store.ts';

/** Types for ever, and prints how many characters the store has promised to keep. */
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
  setInterval(() => doc.getText('content').insert(typed, 'x'), 1);
`;

function startTypist(path: string): ChildProcess {
  const typist = spawn(process.execPath, ['--input-type=module', '--eval', TYPIST, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    typist.kill('SIGKILL');
  });
  return typist;
}

it('has everything that was stored when the process is killed while it writes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-killed-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'room.sqlite');
  const typist = startTypist(path);
  let stored = 0;
  let output = '';
  await new Promise<void>((resolve) => {
    typist.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      stored = Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1));
      if (stored >= 300) typist.kill('SIGKILL');
    });
    typist.on('exit', () => resolve());
  });
  const room = new RoomDatabase({ path, scheduler: systemScheduler });
  onTestFinished(() => room.close());
  expect(room.damage).toBeUndefined();
  const { updates, unacked } = await new SqliteOfflineStore(room).openDocument('file').load();
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  expect(doc.getText('content').length).toBeGreaterThanOrEqual(stored);
  expect(unacked).toHaveLength(updates.length);
});
