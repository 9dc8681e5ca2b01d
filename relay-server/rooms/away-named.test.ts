import { describe, expect, it } from 'vitest';
import { BY_BOTH, changesOf, meet, rest } from '../testing/away-room.ts';
import type { AwayPerson } from '../testing/away-person.ts';

type Given = Parameters<typeof meet>[0];

/** Ada is out of touch with edits, and Bob, who edited offline as well, is back, and was away for a moment since. */
async function bobIsBackTwice(given: Given = {}) {
  const room = await meet({ hasAuthors: true, ...given });
  const { relay, ada, bob } = room;
  ada.cut();
  await relay.advance(1_000);
  bob.cut();
  await relay.advance(5_000);
  ada.text().insert(3, ' by Ada');
  bob.text().insert(3, ' by Bob');
  await bob.reach();
  await relay.advance(60_000);
  bob.cut();
  await relay.advance(1_000);
  await bob.reach();
  await rest(room);
  expect(changesOf(bob)).toEqual([]);
  return room;
}

const namesOf = (person: AwayPerson) =>
  person.session.away.summary?.changes.map(({ people }) => people.map(({ name }) => name));

describe('who brings edits late', () => {
  it('is named although nothing is told of the last absence', async () => {
    const room = await bobIsBackTwice();
    await room.ada.reach();
    await rest(room);
    expect(changesOf(room.bob)).toEqual(BY_BOTH);
    expect(namesOf(room.bob)).toEqual([['Name of ada']]);
    expect(room.bob.session.away.summary?.announcedNumber).toBeGreaterThan(0);
  });

  it('is named before that is announced', async () => {
    const answer = Promise.withResolvers<void>();
    const room = await bobIsBackTwice({ whenAsked: () => answer.promise });
    const { ada, bob } = room;
    await ada.reach();
    await rest(room);
    expect(changesOf(bob)).toEqual(BY_BOTH);
    expect(bob.session.away.summary?.announcedNumber).toBe(0);
    answer.resolve();
    await rest(room);
    expect(namesOf(bob)).toEqual([['Name of ada']]);
    expect(bob.session.away.summary?.announcedNumber).toBeGreaterThan(0);
  });

  it('is named after the next return when this device loses touch before the relay has told', async () => {
    const answer = Promise.withResolvers<void>();
    let whenAnswered = Promise.resolve();
    const room = await bobIsBackTwice({ whenAsked: () => whenAnswered });
    const { relay, ada, bob } = room;
    whenAnswered = answer.promise;
    await ada.reach();
    await rest(room);
    expect([changesOf(bob), bob.session.away.summary?.announcedNumber]).toEqual([BY_BOTH, 0]);
    whenAnswered = Promise.resolve();
    bob.cut();
    answer.resolve();
    await relay.advance(1_000);
    expect(bob.session.away.summary?.announcedNumber).toBe(0);
    await bob.reach();
    await rest(room);
    expect(namesOf(bob)).toEqual([['Name of ada']]);
    expect(bob.session.away.summary?.announcedNumber).toBeGreaterThan(0);
  });
});
