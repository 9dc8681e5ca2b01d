import { describe, expect, it } from 'vitest';
import { AwayPerson } from '../testing/away-person.ts';
import { BY_OTHERS, changesOf, meet } from '../testing/away-room.ts';

const FILE = { eol: 'LF', bom: false, kind: 'text' } as const;
type Given = Parameters<typeof meet>[0];

/** Ada and Bob with a listed file, which Bob has open. */
async function meetInList(given: Given = {}) {
  const room = await meet({ documents: ['index', 'file'], hasAuthors: true, ...given });
  room.ada.files.add([{ ...FILE, path: 'file.txt', fileId: 'file' }]);
  await room.relay.advance(120_000);
  return room;
}

/** Bob's device ends before it learns where his last edit, which the relay has taken, stands. */
async function endAfterTyping(given: Given = {}) {
  const room = await meetInList(given);
  const { relay, ada, bob } = room;
  bob.text().insert(0, 'his last words\n');
  for (let ms = 0; ms < 1_000 && bob.disk.documentOf('file').unacked.size > 0; ms++) await relay.advance(1);
  await relay.advance(20);
  bob.cut();
  await relay.advance(5_000);
  await bob.quit();
  expect(ada.text().toString()).toContain('his last words');
  expect(bob.disk.documentOf('file').unacked.size).toBe(0);
  const [head] = await relay.log.readHeads([{ tenant: 'default', room: 'room', document: 'file' }]);
  expect(bob.disk.documentOf('file').cursor?.seq).toBeLessThan(head?.headSeq ?? 0);
  return room;
}

describe('who comes back as somebody new, after an owner ended the session', () => {
  it('is not told of what they wrote before, and is told of what others wrote', async () => {
    const { relay, ada, bob, authors } = await endAfterTyping();
    const start = async () => {
      const options = { relay, name: 'rob', documents: ['index'], disk: bob.disk };
      const again = new AwayPerson(authors ? { ...options, authors } : options);
      await relay.advance(2_000);
      return again;
    };
    const again = await start();
    expect(again.session.self?.subject).toBe('rob');
    expect(again.session.away.summary).toBeUndefined();
    await again.quit();
    ada.text().insert(0, 'theirs\n');
    await relay.advance(120_000);
    expect(changesOf(await start())).toEqual([{ fileId: 'file', list: undefined, text: 'unread' }]);
  });

  it('is not told of it either where the relay tells nobody who wrote what', async () => {
    const { relay, ada, bob } = await endAfterTyping({ hasAuthors: false });
    const start = async () => {
      const again = new AwayPerson({ relay, name: 'rob', documents: ['index'], disk: bob.disk });
      await relay.advance(2_000);
      return again;
    };
    const again = await start();
    expect(again.session.away.summary).toBeUndefined();
    await again.quit();
    ada.text().insert(0, 'theirs\n');
    await relay.advance(120_000);
    expect(changesOf(await start())).toEqual(BY_OTHERS);
  });
});

describe('what the same person did on another device', () => {
  it('is not told of, whether the file was open here or not', async () => {
    const { relay, ada, bob } = await meetInList();
    bob.cut();
    await relay.advance(120_000);
    const laptop = new AwayPerson({ relay, name: 'bob', documents: ['index', 'file'] });
    await relay.advance(1_000);
    laptop.text().insert(0, 'of the same person\n');
    laptop.files.add([{ ...FILE, path: 'made.txt', fileId: 'made' }]);
    await relay.advance(5_000);
    await bob.reach();
    await relay.advance(2_000);
    expect(bob.text().toString()).toContain('of the same person');
    expect(bob.files.get('made')).toBeDefined();
    expect(bob.session.away.summary).toBeUndefined();
    bob.cut();
    await relay.advance(120_000);
    laptop.text().insert(0, 'of the same person again\n');
    ada.text().insert(0, 'theirs\n');
    await relay.advance(5_000);
    await bob.reach();
    await relay.advance(2_000);
    expect(changesOf(bob)).toEqual(BY_OTHERS);
  });

  it('is not announced before the relay has told that it was somebody else', async () => {
    const waiting: (() => void)[] = [];
    const whenAsked = () => new Promise<void>((resolve) => waiting.push(resolve));
    const { relay, ada, bob } = await meetInList({ whenAsked });
    const answer = async () => {
      for (const resolve of waiting.splice(0)) resolve();
      await relay.advance(1_000);
    };
    await answer();
    bob.cut();
    await relay.advance(5_000);
    ada.text().insert(0, 'theirs\n');
    await relay.advance(5_000);
    await bob.reach();
    expect(changesOf(bob)).toEqual(BY_OTHERS);
    expect(bob.session.away.summary).toMatchObject({ returnNumber: 1, announcedNumber: 0 });
    await answer();
    expect(bob.session.away.summary).toMatchObject({ returnNumber: 1, announcedNumber: 1 });
  });
});
