import { describe, expect, it } from 'vitest';
import { BY_BOTH, BY_OTHERS, changesOf, meet, textsOf } from '../testing/away-room.ts';

describe('while somebody is out of reach', () => {
  it('others change a file: they are told, once, and what it was', async () => {
    const { relay, ada, bob } = await meet();
    bob.cut();
    await relay.advance(5_000);
    ada.text().insert(4, 'theirs\n');
    await relay.advance(5_000);
    expect(bob.session.away.summary).toBeUndefined();
    await bob.reach();
    expect(changesOf(bob)).toEqual(BY_OTHERS);
    expect(bob.session.away.summary).toMatchObject({ returnNumber: 1, ownCount: 0 });
    expect(await textsOf(bob)).toEqual({
      base: 'one\ntwo\nthree\n',
      mine: 'one\ntwo\nthree\n',
      theirs: 'one\ntheirs\ntwo\nthree\n',
      merged: 'one\ntheirs\ntwo\nthree\n',
      now: 'one\ntheirs\ntwo\nthree\n',
      isAdditionsOnly: false,
      authors: [],
    });
    expect(ada.session.away.summary).toBeUndefined();
  });

  it('nothing happens, or self alone edits: nothing is told', async () => {
    const { relay, ada, bob } = await meet();
    bob.cut();
    await relay.advance(60_000);
    await bob.reach();
    bob.cut();
    bob.text().insert(0, 'mine ');
    await relay.advance(60_000);
    await bob.reach();
    expect(ada.text().toString()).toBe('mine one\ntwo\nthree\n');
    await relay.advance(3_000);
    expect(bob.session.away.summary).toBeUndefined();
    expect([...bob.disk.away.keys()].toSorted()).toEqual(['note/heads', 'note/left', 'note/own/file', 'note/subjects']);
  });

  it('a short absence is told of only to those who edited meanwhile', async () => {
    const { relay, ada, bob } = await meet();
    bob.cut();
    ada.text().insert(0, 'theirs ');
    await relay.advance(1_000);
    await bob.reach();
    expect(bob.session.state.kind).toBe('online');
    expect(bob.session.away.summary).toBeUndefined();
    bob.cut();
    bob.text().insert(0, 'mine ');
    ada.text().insert(0, 'theirs again ');
    await relay.advance(1_000);
    await bob.reach();
    expect(changesOf(bob)).toEqual(BY_BOTH);
    expect(bob.session.away.summary?.changes[0]?.overlaps).toHaveLength(1);
  });

  it.each([
    ['self first', ['mine', 'theirs']],
    ['others first', ['theirs', 'mine']],
  ])(
    'both change a file, %s: either side can be taken back, and brought back, with what was typed since',
    async (_, order) => {
      const { relay, ada, bob } = await meet();
      bob.cut();
      await relay.advance(4_000);
      for (const side of order) {
        if (side === 'mine') bob.text().insert(bob.text().length, 'mine\n');
        else ada.text().delete(0, 4);
        await relay.advance(1_000);
      }
      await bob.reach();
      await relay.advance(1_000);
      expect(changesOf(bob)).toEqual(BY_BOTH);
      expect(await textsOf(bob)).toMatchObject({
        base: 'one\ntwo\nthree\n',
        mine: 'one\ntwo\nthree\nmine\n',
        theirs: 'two\nthree\n',
        merged: 'two\nthree\nmine\n',
      });
      const [change] = bob.session.away.summary?.changes ?? [];
      expect(change).toMatchObject({ theirs: { inserted: 0, deleted: 4 }, mine: { inserted: 5, deleted: 0 } });
      ada.text().insert(4, 'since\n');
      await relay.advance(1_000);
      expect(await bob.session.away.act('file', 'undo-theirs')).toBeUndefined();
      await relay.advance(1_000);
      expect(ada.text().toString()).toBe('one\ntwo\nsince\nthree\nmine\n');
      expect(bob.session.away.summary?.changes[0]?.undone).toBe('theirs');
      expect(await bob.session.away.act('file', 'undo-mine')).toContain('Restore first');
      ada.text().insert(0, 'zero\n');
      await relay.advance(1_000);
      expect(await bob.session.away.act('file', 'restore-undone')).toBeUndefined();
      await relay.advance(1_000);
      expect(ada.text().toString()).toBe('zero\ntwo\nsince\nthree\nmine\n');
      expect(await bob.session.away.act('file', 'undo-mine')).toBeUndefined();
      await relay.advance(1_000);
      expect(ada.text().toString()).toBe('zero\ntwo\nsince\nthree\n');
      expect(bob.text().toString()).toBe(ada.text().toString());
    },
  );

  it('what is typed while it catches up is of self', async () => {
    const { relay, ada, bob } = await meet({ documents: ['file', 'other'] });
    bob.cut();
    await relay.advance(5_000);
    ada.text().insert(0, 'theirs\n');
    ada.text('other').insert(0, 'theirs\n');
    await relay.advance(1_000);
    // In the turn in which the sync comes, before all documents have theirs.
    const typing = () => {
      bob.text().unobserve(typing);
      bob.text().insert(bob.text().length, 'typed\n');
    };
    bob.text().observe(typing);
    await bob.reach();
    await relay.advance(1_000);
    expect(await textsOf(bob)).toMatchObject({
      base: 'one\ntwo\nthree\n',
      mine: 'one\ntwo\nthree\ntyped\n',
      theirs: 'theirs\none\ntwo\nthree\n',
    });
    expect(ada.text().toString()).toBe('theirs\none\ntwo\nthree\ntyped\n');
  });
});

describe('while the engine does not run', () => {
  it('others change a file: told at the next start, hours later', async () => {
    const { relay, ada, bob } = await meet();
    await bob.quit();
    ada.text().insert(0, 'theirs\n');
    await relay.advance(1_000);
    await ada.quit();
    await relay.advance(3 * 3_600_000);
    await bob.begin();
    await relay.advance(1_000);
    expect(changesOf(bob)).toEqual(BY_OTHERS);
    const { leftMs = 0, returnedMs = 0 } = bob.session.away.summary ?? {};
    expect(returnedMs - leftMs).toBeGreaterThan(3 * 3_600_000 - 60_000);
  });

  it('and what self typed offline, through a quit and a crash, stays told apart', async () => {
    const { relay, ada, bob } = await meet();
    bob.cut();
    bob.text().insert(0, 'mine\n');
    await relay.advance(5_000);
    await bob.quit();
    await bob.begin(false);
    bob.text().insert(bob.text().length, 'mine again\n');
    await relay.advance(5_000);
    bob.crash();
    ada.text().insert(ada.text().length, 'theirs\n');
    await relay.advance(5_000);
    await bob.begin();
    await relay.advance(1_000);
    expect(changesOf(bob)).toEqual(BY_BOTH);
    expect(await textsOf(bob)).toMatchObject({
      base: 'one\ntwo\nthree\n',
      mine: 'mine\none\ntwo\nthree\nmine again\n',
      theirs: 'one\ntwo\nthree\ntheirs\n',
    });
  });

  it('a change that nobody looked at stays through restarts, and joins with those of the next absence', async () => {
    const { relay, ada, bob } = await meet();
    bob.cut();
    await relay.advance(5_000);
    ada.text().insert(0, 'first\n');
    await relay.advance(1_000);
    await bob.reach();
    await bob.quit();
    await bob.begin();
    await relay.advance(1_000);
    expect(changesOf(bob)).toEqual(BY_OTHERS);
    expect((await textsOf(bob)).theirs).toBe('first\none\ntwo\nthree\n');
    bob.text().insert(0, 'online\n');
    await relay.advance(1_000);
    bob.cut();
    await relay.advance(5_000);
    ada.text().insert(ada.text().length, 'second\n');
    await relay.advance(1_000);
    await bob.reach();
    await relay.advance(1_000);
    expect(await textsOf(bob)).toMatchObject({
      base: 'online\none\ntwo\nthree\n',
      theirs: 'online\nfirst\none\ntwo\nthree\nsecond\n',
      merged: 'online\nfirst\none\ntwo\nthree\nsecond\n',
    });
    bob.session.away.lookedAt(['file']);
    expect(bob.session.away.summary?.changes[0]?.isLookedAt).toBe(true);
    await bob.quit();
    await bob.begin();
    await relay.advance(1_000);
    expect(bob.session.away.summary).toBeUndefined();
  });

  it('what is kept as it is is forgotten on the disk, too', async () => {
    const { relay, ada, bob } = await meet();
    bob.cut();
    await relay.advance(5_000);
    ada.text().insert(0, 'theirs\n');
    await relay.advance(1_000);
    await bob.reach();
    expect([...bob.disk.away.keys()].toSorted()).toEqual([
      'change/file',
      'note/heads',
      'note/left',
      'note/return',
      'note/subjects',
      'texts/file',
    ]);
    bob.session.away.keep(['file']);
    await relay.advance(1_000);
    expect([...bob.disk.away.keys()].toSorted()).toEqual(['note/heads', 'note/left', 'note/return', 'note/subjects']);
    expect(await bob.session.away.act('file', 'undo-theirs')).toContain('settled');
  });

  it('a file that was not open is told as changed, and its text comes when it is asked for', async () => {
    const { relay, ada, bob } = await meet({ documents: ['index', 'file'], hasAuthors: true });
    const [fileId = ''] = ada.files.add([{ path: 'a.txt', eol: 'LF', bom: false, kind: 'text' }]);
    ada.text(fileId).insert(0, 'base\n');
    bob.text(fileId);
    await relay.advance(1_000);
    expect(bob.text(fileId).toString()).toBe('base\n');
    await relay.advance(1_000);
    bob.close(fileId);
    await bob.quit();
    ada.text(fileId).insert(0, 'theirs\n');
    await relay.advance(60_000);
    await bob.begin();
    await relay.advance(1_000);
    expect(changesOf(bob)).toEqual([{ fileId, list: undefined, text: 'unread' }]);
    expect(bob.session.away.summary?.changes[0]?.path).toBe('a.txt');
    await relay.advance(3_600_000);
    const reading = textsOf(bob, fileId);
    await relay.advance(1_000);
    expect(await reading).toMatchObject({ base: 'base\n', merged: 'theirs\nbase\n' });
    expect(changesOf(bob)).toEqual([{ fileId, list: undefined, text: 'theirs' }]);
  });

  it('others make, rename and delete files: told by their paths', async () => {
    const { relay, ada, bob } = await meet({ documents: ['index', 'file'] });
    const file = { eol: 'LF', bom: false, kind: 'text' } as const;
    const [renamed = '', deleted = '', own = ''] = ada.files.add(
      ['a.txt', 'b.txt', 'own.txt'].map((path) => ({ ...file, path })),
    );
    await relay.advance(1_000);
    expect(bob.files.files).toHaveLength(3);
    await bob.quit();
    await bob.begin(false);
    bob.files.update(own, { path: 'own2.txt' });
    ada.files.update(renamed, { path: 'c.txt' });
    ada.files.remove([deleted]);
    const [created = ''] = ada.files.add([{ ...file, path: 'new.txt' }]);
    await relay.advance(5_000);
    await bob.reach();
    await relay.advance(1_000);
    const told = (bob.session.away.summary?.changes ?? []).map(({ fileId, path, list }) => ({ fileId, path, list }));
    expect(told).toEqual([
      { fileId: deleted, path: 'b.txt', list: { kind: 'deleted' } },
      { fileId: renamed, path: 'c.txt', list: { kind: 'renamed', from: 'a.txt' } },
      { fileId: created, path: 'new.txt', list: { kind: 'created' } },
    ]);
  });
});
