import { expect, it } from 'vitest';
import { createAwayFile, createAwayPerson } from '../testing/fake-away.ts';
import { groupRenamed, isFolder } from './renamed-folders.ts';

const [ben, cleo] = [createAwayPerson('Ben'), createAwayPerson('Cleo')];

function moved(from: string, path: string, rest: Parameters<typeof createAwayFile>[2] = {}) {
  const list = { kind: 'renamed', from } as const;
  return createAwayFile(path, path, { list, text: undefined, people: [], listPeople: [ben], ...rest });
}

it('makes one entry of what one person moved from one folder to another', () => {
  const files = [
    moved('notes/a.md', 'docs/a.md'),
    createAwayFile('edited', 'b.md'),
    moved('notes/sub/c.md', 'docs/sub/c.md'),
    moved('notes/d.md', 'docs/d.md', { text: 'theirs', people: [ben] }),
    moved('notes/e.md', 'docs/e.md', { listPeople: [cleo] }),
    moved('f.md', 'top/f.md'),
    moved('g.md', 'top/g.md'),
    moved('docs/h.md', 'docs/i.md'),
    moved('x/j.md', 'y/j.md', { list: { kind: 'renamed', from: 'x/j.md', isByClash: true } }),
    moved('x/k.md', 'y/k.md'),
  ];
  const entries = groupRenamed(files).map((entry) =>
    isFolder(entry) ? [entry.from, entry.to, ...entry.files.map(({ path }) => path)] : entry.path,
  );
  expect(entries).toEqual([
    ['notes', 'docs', 'docs/a.md', 'docs/sub/c.md'],
    'b.md',
    'docs/d.md',
    'docs/e.md',
    ['', 'top', 'top/f.md', 'top/g.md'],
    'docs/i.md',
    'y/j.md',
    'y/k.md',
  ]);
});
