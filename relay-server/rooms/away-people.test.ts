import { describe, expect, it } from 'vitest';
import { AwayPerson } from '../testing/away-person.ts';
import { BY_BOTH, BY_OTHERS, changesOf, meet, textsOf } from '../testing/away-room.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

describe('who it was', () => {
  it('is told of open files and others, but for self on another device; and who wrote which part', async () => {
    const { relay, ada, bob } = await meet({ documents: ['index', 'file'], hasAuthors: true });
    const file = { eol: 'LF', bom: false, kind: 'text' } as const;
    const [unopened = '', own = ''] = ada.files.add([
      { ...file, path: 'a.txt' },
      { ...file, path: 'b.txt' },
      { ...file, path: 'file.txt', fileId: 'file' },
    ]);
    for (const fileId of [unopened, own]) {
      ada.text(fileId).insert(0, 'base\n');
      bob.text(fileId);
    }
    await relay.advance(1_000);
    await relay.advance(120_000);
    for (const fileId of [unopened, own]) bob.close(fileId);
    await relay.advance(120_000);
    bob.cut();
    bob.text().insert(0, 'mine\n');
    await relay.advance(120_000);
    ada.text().insert(4, 'theirs\n');
    ada.text(unopened).insert(0, 'theirs\n');
    const laptop = new AwayPerson({ relay, name: 'bob', documents: [own] });
    await relay.advance(1_000);
    laptop.text(own).insert(0, 'of the same person\n');
    await relay.advance(5_000);
    await bob.reach();
    await relay.advance(1_000);
    const told = bob.session.away.summary?.changes.map(({ path, text, people }) => [
      path,
      text,
      people.map((p) => p.name),
    ]);
    expect(told).toEqual([
      ['file.txt', 'both', ['Name of ada']],
      ['a.txt', 'unread', ['Name of ada']],
    ]);
    const { now, authors } = await textsOf(bob);
    expect(authors.map(({ start, end, subject }) => [now.slice(start, end), subject])).toEqual([['theirs\n', 'ada']]);
  });

  it('stays known through later absences, of which the last is told by itself', async () => {
    const { relay, ada, bob } = await meet({ hasAuthors: true });
    bob.cut();
    await relay.advance(120_000);
    ada.text().insert(0, 'theirs\n');
    await relay.advance(5_000);
    await bob.reach();
    await relay.advance(1_000);
    const names = () => bob.session.away.summary?.changes.map(({ people }) => people.map(({ name }) => name));
    expect(names()).toEqual([['Name of ada']]);
    const first = bob.session.away.summary;
    expect(first?.lastLeftMs).toBe(first?.leftMs);
    await relay.advance(600_000);
    bob.cut();
    bob.text().insert(0, 'mine\n');
    await relay.advance(120_000);
    const eve = new AwayPerson({ relay, name: 'eve' });
    await relay.advance(1_000);
    eve.text().insert(0, 'of eve\n');
    await relay.advance(5_000);
    await bob.reach();
    await relay.advance(1_000);
    expect(names()).toEqual([['Name of eve', 'Name of ada']]);
    const second = bob.session.away.summary;
    expect(second?.leftMs).toBe(first?.leftMs);
    expect((second?.lastLeftMs ?? 0) - (first?.leftMs ?? 0)).toBeGreaterThan(600_000);
  });
});

describe('edits that one took back of those of another', () => {
  it('are told to that one with who it was, until they are restored as the edits of that one', async () => {
    const { relay, ada, bob } = await meet({ documents: ['index', 'file'], hasAuthors: true });
    ada.files.add([{ eol: 'LF', bom: false, kind: 'text', path: 'file.txt', fileId: 'file' }]);
    await relay.advance(2_000);
    ada.cut();
    await relay.advance(120_000);
    bob.text().insert(4, 'of bob\n');
    bob.text().delete(0, 3);
    await relay.advance(5_000);
    await ada.reach();
    await relay.advance(120_000);
    expect(changesOf(bob)).toEqual([]);
    const authorsOf = async (person: AwayPerson) => {
      const { now, authors } = await textsOf(person);
      return authors.map(({ start, end, subject }) => [now.slice(start, end), subject]);
    };
    expect(await authorsOf(ada)).toEqual([['of bob\n', 'bob']]);
    for (let round = 0; round < 2; round++) {
      expect(await ada.session.away.act('file', 'undo-theirs')).toBeUndefined();
      await relay.advance(10_000);
      expect(bob.text().toString()).toBe('one\ntwo\nthree\n');
      const told = bob.session.away.summary?.changes.map(({ path, text, takenBack, isLookedAt }) => ({
        ...{ path, text, isLookedAt },
        names: takenBack?.map(({ name }) => name),
      }));
      expect(told).toEqual([{ path: 'file.txt', text: undefined, isLookedAt: false, names: ['Name of ada'] }]);
      expect(changesOf(ada)).toEqual(BY_OTHERS);
      expect(await ada.session.away.act('file', 'restore-undone')).toBeUndefined();
      await relay.advance(10_000);
      expect(bob.text().toString()).toBe('\nof bob\ntwo\nthree\n');
      expect(changesOf(bob)).toEqual([]);
      expect(await authorsOf(ada)).toEqual([['of bob\n', 'bob']]);
    }
  });
});

describe('what one took back of edits of another', () => {
  /** Ada is told what Bob wrote while she was away. */
  async function bobHasWritten() {
    const room = await meet({ documents: ['index', 'file'], hasAuthors: true });
    const { relay, ada, bob } = room;
    ada.files.add([{ eol: 'LF', bom: false, kind: 'text', path: 'file.txt', fileId: 'file' }]);
    await relay.advance(2_000);
    ada.cut();
    await relay.advance(120_000);
    bob.text().insert(4, 'of bob\n');
    await relay.advance(5_000);
    await ada.reach();
    await relay.advance(10_000);
    return room;
  }
  const toldOf = ({ session }: AwayPerson) =>
    session.away.summary?.changes.map(({ takenBack }) => takenBack?.map(({ name }) => name));

  it('and restored before that one came back is not told', async () => {
    const { relay, ada, bob } = await bobHasWritten();
    bob.cut();
    await relay.advance(1_000);
    expect(await ada.session.away.act('file', 'undo-theirs')).toBeUndefined();
    await relay.advance(10_000);
    expect(await ada.session.away.act('file', 'restore-undone')).toBeUndefined();
    await relay.advance(10_000);
    await bob.reach();
    for (let step = 0; step < 4; step++) await relay.advance(5_000);
    expect(bob.text().toString()).toContain('of bob');
    expect(toldOf(bob)?.flatMap((names) => names ?? []) ?? []).toEqual([]);
  });

  it('is told to the device that had them, and not to one that gets the file for the first time', async () => {
    const { relay, ada, bob, authors } = await bobHasWritten();
    expect(await ada.session.away.act('file', 'undo-theirs')).toBeUndefined();
    await relay.advance(10_000);
    expect(toldOf(bob)).toEqual([['Name of ada']]);
    const other = new AwayPerson({ relay, name: 'bob', documents: ['index', 'file'], ...(authors && { authors }) });
    for (let step = 0; step < 4; step++) await relay.advance(5_000);
    expect(other.text().toString()).toBe('one\ntwo\nthree\n');
    expect(toldOf(other)).toBeUndefined();
    expect(bob.session.away.summary?.newlyTakenBack).toEqual(['file']);
    await bob.quit();
    await bob.begin();
    await relay.advance(5_000);
    expect(toldOf(bob)).toEqual([['Name of ada']]);
    expect(bob.session.away.summary?.newlyTakenBack).toEqual([]);
  });
});

describe('a file that was never opened here', () => {
  it('is told of with what others added to it', async () => {
    let isBusy = false;
    const room = await meet({ documents: ['index', 'file'], hasAuthors: true, isBusy: () => isBusy });
    const { relay, ada, bob } = room;
    const [fileId = ''] = ada.files.add([{ eol: 'LF', bom: false, kind: 'text', path: 'a.txt' }]);
    ada.text(fileId).insert(0, 'one\ntwo\n');
    await relay.advance(2_000);
    bob.cut();
    await bob.reach();
    await relay.advance(40_000);
    await relay.advance(40_000);
    bob.cut();
    await relay.advance(40_000);
    await relay.advance(40_000);
    ada.text(fileId).insert(4, 'theirs\n');
    await relay.advance(1_000);
    await bob.reach();
    await relay.advance(1_000);
    expect(changesOf(bob)).toEqual([{ fileId, list: undefined, text: 'unread' }]);
    isBusy = true;
    const refused = bob.session.away.readTexts(fileId);
    await relay.advance(1_000);
    expect(JSON.stringify(await refused)).toContain('The relay does not tell now');
    isBusy = false;
    const reading = textsOf(bob, fileId);
    await relay.advance(1_000);
    const expected = { base: 'one\ntwo\n', mine: 'one\ntwo\n', now: 'one\ntheirs\ntwo\n', isAdditionsOnly: true };
    expect(await reading).toMatchObject(expected);
    expect(bob.session.away.summary?.changes).toMatchObject([
      { text: 'theirs', hasTexts: false, isWithoutBefore: true },
    ]);
    isBusy = true;
    expect(await textsOf(bob, fileId)).toMatchObject({ ...expected, authors: [{ subject: 'ada' }] });
  });

  it('is not told of when nobody has touched it, empty as it is, through whatever connections', async () => {
    const { relay, ada, bob } = await meet({ documents: ['index', 'file', 'empty'], hasAuthors: true });
    ada.files.add([{ eol: 'LF', bom: false, kind: 'text', fileId: 'empty', path: 'empty.txt' }]);
    await relay.advance(2_000);
    bob.close('empty');
    for (let round = 0; round < 3; round++) {
      for (const person of [ada, bob]) person.cut();
      await relay.advance(5_000);
      for (const person of [ada, bob]) await person.reach();
      await relay.advance(5_000);
    }
    await ada.quit();
    await ada.begin();
    await relay.advance(5_000);
    expect(await relay.log.readHeads([{ tenant: 'default', room: 'room', document: 'empty' }])).toEqual([undefined]);
    expect(changesOf(bob)).toEqual([]);
  });
});

describe('whoever may only read', () => {
  it('is told, and can take nothing back', async () => {
    const relay = new RelayUnderTest();
    const ada = new AwayPerson({ relay, name: 'ada' });
    const eve = new AwayPerson({ relay, name: 'eve', role: 'viewer' });
    await relay.advance(100);
    ada.text().insert(0, 'base\n');
    await relay.advance(1_000);
    eve.cut();
    await relay.advance(5_000);
    ada.text().insert(0, 'theirs\n');
    await eve.reach();
    expect(changesOf(eve)).toEqual(BY_OTHERS);
    expect(await eve.session.away.act('file', 'undo-theirs')).toContain('only read');
    expect(eve.text().toString()).toBe('theirs\nbase\n');
  });
});

describe('an end in the middle', () => {
  it('of catching up loses nothing of what is to be told', async () => {
    const { relay, ada, bob } = await meet({ documents: ['file', 'other'] });
    bob.cut();
    bob.text().insert(0, 'mine\n');
    await relay.advance(5_000);
    ada.text().insert(ada.text().length, 'theirs\n');
    await relay.advance(1_000);
    // As soon as others' edits are on the disk, and before anything is told.
    const written = bob.disk.documentOf('file').rows.length;
    bob.text().observe(() => {
      void Promise.resolve().then(function wait(): unknown {
        if (bob.disk.documentOf('file').rows.length <= written) return Promise.resolve().then(wait);
        bob.crash();
        return undefined;
      });
    });
    await bob.reach();
    await bob.begin(false);
    expect(bob.text().toString()).toBe('mine\none\ntwo\nthree\ntheirs\n');
    bob.text().insert(0, 'mine again\n');
    await relay.advance(5_000);
    await bob.quit();
    ada.text().insert(ada.text().length, 'theirs again\n');
    await relay.advance(5_000);
    await bob.begin();
    await relay.advance(1_000);
    expect(changesOf(bob)).toEqual(BY_BOTH);
    expect(await textsOf(bob)).toMatchObject({
      base: 'one\ntwo\nthree\n',
      mine: 'mine again\nmine\none\ntwo\nthree\n',
      theirs: 'one\ntwo\nthree\ntheirs\ntheirs again\n',
    });
  });

  it('of a document that nobody opens again is finished by the next start', async () => {
    const { relay, ada, bob } = await meet();
    bob.cut();
    bob.text().insert(0, 'mine\n');
    await relay.advance(5_000);
    bob.crash();
    ada.text().insert(ada.text().length, 'theirs\n');
    await relay.advance(5_000);
    const again = new AwayPerson({ relay, name: 'bob', documents: [], disk: bob.disk });
    await relay.advance(1_000);
    expect(changesOf(again)).toEqual(BY_BOTH);
    expect([...bob.disk.away.keys()]).not.toContain('draft/file');
  });
});
