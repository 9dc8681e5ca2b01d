import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../testing/seeded-random.ts';
import { parseSharedPath } from './shared-path.ts';

describe('parseSharedPath', () => {
  it.each([
    'a',
    'src/main.ts',
    '.gitignore',
    '.github/workflows/ci.yml',
    'a.git/x',
    'git~x',
    'console.log',
    'null/a',
    'com10',
    'common.ts',
    'ü/日本語/👩‍👩‍👧.txt',
    '..a/...b',
    ' leading',
    'x'.repeat(255),
  ])('takes %j as it is', (path) => {
    expect(parseSharedPath(path)).toEqual({ ok: true, path });
  });

  it('normalises to NFC', () => {
    expect(parseSharedPath('re\u0301sume\u0301.txt')).toEqual({ ok: true, path: 'r\u00e9sum\u00e9.txt' });
  });

  it.each([
    '',
    '/',
    '/etc/passwd',
    '//server/share',
    'a//b',
    'a/',
    '.',
    '..',
    './a',
    '../a',
    'a/../../b',
    'a/..',
    'a\\b',
    '..\\a',
    'C:/a',
    'c:a',
    'a.txt:stream',
    'a\0b',
    'a\nb',
    'a\u001b[31m',
    'a\u007f',
    'a\u0085b',
    'a\ud800b',
    'src/\u202etxt.exe',
    'a\u202a/b',
    'a\u2066b\u2069.ts',
    '\udc00',
    'con',
    'NUL',
    'nul.txt',
    'Aux.tar.gz',
    'nul .txt',
    'src/COM1',
    'lpt9.log',
    'com¹',
    'CONIN$',
    '.git',
    '.git/config',
    'sub/.GIT/hooks/post-checkout',
    '.Git',
    '.g\u200cit/config',
    'git~1',
    'GIT~1/config',
    '.git./config',
    '.git ',
    'a.',
    'a /b',
    'dots...',
    'x'.repeat(256),
    'é'.repeat(128),
    '👍'.repeat(64),
    'long/'.repeat(300) + 'a',
  ])('refuses %j and says why', (path) => {
    const parsed = parseSharedPath(path);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.reason).toMatch(/\w{3}/);
  });

  it('never lets through something that leaves the folder, and is stable on what it takes', () => {
    const random = createSeededRandom(3);
    const parts = [
      '.',
      '..',
      '/',
      '\\',
      'a',
      'git',
      '.git',
      ' ',
      ':',
      '\0',
      'con',
      '~1',
      'e\u0301',
      '\ud83d',
      '\u200d',
    ];
    let taken = 0;
    for (let round = 0; round < 20_000; round++) {
      const value = Array.from({ length: 1 + random.below(6) }, () => random.pick(parts)).join('');
      const parsed = parseSharedPath(value);
      if (!parsed.ok) continue;
      taken++;
      const segments = parsed.path.split('/');
      expect(segments.some((segment) => ['', '.', '..', '.git'].includes(segment))).toBe(false);
      expect(parseSharedPath(parsed.path)).toEqual(parsed);
    }
    expect(taken).toBeGreaterThan(100);
  });
});
