import { expect, it } from 'vitest';
import { createSeededRandom } from '../../testing/seeded-random.ts';
import { StructMap } from './struct-map.ts';

const CLIENT = 1;

/** What a map says of each of the first clocks, having followed how far each holds. */
function readAll(structs: StructMap<string>, clocks: number): readonly (string | undefined)[] {
  const read: (string | undefined)[] = [];
  while (read.length < clocks) {
    const { value, until } = structs.at(CLIENT, read.length);
    expect(until).toBeGreaterThan(read.length);
    for (let clock = read.length; clock < Math.min(until, clocks); clock++) read.push(value);
  }
  return read;
}

it('keeps what was noted of a struct first where a later note begins before it', () => {
  const structs = new StructMap<string>();
  structs.add(CLIENT, 5, 8, 'first');
  structs.add(CLIENT, 0, 10, 'later');
  structs.add(CLIENT, 8, 12, 'last');
  expect(structs.at(CLIENT, 0)).toEqual({ value: 'later', until: 5 });
  expect(structs.at(CLIENT, 6)).toEqual({ value: 'first', until: 8 });
  expect(structs.at(CLIENT, 9)).toEqual({ value: 'later', until: 10 });
  expect(structs.at(CLIENT, 11)).toEqual({ value: 'last', until: 12 });
  expect(structs.at(CLIENT, 12)).toEqual({ value: undefined, until: Infinity });
  expect(structs.at(2, 6)).toEqual({ value: undefined, until: Infinity });
});

it('says what a list of all structs says, whatever overlaps and whenever it is asked', () => {
  const { below, chance } = createSeededRandom(7);
  const clocks = 60;
  for (let run = 0; run < 200; run++) {
    const structs = new StructMap<string>();
    const model = Array.from<string | undefined>({ length: clocks });
    for (let step = 0; step < 12; step++) {
      const from = below(clocks);
      const to = Math.min(clocks, from + below(25));
      const value = `value ${below(3)}`;
      structs.add(CLIENT, from, to, value);
      for (let clock = from; clock < to; clock++) model[clock] ??= value;
      if (chance(0.3)) expect(structs.at(CLIENT, from).value).toBe(model[from]);
    }
    expect(readAll(structs, clocks)).toEqual(model);
  }
});

it('goes on with what somebody types', () => {
  const structs = new StructMap<string>();
  for (let clock = 0; clock < 100; clock++) structs.add(CLIENT, clock, clock + 1, 'typed');
  expect(structs.at(CLIENT, 0)).toEqual({ value: 'typed', until: 100 });
});
