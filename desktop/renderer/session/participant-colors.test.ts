import { describe, expect, it } from 'vitest';
import { PRESENCE_COLOR_COUNT, presenceColorIndex } from '../theme/presence-palette.ts';
import { participantColors } from './participant-colors.ts';

const people = Array.from({ length: PRESENCE_COLOR_COUNT + 3 }, (_, index) => ({
  presenceId: index + 1,
  subject: `subject-${index}`,
  name: `name-${index}`,
}));

const OWN = presenceColorIndex('name-0');

describe('participantColors', () => {
  it('gives everybody another colour as long as there are some, in any order of telling', () => {
    const some = people.slice(0, PRESENCE_COLOR_COUNT);
    const colors = participantColors(some);
    expect(new Set(colors.values()).size).toBe(PRESENCE_COLOR_COUNT);
    expect(participantColors(some.toReversed())).toEqual(colors);
  });

  it('gives everybody the same colour again, in whatever order they come back, and as whom', () => {
    const alike = Array.from({ length: 1000 }, (_, index) => `name-${index}`).filter(
      (name) => presenceColorIndex(name) === OWN,
    );
    const [first = '', second = ''] = alike.toSorted();
    const before = participantColors([
      { presenceId: 1, subject: 'a', name: first },
      { presenceId: 2, subject: 'b', name: second },
    ]);
    const after = participantColors([
      { presenceId: 3, subject: 'b', name: second },
      { presenceId: 4, subject: 'c', name: first },
    ]);
    expect([before.get(1), before.get(2)]).toEqual([OWN, (OWN + 1) % PRESENCE_COLOR_COUNT]);
    expect([after.get(4), after.get(3)]).toEqual([before.get(1), before.get(2)]);
  });

  it('gives those whose colour nobody else has their own, however many there are', () => {
    const colors = participantColors(people);
    expect(colors.size).toBe(people.length);
    const owns = people.map(({ name }) => presenceColorIndex(name));
    for (const [index, { presenceId }] of people.entries()) {
      const own = owns[index] ?? 0;
      if (owns.filter((other) => other === own).length === 1) expect(colors.get(presenceId)).toBe(own);
    }
  });

  it('gives one person in two windows one colour, and somebody of the same name another one', () => {
    const colors = participantColors([
      { presenceId: 1, subject: 'ana', name: 'Ana' },
      { presenceId: 2, subject: 'ana', name: 'Ana' },
      { presenceId: 3, subject: 'other', name: 'Ana' },
    ]);
    expect(colors.get(1)).toBe(colors.get(2));
    expect(colors.get(3)).not.toBe(colors.get(1));
  });
});
