import { expect, it } from 'vitest';
import type { ProblemReport } from '../../ipc/index.ts';
import { MemoryMirrorNotes } from '../workspace/mirror-notes.ts';
import { UnsharedFiles } from './unshared-files.ts';

const PROBLEM = {
  id: 'path:case.txt',
  severity: 'warning',
  path: 'case.txt',
  title: 'A file is not shared.',
  detail: 'Its name differs from "Case.txt" only in case.',
  canRetry: false,
} as const;

function begin(notes = new MemoryMirrorNotes()) {
  const told: ProblemReport[] = [];
  let changes = 0;
  const unshared = new UnsharedFiles(
    notes,
    (problem) => told.push(problem),
    () => changes++,
  );
  return { notes, told, unshared, changes: () => changes };
}

it('tells of a file that cannot be shared once, also over starts, and keeps it in a list', () => {
  const first = begin();
  first.unshared.take(PROBLEM);
  expect(first.told).toEqual([PROBLEM]);
  const second = begin(first.notes);
  second.unshared.take(PROBLEM);
  expect(second.told).toEqual([{ ...PROBLEM, isQuiet: true }]);
  expect(second.unshared.list).toEqual([{ path: 'case.txt', reason: PROBLEM.detail }]);
  expect(second.changes()).toBe(1);
  // Another cause is told, and so is the same one when it comes again.
  second.unshared.take({ ...PROBLEM, detail: 'Its name is not valid Unicode.' });
  second.unshared.take({ ...PROBLEM, isResolved: true });
  expect(second.unshared.count).toBe(0);
  second.unshared.take(PROBLEM);
  expect(second.told.map(({ isQuiet }) => isQuiet ?? false)).toEqual([true, false, false, false]);
});

it('passes on all else as it comes', () => {
  const { told, unshared, changes } = begin();
  const others = [
    { ...PROBLEM, canRetry: true },
    { ...PROBLEM, id: 'met:a', fileId: 'a' },
    { ...PROBLEM, id: 'folder', isResolved: true },
  ];
  for (const problem of [...others, ...others]) unshared.take(problem);
  expect(told).toEqual([...others, ...others]);
  expect([unshared.list, changes()]).toEqual([[], 0]);
});
