import { describe, expect, it } from 'vitest';
import { PRESENCE_COLOR_COUNT, presenceColorIndex } from '../theme/presence-palette.ts';
import { participantColors } from './participant-colors.ts';

const people = Array.from({ length: PRESENCE_COLOR_COUNT + 3 }, (_, index) => ({
  presenceId: index + 1,
  subject: `subject-${index}`,
}));

describe('participantColors', () => {
  it('gives everybody another colour as long as there are some, in any order of telling', () => {
    const some = people.slice(0, PRESENCE_COLOR_COUNT);
    const colors = participantColors(some);
    expect(new Set(colors.values()).size).toBe(PRESENCE_COLOR_COUNT);
    expect(colors.get(1)).toBe(presenceColorIndex('subject-0'));
    expect(participantColors(some.toReversed())).toEqual(colors);
  });

  it('keeps the colours of those who are there when others come', () => {
    const before = participantColors(people.slice(0, 5));
    const after = participantColors(people);
    for (const [presenceId, color] of before) expect(after.get(presenceId)).toBe(color);
    expect(after.size).toBe(people.length);
  });

  it('gives one person in two windows one colour', () => {
    const colors = participantColors([
      { presenceId: 1, subject: 'ana' },
      { presenceId: 2, subject: 'ana' },
    ]);
    expect(colors.get(1)).toBe(colors.get(2));
  });
});
