import { expect, it } from 'vitest';
import { describeAuditEntry } from './audit-text.ts';

const NAMES: Readonly<Record<string, string>> = { l1: 'Reviewers', s1: 'Ana', f1: 'src/a.ts' };

it('says what happened with the names of what it was about', () => {
  const describe = (kind: string, target: string, detail: string) =>
    describeAuditEntry({ seq: 1, atMs: 0, kind, actor: '', actorName: '', target, detail }, (id) => NAMES[id]);
  expect(describe('link-revoked', 'l1', '')).toBe('Revoked a link: Reviewers');
  expect(describe('join-requested', 'r1', 'l1')).toBe('Asked to be let in: Reviewers');
  expect(describe('proposal-received', 'p1', 'f1')).toBe('Sent a proposal: src/a.ts');
  expect(describe('role-changed', 's1', 'Ben: viewer')).toBe('Changed a role: Ben: viewer');
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
