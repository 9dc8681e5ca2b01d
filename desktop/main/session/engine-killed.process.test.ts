import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { createSeededRandom } from '../../../shared/testing/seeded-random.ts';
import { Engine } from '../testing/engine.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { wordsOf } from '../testing/words.ts';

const TYPIST = resolve('desktop/main/testing/typing-process.ts');
const DOCUMENT = 'notes';
/** Nothing listens at the port of "discard", so there is never a relay. */
const SYNC_URL = 'ws://127.0.0.1:9/sync/room';
/** What was typed longer ago than this must outlive the process. */
const SAFE_AFTER_MS = 1000;

/** Runs a process that types into `file`, kills it after so many words, and gives the words that have to be there. */
async function typeUntilKilled(file: string, words: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [TYPIST, file, SYNC_URL, DOCUMENT], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const typed: { readonly atMs: number; readonly word: string }[] = [];
  let killedAtMs = 0;
  for await (const line of createInterface(child.stdout)) {
    const [, atMs, word = ''] = /^(\d+) (.*>)$/.exec(line) ?? [];
    typed.push({ atMs: Number(atMs), word });
    if (typed.length !== words) continue;
    killedAtMs = Date.now();
    child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return typed.filter(({ atMs }) => atMs < killedAtMs - SAFE_AFTER_MS).map(({ word }) => word);
}

it('keeps what was typed more than a second before the process is killed, without any relay, time after time', async () => {
  const random = createSeededRandom(1);
  const file = join(temporaryFolder(), 'room.sqlite');
  const safe: string[] = [];
  for (let start = 0; start < 4; start++) {
    const words = await typeUntilKilled(file, 250 + random.below(250));
    expect(words.length).toBeGreaterThan(0);
    safe.push(...words);
    const engine = await Engine.start({ syncUrl: SYNC_URL, token: 'none', storage: file });
    const { replica, text } = engine.open(DOCUMENT);
    await replica.whenLoaded;
    expect(wordsOf(text.toString())).toEqual(expect.arrayContaining(safe));
    expect(replica.saveState).toEqual({ kind: 'on-this-device' });
    expect(engine.problems).toEqual([]);
    await engine.close();
  }
});
