import { expect, it } from 'vitest';
import { createLink, createPerson } from '../testing/fake-access.ts';
import { KnownPeople } from './known-people.ts';

const MINUTE_MS = 60_000;

it('tells people of one name apart by the link that they came by, or by since when they are there', () => {
  const links = [createLink('l1', { label: 'Class' }), createLink('l2', { label: '', role: 'owner' })];
  const known = new KnownPeople(
    [
      createPerson('root', { subject: 'a', linkId: 'l2' }),
      createPerson('Root ', { subject: 'b', linkId: 'l1' }),
      createPerson('Ben', { subject: 'c', linkId: 'l1', firstSeenMs: 0 }),
      createPerson('Ben', { subject: 'd', linkId: 'l1', firstSeenMs: 90 * MINUTE_MS }),
      createPerson('Cleo', { subject: 'e', linkId: 'l1' }),
    ],
    links,
  );
  expect(known.labelOf('a', 'root')).toBe('root (by “Link for owners”)');
  expect(known.labelOf('b', 'Root')).toBe('Root (by “Class”)');
  expect(known.labelOf('e', 'Cleo')).toBe('Cleo');
  expect(known.labelOf('nobody', 'Nobody')).toBe('Nobody');
  const [first, second] = [known.noteOf('c'), known.noteOf('d')];
  expect(first).toMatch(/^since /);
  expect(second).toMatch(/^since /);
  expect(first).not.toBe(second);
});

it('tells those apart who came by the same link within a minute, or at the same moment', () => {
  const note = (...firstSeenMs: readonly number[]) => {
    const alike = firstSeenMs.map((seenMs, index) =>
      createPerson('Ben', { subject: `s${index}`, linkId: 'gone', firstSeenMs: seenMs }),
    );
    const known = new KnownPeople(alike, []);
    return alike.map(({ subject }) => known.noteOf(subject) ?? '');
  };
  const [first = '', second = ''] = note(0, 1_000);
  expect(first).toMatch(/^since .*:00/);
  expect(second).toMatch(/^since .*:01/);
  expect(note(0, 0)).toEqual(['known as s0', 'known as s1']);
});

it('knows who sees only a part of the room', () => {
  const links = [createLink('l1', { paths: ['src/**'] }), createLink('l2')];
  const known = new KnownPeople([createPerson('Ben', { linkId: 'l1' }), createPerson('Ana', { linkId: 'l2' })], links);
  expect([known.pathsOf('Ben'), known.pathsOf('Ana'), known.pathsOf('Cleo')]).toEqual([
    ['src/**'],
    undefined,
    undefined,
  ]);
});
