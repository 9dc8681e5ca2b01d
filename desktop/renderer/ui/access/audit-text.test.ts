import { expect, it } from 'vitest';
import type { AuditEntry } from '../../../../shared/sync/administration/index.ts';
import { KnownPeople } from '../people/known-people.ts';
import { createLink, createPerson, EMPTY_OVERVIEW } from '../testing/fake-access.ts';
import { collectAuditNames } from './audit-names.ts';
import { describeAuditEntry } from './audit-text.ts';

const entry = (kind: string, target: string, detail: string, actorName = ''): AuditEntry => ({
  seq: 1,
  atMs: 0,
  kind,
  actor: '',
  actorName,
  target,
  detail,
});

const LINKS = [createLink('l1', { label: 'Reviewers' }), createLink('l2', { label: '' })];
const PEOPLE = new KnownPeople(
  [
    createPerson('Ana', { subject: 's1', linkId: 'l1' }),
    createPerson('Ben', { subject: 's2', linkId: 'l1' }),
    createPerson('Ben', { subject: 's3', linkId: 'l2' }),
  ],
  LINKS,
);

/** An event in words, in a log that has `earlier` ones. */
function describe(kind: string, target: string, detail: string, earlier: readonly AuditEntry[] = []): string {
  const names = collectAuditNames({
    entries: earlier,
    overview: { ...EMPTY_OVERVIEW, links: LINKS },
    people: PEOPLE,
    pathOf: (fileId) => (fileId === 'f1' ? 'src/a.ts' : undefined),
  });
  const { what, about } = describeAuditEntry(entry(kind, target, detail), names);
  return about === '' ? what : `${what}: ${about}`;
}

it('says what happened with the names of what it was about', () => {
  expect(describe('link-revoked', 'l1', '')).toBe('Revoked a link: Reviewers');
  expect(describe('link-revoked', 'l2', '')).toBe('Revoked a link: Link for editors');
  expect(describe('link-closed', 'l1', 'editor, Reviewers: somebody was removed')).toBe(
    'Closed a link to newcomers: editor, Reviewers: somebody was removed',
  );
  expect(describe('join-requested', 'r1', 'l1')).toBe('Asked to be let in: Reviewers');
  expect(describe('proposal-received', 'p1', 'f1')).toBe('Sent a proposal: src/a.ts');
  expect(describe('all-revoked', '', '')).toBe('Removed everybody');
  expect(describe('settings-changed', '', '{"presenter":"s1","chat":"editors"}')).toBe(
    'Changed the settings of the room: Ana presents, chat for editors and owners',
  );
  expect(describe('settings-changed', '', '{"chat":"everyone"}')).toBe(
    'Changed the settings of the room: chat for everybody',
  );
  expect(describe('settings-changed', '', '{"presenter":null}')).toContain(': nobody presents');
  expect(describe('settings-changed', '', 'something else')).toContain('something else');
  expect(describe('of-a-later-relay', 'x', 'why')).toBe('of-a-later-relay: why');
});

it('says by which link somebody came, and which of two people of one name a role was changed of', () => {
  expect(describe('joined', 'x', 'editor, by the link Reviewers (l1)')).toBe('Joined: editor, by “Reviewers”');
  expect(describe('joined', 'x', 'editor, by the link l2')).toBe('Joined: editor, by “Link for editors”');
  expect(describe('joined', 'x', 'editor, by the link Old (gone)')).toBe('Joined: editor, by the link Old (gone)');
  expect(describe('join-approved', 'r1', 'Cleo, by the link Reviewers (l1)')).toBe(
    'Let somebody in: Cleo, by “Reviewers”',
  );
  expect(describe('role-changed', 's1', 'Ana: editor → viewer')).toBe('Changed a role: Ana: editor → viewer');
  expect(describe('role-changed', 's2', 'Ben: editor → viewer')).toBe(
    'Changed a role: Ben: editor → viewer (by “Reviewers”)',
  );
  expect(describe('session-revoked', 'session of Ben', '')).toMatch(/^Ended a session: Ben \(by “/);
});

it('says whose proposal for which file was settled, also when the relay did not note it', () => {
  expect(describe('proposal-applied', 'p1', 'Ben: src/a.ts')).toBe('Applied a proposal: Ben: src/a.ts');
  const earlier = [entry('proposal-received', 'p1', 'f1', 'Ben')];
  expect(describe('proposal-applied', 'p1', '', earlier)).toBe('Applied a proposal: Ben: src/a.ts');
  expect(describe('proposal-dropped', 'p2', '', earlier)).toBe('Dropped a proposal');
});
