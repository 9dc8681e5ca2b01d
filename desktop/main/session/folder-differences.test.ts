import { expect, it } from 'vitest';
import type { MirrorPreview } from '../../ipc/index.ts';
import { describeDifferences, hasOwnFiles } from './folder-differences.ts';

const NOTHING: MirrorPreview = {
  folder: '/home/ben/mine',
  counts: { same: 2, onlyHere: 0, onlyInRoom: 0, different: 0, replaced: 0, blocked: 0, leftOut: 0, tooLarge: 0 },
  onlyHere: [],
  onlyInRoom: [],
  different: [],
  replaced: [],
  blocked: [],
  leftOut: [],
  tooLarge: [],
  backupBytes: 0,
  direction: 'both',
};

it('counts what differs and names twenty of it, without what drives a terminal', () => {
  const different = Array.from({ length: 23 }, (_, index) => ({ path: `${index}\u001b[2J.txt`, sizeBytes: 1 }));
  const preview = { ...NOTHING, different, counts: { ...NOTHING.counts, different: 23 } };
  const lines = describeDifferences(preview).split('\n');
  expect(lines.slice(0, 3)).toEqual([
    'The folder /home/ben/mine and the room are not the same:',
    '  Different: 23',
    '    0\\x1b[2J.txt',
  ]);
  expect(lines.slice(-2)).toEqual(['    … and 3 more', '  The same in both: 2']);
  expect(lines).toHaveLength(24);
});

it('knows what could be changed by what only the room has', () => {
  expect(hasOwnFiles(NOTHING)).toBe(false);
  expect(hasOwnFiles({ ...NOTHING, counts: { ...NOTHING.counts, onlyInRoom: 3, tooLarge: 1 } })).toBe(false);
  expect(hasOwnFiles({ ...NOTHING, counts: { ...NOTHING.counts, onlyHere: 1 } })).toBe(true);
  expect(hasOwnFiles({ ...NOTHING, counts: { ...NOTHING.counts, replaced: 1 } })).toBe(true);
});

it('names what is no text and differs, and why a file of the room cannot come', () => {
  const preview = {
    ...NOTHING,
    replaced: [{ path: 'pic.png', sizeBytes: 1 }],
    blocked: [{ path: 'docs/a.md', reason: 'A link is there.' }],
    counts: { ...NOTHING.counts, replaced: 1, blocked: 1 },
  };
  expect(describeDifferences(preview).split('\n').slice(1, 5)).toEqual([
    '  Different, and no text: 1',
    '    pic.png',
    '  In the room, and cannot come to the folder: 1',
    '    docs/a.md: A link is there.',
  ]);
});
