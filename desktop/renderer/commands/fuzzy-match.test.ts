import { describe, expect, it } from 'vitest';
import { fuzzyMatch } from './fuzzy-match.ts';

function rank(query: string, texts: readonly string[]): string[] {
  return texts
    .map((text) => ({ text, score: fuzzyMatch(query, text)?.score }))
    .filter(({ score }) => score !== undefined)
    .sort((a, b) => (b.score ?? 0) - (a.score ?? 0))
    .map(({ text }) => text);
}

describe('fuzzyMatch', () => {
  it('finds characters in order and tells where', () => {
    expect(fuzzyMatch('wbm', 'workbench-model.ts')?.positions).toEqual([0, 4, 10]);
    expect(fuzzyMatch('model', 'workbench-model.ts')?.positions).toEqual([10, 11, 12, 13, 14]);
  });

  it('is undefined when a character is missing or out of order', () => {
    expect(fuzzyMatch('xyz', 'workbench')).toBeUndefined();
    expect(fuzzyMatch('kw', 'work')).toBeUndefined();
  });

  it('takes an empty query as found', () => {
    expect(fuzzyMatch(' ', 'anything')).toEqual({ score: 0, positions: [] });
  });

  it('prefers names of files over folders, and starts of words', () => {
    expect(rank('index', ['index/other/readme.md', 'source/index.ts'])[0]).toBe('source/index.ts');
    expect(rank('nf', ['File: New Folder', 'Confirm'])[0]).toBe('File: New Folder');
  });

  it('stays quick on very long texts', () => {
    const text = `${'a/'.repeat(5_000)}target.ts`;
    expect(fuzzyMatch('target', text)?.positions).toHaveLength(6);
  });
});
