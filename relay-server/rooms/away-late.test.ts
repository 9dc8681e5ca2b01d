import { describe, expect, it } from 'vitest';
import { AwayPerson } from '../testing/away-person.ts';
import { BY_BOTH, changesOf, expectToldAndUndone, meet, rest, textsOf } from '../testing/away-room.ts';

type Given = Parameters<typeof meet>[0];

/** Ada goes first, as from a relay that ends one connection after the other; both then edit one line, and Bob is back. */
async function adaIsCutFirst(given: Given = {}) {
  const room = await meet(given);
  const { relay, ada, bob } = room;
  ada.cut();
  await relay.advance(1_000);
  expect(bob.session.participants.size).toBe(0);
  bob.cut();
  await relay.advance(5_000);
  ada.text().insert(3, ' by Ada');
  return room;
}

/** Bob, who is back, is told of what Ada brings, and can undo it. */
async function expectTold({ relay, ada, bob }: Awaited<ReturnType<typeof meet>>) {
  expect(changesOf(bob)).toEqual([]);
  await ada.reach();
  await rest({ relay });
  expect(changesOf(bob)).toEqual(BY_BOTH);
  expect(bob.session.away.summary?.changes[0]?.overlaps).toHaveLength(1);
  expect(bob.session.away.summary?.announcedNumber).toBeGreaterThan(0);
  await expectToldAndUndone({ relay, ada, bob });
}

describe('edits that others made without knowledge of those of self, and bring after the return,', () => {
  it('are told although their author was cut off before', async () => {
    const room = await adaIsCutFirst();
    room.bob.text().insert(3, ' by Bob');
    await room.relay.advance(20_000);
    await room.bob.reach();
    await room.relay.advance(5_000);
    await expectTold(room);
  });

  it('are told to who has ended and started again without a connection', async () => {
    const room = await adaIsCutFirst({ hasAuthors: true });
    const { relay, bob } = room;
    bob.text().insert(3, ' by Bob');
    await relay.advance(2_000);
    await bob.quit();
    await bob.begin(false);
    await relay.advance(20_000);
    await bob.reach();
    await relay.advance(5_000);
    await expectTold(room);
    expect(bob.session.away.summary?.changes[0]?.people.map(({ name }) => name)).toEqual(['Name of ada']);
  });

  it('are told the next day, through ends of either', async () => {
    const room = await adaIsCutFirst();
    const { relay, ada, bob } = room;
    bob.text().insert(3, ' by Bob');
    await relay.advance(5_000);
    await ada.quit();
    await bob.reach();
    await relay.advance(5_000);
    await bob.quit();
    await relay.advance(12 * 3_600_000);
    await bob.begin();
    await rest(room);
    await ada.begin(false);
    await relay.advance(1_000);
    await expectTold(room);
  });

  it('are told of a file that self has closed since', async () => {
    const room = await adaIsCutFirst();
    const { relay, ada, bob } = room;
    bob.text().insert(3, ' by Bob');
    await bob.reach();
    await rest(room);
    bob.close('file');
    for (let minute = 0; minute < 3; minute++) await relay.advance(60_000);
    await ada.reach();
    await rest(room);
    expect(changesOf(bob)).toEqual(BY_BOTH);
  });

  it('are told with what self deleted', async () => {
    const room = await adaIsCutFirst();
    const { relay, ada, bob } = room;
    bob.text().delete(0, 3);
    await relay.advance(5_000);
    await bob.reach();
    await relay.advance(40_000);
    await ada.reach();
    await relay.advance(5_000);
    expect(changesOf(bob)).toEqual(BY_BOTH);
    expect(await textsOf(bob)).toMatchObject({
      base: 'one\ntwo\nthree\n',
      mine: '\ntwo\nthree\n',
      theirs: 'one by Ada\ntwo\nthree\n',
    });
  });

  it('are told each time, as one with what was told before', async () => {
    const room = await adaIsCutFirst();
    const { relay, ada, bob } = room;
    bob.text().insert(3, ' by Bob');
    await bob.reach();
    await relay.advance(5_000);
    await ada.reach();
    await relay.advance(60_000);
    expect(changesOf(bob)).toEqual(BY_BOTH);
    bob.session.away.lookedAt(['file']);
    ada.cut();
    await relay.advance(5_000);
    bob.cut();
    ada.text().insert(0, 'Ada again ');
    bob.text().insert(0, 'Bob again ');
    await bob.reach();
    await relay.advance(60_000);
    await ada.reach();
    await relay.advance(5_000);
    expect(bob.session.away.summary?.changes).toMatchObject([{ text: 'both', isLookedAt: false }]);
    expect(await textsOf(bob)).toMatchObject({
      base: 'one\ntwo\nthree\n',
      mine: 'Bob again one by Bob\ntwo\nthree\n',
      theirs: 'Ada again one by Ada\ntwo\nthree\n',
    });
  });
});

describe('nothing is told of what others type who know what self wrote', () => {
  /** Bob has edited offline, and is back with Ada there; nothing is left to be told. */
  async function bothAreHere(edit: (bob: AwayPerson) => void = (bob) => bob.text().insert(3, ' by Bob')) {
    const room = await meet();
    const { relay, ada, bob } = room;
    bob.cut();
    edit(bob);
    await relay.advance(10_000);
    await bob.reach();
    await rest(room);
    expect(ada.text().toString()).toBe(bob.text().toString());
    expect(changesOf(bob)).toEqual([]);
    return room;
  }

  it('at once, in the same line', async () => {
    const { relay, ada, bob } = await bothAreHere();
    ada.text().insert(0, 'live ');
    bob.text().insert(0, 'at the same time ');
    await relay.advance(10_000);
    expect(bob.text().toString()).toContain('live ');
    await rest({ relay });
    expect(changesOf(bob)).toEqual([]);
  });

  it('after they have connected anew, and brought what they wrote meanwhile to one who stayed', async () => {
    const { relay, ada, bob } = await bothAreHere();
    ada.cut();
    await relay.advance(10_000);
    ada.text().insert(0, 'offline ');
    await ada.reach();
    await relay.advance(10_000);
    ada.text().insert(0, 'live ');
    await relay.advance(10_000);
    expect(bob.text().toString()).toContain('live offline ');
    await rest({ relay });
    expect(changesOf(bob)).toEqual([]);
  });

  it('after self has ended and started again', async () => {
    const { relay, ada, bob } = await bothAreHere();
    await bob.quit();
    await bob.begin();
    await relay.advance(1_000);
    ada.text().insert(0, 'live ');
    await relay.advance(10_000);
    expect(bob.text().toString()).toContain('live ');
    await rest({ relay });
    expect(changesOf(bob)).toEqual([]);
  });

  it('nor of newcomers, once they have it', async () => {
    const room = await bothAreHere();
    const { relay, bob } = room;
    const eve = new AwayPerson({ relay, name: 'eve' });
    await rest(room);
    eve.text().insert(0, 'new ');
    await relay.advance(10_000);
    expect(bob.text().toString()).toContain('new ');
    await rest(room);
    expect(changesOf(bob)).toEqual([]);
  });

  it('nor when self has taken the edits back', async () => {
    const { relay, ada, bob } = await bothAreHere();
    ada.cut();
    await relay.advance(1_000);
    bob.cut();
    bob.text().insert(0, 'gone ');
    ada.text().insert(0, 'kept ');
    await relay.advance(5_000);
    await bob.reach();
    await relay.advance(40_000);
    bob.text().delete(0, 5);
    bob.text().delete(3, 7);
    await ada.reach();
    await relay.advance(5_000);
    expect(bob.text().toString()).toBe('kept one\ntwo\nthree\n');
    expect(changesOf(bob)).toEqual([]);
  });
});
