import { expect, it } from 'vitest';
import { MIRROR_READERS } from './mirror-request-readers.ts';

const CHOICES = { sharesOthers: true, mine: ['a.txt'], allowsLargeBackup: false };

it('takes choices as they are meant, and nothing else', () => {
  expect(MIRROR_READERS['mirror:start'](CHOICES)).toEqual({ request: CHOICES });
  expect(MIRROR_READERS['mirror:start']({ ...CHOICES, more: 1 })).toEqual({ request: CHOICES });
});

it.each([
  undefined,
  null,
  'a.txt',
  {},
  { ...CHOICES, sharesOthers: 1 },
  { ...CHOICES, allowsLargeBackup: undefined },
  { ...CHOICES, mine: 'a.txt' },
  { ...CHOICES, mine: [1] },
  { ...CHOICES, mine: Array.from({ length: 100_001 }, () => 'a') },
])('refuses %j as choices', (value) => {
  expect(MIRROR_READERS['mirror:start'](value)).toBeUndefined();
});

it('refuses a path that is none', () => {
  expect(MIRROR_READERS['mirror:read-difference']({ path: 'a.txt' })).toEqual({ request: { path: 'a.txt' } });
  for (const value of [undefined, {}, { path: 1 }, { path: 'a'.repeat(100_000) }]) {
    expect(MIRROR_READERS['mirror:read-difference'](value)).toBeUndefined();
  }
});
