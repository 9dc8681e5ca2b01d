import { expect, onTestFinished } from 'vitest';
import { WorkspaceIndex } from '../../shared/workspace/index.ts';
import { gatherPeople, idsOf, type Person } from './people-with-copies.ts';

/** The list of files as somebody's engine has it. */
export function listOf({ session }: Person): WorkspaceIndex {
  const lease = session.open('index');
  const index = new WorkspaceIndex(lease.replica.doc, { random: Math.random, nowMs: () => 0 });
  onTestFinished(() => {
    index.dispose();
    lease.dispose();
  });
  return index;
}

/** Ana and Ben, each with a window on `src/file.ts`. All is the same yet. */
export async function startDiffering() {
  const { relay, join, pass } = gatherPeople();
  const ana = await join('ana');
  const list = listOf(ana);
  await pass(1_000);
  list.add([{ fileId: 'file', path: 'src/file.ts', eol: 'LF', bom: false, kind: 'text' }]);
  const ben = await join('ben');
  const windows = [ana, ben].map((person) => {
    const document = person.openWindow().open('file');
    onTestFinished(() => document.dispose());
    return document;
  });
  const [anas, bens] = windows;
  if (!anas || !bens) throw new Error('no windows');
  anas.doc.getText('content').insert(0, 'one two three');
  await pass(4_000);
  expect(bens.agreement).toEqual({ kind: 'identical', people: idsOf(ana) });
  return { relay, join, pass, ana, ben, anas, bens, list };
}

/** From now on the copies differ. */
export async function loseADeletion({ ana, ben, pass }: Awaited<ReturnType<typeof startDiffering>>): Promise<void> {
  ben.swallowNext();
  ana.text.delete(0, 4);
  await pass(26_000);
  expect(ana.agreement.kind).toBe('differs');
  expect(ben.agreement.kind).toBe('differs');
}

/** Lets time pass until a promise has resolved. */
export async function outcomeOf<T>(promise: Promise<T>, pass: (ms: number) => Promise<void>): Promise<T> {
  let isDone = false;
  void promise.finally(() => {
    isDone = true;
  });
  for (let round = 0; !isDone && round < 200; round++) await pass(250);
  return promise;
}
