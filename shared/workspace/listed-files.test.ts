import { expect, it } from 'vitest';
import { createSeededRandom } from '../testing/seeded-random.ts';
import type { SharedFile } from './index-document.ts';
import { ListedFiles } from './listed-files.ts';

function fileAt(fileId: string, path: string): SharedFile {
  return { fileId, path, eol: 'LF', bom: false, kind: 'text' };
}

function listAnew(claiming: ReadonlyMap<string, SharedFile>): ListedFiles {
  const listed = new ListedFiles();
  for (const [fileId, file] of claiming) listed.set(fileId, file);
  return listed;
}

it('shows after any changes what a list that is read from the beginning shows', () => {
  const { next } = createSeededRandom(11);
  const pick = (count: number) => Math.floor(next() * count);
  for (let run = 0; run < 40; run++) {
    const listed = new ListedFiles();
    const claiming = new Map<string, SharedFile>();
    for (let step = 0; step < 60; step++) {
      const fileId = `f${pick(12)}`;
      const names = ['a', 'A', 'b', 'b (2)', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p'];
      const file = next() < 0.3 ? undefined : fileAt(fileId, names[pick(run < 20 ? 4 : names.length)] ?? '');
      listed.set(fileId, file);
      if (file) claiming.set(fileId, file);
      else claiming.delete(fileId);
      if (next() < 0.5) continue;
      const anew = listAnew(claiming);
      expect(listed.files).toEqual(anew.files);
      for (let id = 0; id < 12; id++) expect(listed.get(`f${id}`)).toEqual(anew.get(`f${id}`));
    }
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
  listed.set('c', undefined);
  expect(listed.files).toEqual(before);
  expect(listed.files).not.toBe(before);
  expect(listed.files[0]).toBe(before[0]);
});
