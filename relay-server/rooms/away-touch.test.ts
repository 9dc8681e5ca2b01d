import { describe, expect, it } from 'vitest';
import { BY_BOTH, changesOf, meet, rest, textsOf } from '../testing/away-room.ts';

const FILE = { eol: 'LF', bom: false, kind: 'text' } as const;

/** Bob has had a file open, which is closed by now; both are in touch. */
async function meetWithClosedFile() {
  const room = await meet({ documents: ['index', 'file'], hasAuthors: true });
  const { relay, ada, bob } = room;
  ada.files.add([
    { ...FILE, path: 'a.txt', fileId: 'a' },
    { ...FILE, path: 'file.txt', fileId: 'file' },
  ]);
  ada.text('a').insert(0, 'base\n');
  await rest(room);
  expect(bob.text('a').toString()).toBe('');
  await rest(room);
  expect(bob.text('a').toString()).toBe('base\n');
  bob.close('a');
  for (let minute = 0; minute < 2; minute++) await relay.advance(60_000);
  return room;
}

describe('what others do while this device is in touch is of no absence', () => {
  it('also when a page is loaded again, or the process killed, without having kept when that was', async () => {
    const room = await meetWithClosedFile();
    const { relay, ada, bob } = room;
    ada.text('a').insert(0, 'live\n');
    for (let second = 0; second < 20; second++) await relay.advance(1_000);
    bob.crash();
    await relay.advance(5_000);
    await bob.begin();
    await rest(room);
    expect(changesOf(bob)).toEqual([]);
    ada.text().insert(0, 'live\n');
    await rest(room);
    bob.crash();
    await relay.advance(1_000);
    ada.text().insert(0, 'live\n');
    await relay.advance(1_000);
    await bob.begin();
    await rest(room);
    expect(bob.text().toString()).toContain('live\nlive\n');
    expect(changesOf(bob)).toEqual([]);
    bob.crash();
    await relay.advance(10_000);
    ada.text('a').insert(0, 'meanwhile\n');
    await relay.advance(1_000);
    await bob.begin();
    await rest(room);
    expect(changesOf(bob)).toEqual([{ fileId: 'a', list: undefined, text: 'unread' }]);
    const { leftMs = 0, returnedMs = 0 } = bob.session.away.summary ?? {};
    expect(returnedMs - leftMs).toBeLessThan(20_000);
  });

  it('also when it loses touch a few seconds later', async () => {
    const room = await meetWithClosedFile();
    const { relay, ada, bob } = room;
    ada.text('a').insert(0, 'live\n');
    await relay.advance(8_000);
    bob.cut();
    await relay.advance(120_000);
    await bob.reach();
    await rest(room);
    expect(changesOf(bob)).toEqual([]);
  });

  it('is noted seldom while nobody else is there', async () => {
    const { relay, ada, bob } = await meet();
    const noted = () => bob.disk.away.get('note/left')?.summary;
    for (let second = 0; second < 10; second++) await relay.advance(1_000);
    await ada.quit();
    for (let second = 0; second < 10; second++) await relay.advance(1_000);
    const last = noted();
    for (let second = 0; second < 180; second++) await relay.advance(1_000);
    expect(noted()).toBe(last);
    await ada.begin();
    for (let second = 0; second < 10; second++) await relay.advance(1_000);
    expect(Number(noted())).toBeGreaterThan(Number(last));
  });
});

describe('what an earlier start has told', () => {
  it('is listed, and no news', async () => {
    const room = await meet();
    const { relay, ada, bob } = room;
    bob.cut();
    await relay.advance(5_000);
    ada.text().insert(0, 'theirs\n');
    await relay.advance(1_000);
    await bob.reach();
    await rest(room);
    expect(bob.session.away.summary).toMatchObject({ returnNumber: 1, announcedNumber: 1 });
    bob.crash();
    await relay.advance(5_000);
    await bob.begin();
    await rest(room);
    expect(bob.session.away.summary).toMatchObject({ announcedNumber: 0, changes: [{ isLookedAt: false }] });
    bob.cut();
    await relay.advance(5_000);
    ada.text().insert(0, 'theirs again\n');
    await relay.advance(1_000);
    await bob.reach();
    await rest(room);
    expect(bob.session.away.summary).toMatchObject({ returnNumber: 2, announcedNumber: 2 });
  });
});

describe('a file that both changed', () => {
  it('stays after it was looked at, with what can be undone, until it is kept', async () => {
    const room = await meet();
    const { relay, ada, bob } = room;
    bob.cut();
    await relay.advance(5_000);
    bob.text().insert(3, ' by Bob');
    ada.text().insert(3, ' by Ada');
    await bob.reach();
    await rest(room);
    bob.session.away.lookedAt(['file']);
    await bob.quit();
    await bob.begin();
    await rest(room);
    bob.cut();
    await relay.advance(5_000);
    ada.text('other').insert(0, 'theirs\n');
    await bob.reach();
    await rest(room);
    expect(changesOf(bob)).toEqual(BY_BOTH);
    expect(bob.session.away.summary?.changes).toMatchObject([{ isLookedAt: true, hasTexts: true }]);
    expect(await textsOf(bob)).toMatchObject({ base: 'one\ntwo\nthree\n', theirs: 'one by Ada\ntwo\nthree\n' });
    expect(await bob.session.away.act('file', 'undo-theirs')).toBeUndefined();
    expect(bob.text().toString()).toBe('one by Bob\ntwo\nthree\n');
    bob.session.away.keep(['file']);
    await bob.quit();
    await bob.begin();
    await rest(room);
    expect(bob.session.away.summary).toBeUndefined();
  });

  it('that was looked at makes no later absence begin with its own', async () => {
    const room = await meet({ documents: ['file', 'other'] });
    const { relay, ada, bob } = room;
    bob.cut();
    await relay.advance(5_000);
    bob.text().insert(3, ' by Bob');
    ada.text().insert(3, ' by Ada');
    await bob.reach();
    await rest(room);
    bob.session.away.lookedAt(['file']);
    await relay.advance(3_600_000);
    bob.cut();
    await relay.advance(60_000);
    ada.text('other').insert(0, 'theirs\n');
    await bob.reach();
    await rest(room);
    const { leftMs = 0, returnedMs = 0, changes = [] } = bob.session.away.summary ?? {};
    expect(changes.map(({ fileId }) => fileId)).toEqual(['other', 'file']);
    expect(returnedMs - leftMs).toBeLessThan(120_000);
  });
});

describe('a file that self deletes while somebody else edits it', () => {
  it('is told of although nobody comes or goes', async () => {
    const room = await meetWithClosedFile();
    const { relay, ada, bob } = room;
    for (let second = 0; second < 15; second++) await relay.advance(1_000);
    bob.files.remove(['a']);
    ada.text('a').insert(0, 'at the same moment\n');
    for (let second = 0; second < 15; second++) await relay.advance(1_000);
    expect(changesOf(bob)).toMatchObject([{ fileId: 'a', list: { kind: 'removed' } }]);
  });
});
