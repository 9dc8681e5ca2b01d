import { describe, expect, it } from 'vitest';
import { cleanPersonName } from './person-name.ts';

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
});
