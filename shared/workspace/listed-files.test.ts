import { expect, it } from 'vitest';
import { createSeededRandom } from '../testing/seeded-random.ts';
import type { SharedFile } from './index-document.ts';
import { ListedFiles } from './listed-files.ts';
import { TakenPaths } from './taken-paths.ts';

function fileAt(fileId: string, path: string, sizeBytes = 0): SharedFile {
  return { fileId, path, eol: 'LF', bom: false, kind: 'binary', sizeBytes };
}

/** What is to be shown: files take their paths one by one, in the order of their ids. */
function settleAll(claiming: ReadonlyMap<string, SharedFile>): readonly SharedFile[] {
  const taken = new TakenPaths();
  return [...claiming.values()]
    .sort((a, b) => (a.fileId < b.fileId ? -1 : 1))
    .map((file) => ({ ...file, path: taken.claim(file.path) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

const FEW = ['a', 'A', 'b', 'b (2)'];
const IN_EACH_OTHERS_WAY = ['b', 'b (2)', 'B (2) (2)', 'b (3)', 'b (2) (3)', 'b (02)', 'b (2)(2)', 'b ()', ' (2)', ''];
const ODD = [
  'd.t',
  'd (2).t',
  'D (2) (2).T',
  'd.t (2)',
  'd (2)',
  '.d',
  '.d (2)',
  '.d (2).t',
  'f.x/d',
  'f.x/d (2)',
  'f.x/.d (2)',
  'é',
  'e\u0301',
  'E\u0301 (2)',
  '\u0301.\u0301',
  'ς',
  'Σ (2)',
  'σ.ς',
  'Σ (2).σ',
  'ß',
  'SS (2)',
  'ſ',
  'İ',
  'i\u0307 (2)',
];
const MANY = Array.from({ length: 40 }, (_, number) => `${number}`);

it.each([
  ['few names', FEW, 12],
  ['names that are in the way of each other', IN_EACH_OTHERS_WAY, 12],
  ['odd names', ODD, 40],
  ['rarely the same name', MANY, 12],
])('shows after any changes what a list that is settled as a whole shows, with %s', (_, names, ids) => {
  const { below, chance, pick } = createSeededRandom(11);
  for (let run = 0; run < 30; run++) {
    const listed = new ListedFiles();
    const claiming = new Map<string, SharedFile>();
    for (let step = 0; step < 80; step++) {
      const fileId = `f${below(ids)}`;
      const isKept = chance(0.2);
      const path = isKept ? (claiming.get(fileId)?.path ?? pick(names)) : pick(names);
      const file = chance(0.25) ? undefined : fileAt(fileId, path, step);
      listed.set(fileId, file);
      if (file) claiming.set(fileId, file);
      else claiming.delete(fileId);
      if (chance(0.4)) continue;
      const settled = settleAll(claiming);
      if (chance(0.5)) expect(listed.files).toEqual(settled);
      const byId = new Map(settled.map((one) => [one.fileId, one]));
      for (let id = 0; id < ids; id++) expect(listed.get(`f${id}`)).toEqual(byId.get(`f${id}`));
    }
    expect(listed.files).toEqual(settleAll(claiming));
  }
});

it('gives the same array and the same files until they change', () => {
  const listed = new ListedFiles();
  listed.set('b', fileAt('b', 'b.txt'));
  listed.set('a', fileAt('a', 'a.txt'));
  const before = listed.files;
  expect(listed.files).toBe(before);
  listed.set('c', fileAt('c', 'B.txt'));
  expect(listed.files.map(({ path }) => path)).toEqual(['B (2).txt', 'a.txt', 'b.txt']);
  const clashing = listed.files;
  expect(listed.files).toBe(clashing);
  listed.set('d', fileAt('d', 'b (3).txt'));
  expect(listed.files[0]).toBe(clashing[0]);
  listed.set('d', undefined);
  listed.set('c', undefined);
  expect(listed.files).toEqual(before);
  expect(listed.files).not.toBe(before);
  expect(listed.files[0]).toBe(before[0]);
});

it('looks at few paths after a change of few among many, also where some clash', () => {
  let reads = 0;
  const countReads = (fileId: string, path: string): SharedFile => ({
    ...fileAt(fileId, ''),
    get path() {
      reads++;
      return path;
    },
  });
  const listed = new ListedFiles();
  for (let file = 0; file < 2_000; file++) listed.set(`f${file}`, countReads(`f${file}`, `${file % 1_900}`));
  expect(listed.files.filter(({ path }) => path.endsWith(' (2)'))).toHaveLength(100);
  reads = 0;
  listed.set('f1000', countReads('f1000', '7'));
  const paths = ['f1000', 'f1907', 'f7'].map((fileId) => listed.get(fileId)?.path);
  expect(listed.files).toHaveLength(2_000);
  expect(paths).toEqual(['7', '7 (2)', '7 (3)']);
  expect(reads).toBeLessThan(100);
});
