import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { ProblemReport } from '../../ipc/index.ts';
import { tellTooManyFiles } from './too-many-files.ts';

it('tells once of more texts than a mirror can have open, and takes it back when there are fewer', () => {
  const index = new WorkspaceIndex(new Y.Doc(), { random: Math.random, nowMs: () => 1 });
  const told: ProblemReport[] = [];
  const telling = tellTooManyFiles(index, (problem) => told.push(problem));
  const listed = (kind: 'text' | 'binary', first: number, count: number) =>
    index.add(
      Array.from({ length: count }, (_, number) => {
        return { path: `${first + number}.txt`, kind, eol: 'LF', bom: false, fileId: `f${first + number}` } as const;
      }),
    );
  listed('text', 0, 19_990);
  listed('binary', 30_000, 100);
  expect(told).toEqual([]);
  const [last = ''] = listed('text', 19_990, 1);
  listed('text', 40_000, 1);
  expect(told).toMatchObject([{ id: 'too-many-files', severity: 'warning' }]);
  index.remove([last, 'f0']);
  expect(told).toHaveLength(2);
  expect(told[1]).toMatchObject({ id: 'too-many-files', isResolved: true });
  telling.dispose();
  index.dispose();
});
