import { describe, expect, it } from 'vitest';
import { BY_BOTH, BY_OTHERS, changesOf, expectToldAndUndone, meet, rest, textsOf } from '../testing/away-room.ts';

/** Both lose touch, and both edit; then Bob alone is back. */
async function bobIsBackFirst() {
  const room = await meet({ documents: ['file', 'other'] });
  const { relay, ada, bob } = room;
  for (const person of [ada, bob]) person.cut();
  await relay.advance(5_000);
  bob.text().insert(3, ' by Bob');
  ada.text().insert(3, ' by Ada');
  await relay.advance(25_000);
  await bob.reach();
  expect(changesOf(bob)).toEqual([]);
  return room;
}

describe('who was out of reach as all others were, and is back before them', () => {
  it('is told what they bring, and of the lines that both edited', async () => {
    const { relay, ada, bob } = await bobIsBackFirst();
    await relay.advance(12_000);
    await ada.reach();
    await relay.advance(2_000);
    for (const person of [ada, bob]) {
      expect(changesOf(person)).toEqual(BY_BOTH);
      expect(person.session.away.summary?.changes[0]?.overlaps).toHaveLength(1);
    }
    await expectToldAndUndone({ relay, ada, bob });
  });

  it('may edit meanwhile: that counts for nobody', async () => {
    const { relay, ada, bob } = await bobIsBackFirst();
    bob.text().insert(0, 'zero\n');
    bob.text('other').insert(0, 'live\n');
    await relay.advance(12_000);
    await ada.reach();
    await relay.advance(2_000);
    expect(changesOf(bob)).toEqual(BY_BOTH);
    expect(await textsOf(bob)).toMatchObject({
      base: 'zero\none\ntwo\nthree\n',
      mine: 'zero\none by Bob\ntwo\nthree\n',
    });
    expect(await bob.session.away.act('file', 'undo-mine')).toBeUndefined();
    expect(bob.text().toString()).toBe('zero\none by Ada\ntwo\nthree\n');
  });

  it('is not told what they type once they are back', async () => {
    const { relay, ada, bob } = await bobIsBackFirst();
    await ada.reach();
    await rest({ relay });
    await relay.advance(10_000);
    bob.session.away.keep(['file']);
    ada.text().insert(0, 'live\n');
    ada.text('other').insert(0, 'live\n');
    await relay.advance(60_000);
    expect(changesOf(bob)).toEqual([]);
  });

  it('waits a while with what they alone have changed, and for ever with what self has changed, too', async () => {
    const { relay, ada, bob } = await bobIsBackFirst();
    ada.text('other').insert(0, 'by Ada');
    await relay.advance(60_000);
    await ada.reach();
    await relay.advance(5_000);
    expect(bob.text('other').toString()).toContain('by Ada');
    expect(changesOf(bob)).toEqual(BY_BOTH);
  });

  it('is told of what came before the connection was lost again', async () => {
    const { relay, ada, bob } = await bobIsBackFirst();
    await ada.reach();
    expect(bob.text().toString()).toContain(' by Ada');
    bob.cut();
    await relay.advance(5_000);
    ada.text('other').insert(0, 'later\n');
    await relay.advance(1_000);
    await bob.reach();
    await relay.advance(5_000);
    expect(changesOf(bob)).toEqual([{ ...BY_OTHERS[0], fileId: 'other' }, ...BY_BOTH]);
  });
});

describe('what comes late', () => {
  it('is one with what an earlier return has told, and was not looked at', async () => {
    const { relay, ada, bob } = await meet();
    bob.cut();
    await relay.advance(5_000);
    ada.text().insert(0, 'early\n');
    await relay.advance(1_000);
    await bob.reach();
    await relay.advance(5_000);
    expect(changesOf(bob)).toEqual(BY_OTHERS);
    for (const person of [ada, bob]) person.cut();
    await relay.advance(5_000);
    ada.text().insert(0, 'late\n');
    await bob.reach();
    await relay.advance(5_000);
    await ada.reach();
    await relay.advance(5_000);
    expect(await textsOf(bob)).toMatchObject({ base: 'one\ntwo\nthree\n', theirs: 'late\nearly\none\ntwo\nthree\n' });
  });
});
