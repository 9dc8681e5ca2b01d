import { describe, expect, it } from 'vitest';
import { cleanPersonName } from './person-name.ts';

const FAMILY = '👨‍👩‍👧';
const BLANK = ['\u115f', '\u1160', '\u3164', '\uffa0', '\u2800', '\u034f', '\u180e', '\u{1d159}', '\u00a0', '\u3000'];

describe('names', () => {
  it.each([
    ['  Ada \n Lovelace ', 'Ada Lovelace'],
    ['Zoë 🙂 李', 'Zoë 🙂 李'],
    ['a\u0000b\u001bc\u202ed\u200be', 'abcde'],
    ['x'.repeat(300), 'x'.repeat(64)],
    ['🙂'.repeat(100), '🙂'.repeat(64)],
    [`${'x'.repeat(63)} y`, 'x'.repeat(63)],
    ['lone \ud800 half', 'lone  half'],
    ['', undefined],
    [' \u200b\u0007 ', undefined],
  ])('%j becomes %j', (name, cleaned) => {
    expect(cleanPersonName(name)).toBe(cleaned);
  });

  it('that look blank are none, and what looks blank is left out of the others', () => {
    for (const blank of [...BLANK, '\ufe0f', '\u0301', '\ue000', '\u200d', '\u{e0041}']) {
      expect([blank, cleanPersonName(blank)]).toEqual([blank, undefined]);
      expect([blank, cleanPersonName(` ${blank}${blank} `)]).toEqual([blank, undefined]);
    }
    expect(cleanPersonName('\u115f\u3164')).toBeUndefined();
    for (const blank of BLANK.slice(0, 8)) expect(cleanPersonName(`A${blank}na`)).toBe('Ana');
  });

  it('keep emoji whole, and nothing else that is joined without being seen', () => {
    for (const name of [
      `Ada ${FAMILY}`,
      FAMILY,
      '👩🏽‍💻 Ben',
      '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
      '❤️',
      '🇩🇪',
    ])
      expect(cleanPersonName(name)).toBe(name);
    expect(cleanPersonName('A\u200dna\u200d')).toBe('Ana');
    expect(cleanPersonName(`Ana\u{e0041}\u{e0042}`)).toBe('Ana');
    expect(cleanPersonName(`${'x'.repeat(62)}${FAMILY}`)).toBe('x'.repeat(62));
    expect(cleanPersonName(`${'x'.repeat(59)}${FAMILY}${FAMILY}`)).toBe(`${'x'.repeat(59)}${FAMILY}`);
    expect(cleanPersonName(`e${'\u0301'.repeat(100)}`)).toBe(`é${'\u0301'.repeat(62)}`.normalize('NFD').slice(0, 64));
  });
});
