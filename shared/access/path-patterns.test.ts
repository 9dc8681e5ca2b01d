import { expect, it } from 'vitest';
import { checkPathPatterns, matchesPaths } from './path-patterns.ts';

const PATHS = ['README.md', 'src', 'src/a.ts', 'src/b.js', 'src/deep/c.ts', 'docs/src/d.md', 'src2/e.ts', 'a.ts'];

it.each([
  ['src/**', ['src', 'src/a.ts', 'src/b.js', 'src/deep/c.ts']],
  ['src', ['src', 'src/a.ts', 'src/b.js', 'src/deep/c.ts']],
  ['src/*', ['src/a.ts', 'src/b.js']],
  ['src/*.ts', ['src/a.ts']],
  ['**/*.ts', ['src/a.ts', 'src/deep/c.ts', 'src2/e.ts', 'a.ts']],
  ['**', PATHS],
  ['*', ['README.md', 'src', 'a.ts']],
  ['src?/**', ['src2/e.ts']],
  ['**/src/**', ['src', 'src/a.ts', 'src/b.js', 'src/deep/c.ts', 'docs/src/d.md']],
  ['README.md', ['README.md']],
  ['Readme.md', []],
  ['src/**/c.ts', ['src/deep/c.ts']],
])('%s names what it says', (pattern, expected) => {
  expect(checkPathPatterns([pattern])).toBeUndefined();
  expect(PATHS.filter((path) => matchesPaths(path, [pattern]))).toEqual(expected);
});

it('takes regular expressions and the like as plain characters', () => {
  expect(matchesPaths('a+b(c).ts', ['a+b(c).ts'])).toBe(true);
  expect(matchesPaths('aab', ['a+b'])).toBe(false);
  expect(matchesPaths('x.ts', ['[a-z].ts'])).toBe(false);
  expect(matchesPaths('ü🙂.ts', ['ü?.ts'])).toBe(true);
  expect(matchesPaths('ü🙂.ts', ['*🙂.ts'])).toBe(true);
});

it.each(['', '/src', 'src/', 'a//b', '../x', 'a/./b', 'a\\b', 'a/b**', 'x'.repeat(257)])('refuses %j', (pattern) => {
  expect(checkPathPatterns([pattern])).toBeDefined();
});

it('needs no long time for a pattern made to need it', () => {
  const startMs = performance.now();
  expect(matchesPaths(`${'a'.repeat(2_000)}b`, [`${'*a'.repeat(120)}*c`])).toBe(false);
  expect(matchesPaths(`${'a/'.repeat(2_000)}b`, [`${'**/a/'.repeat(50)}c`])).toBe(false);
  expect(performance.now() - startMs).toBeLessThan(1_000);
});
