import { expect, it } from 'vitest';
import { meet } from '../testing/away-room.ts';
import type { AwayPerson } from '../testing/away-person.ts';

const FILE = { eol: 'LF', bom: false, kind: 'text' } as const;
// Of two ids, the lower has the path.
const [LOW, HIGH] = ['0-low', 'z-high'];

function listedTo(person: AwayPerson) {
  return person.session.away.summary?.changes.map(({ path, list, listPeople }) => ({
    ...{ path, list },
    names: listPeople.map(({ name }) => name),
  }));
}

async function apart() {
  const room = await meet({ documents: ['index', 'file'], hasAuthors: true });
  room.ada.files.add([{ ...FILE, fileId: 'other', path: 'other.md' }]);
  await room.relay.advance(120_000);
  for (const person of [room.ada, room.bob]) person.cut();
  await room.relay.advance(5_000);
  return {
    ...room,
    async join() {
      for (const person of [room.ada, room.bob]) {
        await person.reach();
        await room.relay.advance(5_000);
      }
      await room.relay.advance(20_000);
    },
  };
}

it('a file of self that has another name, since others made one of the same, is said to have been renamed by nobody', async () => {
  const { ada, bob, join } = await apart();
  ada.files.add([{ ...FILE, fileId: LOW, path: 'notes/new.md' }]);
  bob.files.add([{ ...FILE, fileId: HIGH, path: 'notes/new.md' }]);
  await join();
  expect(listedTo(bob)).toEqual([
    { path: 'notes/new (2).md', list: { kind: 'renamed', from: 'notes/new.md', isByClash: true }, names: [] },
    { path: 'notes/new.md', list: { kind: 'created' }, names: ['Name of ada'] },
  ]);
});

it('what others renamed is of them, also where the new name is taken', async () => {
  const { ada, bob, join } = await apart();
  ada.files.update('other', { path: 'plan.md' });
  bob.files.add([{ ...FILE, fileId: LOW, path: 'plan.md' }]);
  await join();
  expect(listedTo(bob)).toEqual([
    { path: 'plan (2).md', list: { kind: 'renamed', from: 'other.md' }, names: ['Name of ada'] },
  ]);
});

it('a name that differs only in the case of letters, and that nobody gave, is not told', async () => {
  const { ada, bob, join } = await apart();
  ada.files.add([{ ...FILE, fileId: LOW, path: 'Notes/a.md' }]);
  bob.files.add([{ ...FILE, fileId: HIGH, path: 'notes/b.md' }]);
  await join();
  expect(listedTo(bob)?.map(({ list }) => list?.kind)).toEqual(['created']);
});
