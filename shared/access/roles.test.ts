import { expect, it } from 'vitest';
import { documentAccess, isRole, ROLES } from './roles.ts';
import { CHAT_POLICIES } from './room-settings.ts';
import { readRoomTokenClaims } from './token-claims.ts';

it('[UP6] only owners and editors write files; commenters write comments and chat', () => {
  const table = ROLES.map((role) => [
    role,
    ...['index', 'file', 'comments', 'chat'].map((name) => documentAccess(role, name)),
  ]);
  expect(table).toEqual([
    ['owner', 'write', 'write', 'write', 'write'],
    ['editor', 'write', 'write', 'write', 'write'],
    ['commenter', 'read', 'read', 'write', 'write'],
    ['viewer', 'read', 'read', 'read', 'read'],
  ]);
});

it('lets into the chat whom the room lets', () => {
  const table = CHAT_POLICIES.map((policy) => ROLES.filter((role) => documentAccess(role, 'chat', policy) === 'write'));
  expect(table).toEqual([[...ROLES], ['owner', 'editor', 'commenter'], ['owner', 'editor']]);
});

it('knows a role from other things', () => {
  expect([...ROLES, 'admin', '', 'Owner', undefined, 1, {}, 'constructor'].filter(isRole)).toEqual([...ROLES]);
});

it('[VH3] reads claims only when all are there and of the right kind', () => {
  const claims = { iss: 'i', sub: 's', jti: 'j', tenant: 't', room: 'r', role: 'editor', name: 'n', iat: 4.5, exp: 5 };
  const unset = { link: undefined, lineage: 'j', paths: undefined };
  expect(readRoomTokenClaims(claims)).toEqual({ ...claims, ...unset });
  const all = { link: 'l', lineage: 'first', paths: ['src/**'] };
  expect(readRoomTokenClaims({ ...claims, ...all, more: 1 })).toEqual({ ...claims, ...all });
  for (const field of Object.keys(claims)) {
    expect(readRoomTokenClaims({ ...claims, [field]: undefined })).toBeUndefined();
    expect(readRoomTokenClaims({ ...claims, [field]: {} })).toBeUndefined();
  }
  for (const wrong of [
    { role: 'admin' },
    { exp: Infinity },
    { exp: '5' },
    { link: 5 },
    { lineage: 5 },
    { paths: 'src' },
    { paths: [1] },
    { iat: NaN },
    { iat: -1 },
  ]) {
    expect(readRoomTokenClaims({ ...claims, ...wrong })).toBeUndefined();
  }
});
