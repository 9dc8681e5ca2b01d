import { expect, it } from 'vitest';
import { DEFAULT_ROOM_SETTINGS } from '../../shared/access/index.ts';
import type { RoomAccess } from '../log/access-directory.ts';
import type { RoomGrant } from './room-grant.ts';
import { accessTo, standingOf } from './standing.ts';

const GRANT: RoomGrant = {
  tenant: 't',
  room: 'r',
  subject: 'ben',
  name: 'Ben',
  role: 'editor',
  linkId: 'link',
  lineageId: 'first',
  jti: 'token',
  paths: undefined,
  issuedAtMs: 1_000,
  expiresAtMs: 2_000,
};
const NOTHING: RoomAccess = {
  version: 0,
  settings: DEFAULT_ROOM_SETTINGS,
  revokedBeforeMs: undefined,
  revokedLinks: new Set(),
  revokedSubjects: new Set(),
  revokedLineages: new Set(),
  roles: new Map(),
};

function standing(grant: Partial<RoomGrant>, access: Partial<RoomAccess>) {
  const verdict = standingOf({ ...GRANT, ...grant }, { ...NOTHING, ...access });
  return verdict.kind === 'admitted' ? verdict.standing : verdict.explanation;
}

it('is what the token says when nothing was changed', () => {
  expect(standing({}, {})).toEqual({
    role: 'editor',
    writesAs: 'editor',
    chat: 'commenters',
    presenter: undefined,
    explanation: '',
  });
});

it('ends with the person, the session, the link, or all', () => {
  expect(standing({}, { revokedSubjects: new Set(['ben']) })).toContain('Your access was taken back');
  expect(standing({}, { revokedSubjects: new Set(['ana']) })).toMatchObject({ role: 'editor' });
  expect(standing({}, { revokedLineages: new Set(['first']) })).toContain('This session was ended');
  expect(standing({}, { revokedLinks: new Set(['link']) })).toContain('The share link was taken back');
  expect(standing({ linkId: undefined }, { revokedLinks: new Set(['link']) })).toMatchObject({ role: 'editor' });
  expect(standing({}, { revokedBeforeMs: 1_001 })).toContain('Everybody’s access');
  expect(standing({}, { revokedBeforeMs: 1_000 })).toMatchObject({ role: 'editor' });
  expect(standing({ role: 'owner' }, { revokedBeforeMs: 1_001 })).toMatchObject({ role: 'owner' });
  const demoted = { revokedBeforeMs: 1_001, roles: new Map([['ben', 'viewer']] as const) };
  expect(standing({ role: 'owner' }, demoted)).toContain('Everybody’s access');
});

it('is the role that an owner gave, up or down', () => {
  expect(standing({}, { roles: new Map([['ben', 'viewer']]) })).toMatchObject({ role: 'viewer', writesAs: 'viewer' });
  const raised = standing({ role: 'viewer' }, { roles: new Map([['ben', 'editor']]) });
  expect(raised).toMatchObject({ writesAs: 'editor', explanation: 'An owner of the room made you an editor.' });
});

it('writes nothing while somebody else presents, and keeps the role', () => {
  const settings = { presenter: 'ana', chat: 'everyone' } as const;
  const watching = standingOf({ ...GRANT, role: 'owner' }, { ...NOTHING, settings });
  expect(watching).toMatchObject({ standing: { role: 'owner', writesAs: 'viewer' } });
  if (watching.kind !== 'admitted') throw new Error('not admitted');
  expect(['file', 'comments', 'chat'].map((name) => accessTo(watching.standing, name))).toEqual([
    'read',
    'read',
    'write',
  ]);
  expect(standing({ subject: 'ana' }, { settings })).toMatchObject({ writesAs: 'editor' });
});
