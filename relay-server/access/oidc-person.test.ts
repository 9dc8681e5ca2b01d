import { describe, expect, it } from 'vitest';
import { isRole, type Role, ROLES } from '../../shared/access/index.ts';
import { type OidcClaims, parseRoleNames, readOidcPerson } from './oidc-person.ts';

const CLAIMS: OidcClaims = {
  tenantClaim: undefined,
  defaultTenant: 'default',
  roleClaim: 'tutti_role',
  roles: new Map(ROLES.map((role) => [role, role])),
};

function read(payload: object, claims: Partial<OidcClaims> = {}) {
  return readOidcPerson({ sub: 'ada', tutti_role: 'editor', ...payload }, { ...CLAIMS, ...claims });
}

describe('the person of a token', () => {
  it('has the subject, the name, the tenant and the role that its claims say', () => {
    expect(read({ name: ' Ada\u202e Lovelace ' })).toEqual({
      subject: 'oidc:ada',
      name: 'Ada Lovelace',
      tenant: 'default',
      role: 'editor',
    });
    expect(read({ name: '\u200b', email: 'ada@example.org' })).toMatchObject({ name: 'ada@example.org' });
    expect(read({})).toMatchObject({ name: 'Guest' });
  });

  it('has a subject of bounded length, which differs where `sub` does', () => {
    const subjects = ['a', 'a ', 'é', 'x'.repeat(200), 'x'.repeat(201), 'sha256:x'].map((sub) => {
      const person = read({ sub });
      return typeof person === 'string' ? '' : person.subject;
    });
    expect(new Set(subjects).size).toBe(subjects.length);
    for (const subject of subjects) {
      expect(subject).toMatch(/^oidc:[!-~]+$/);
      expect(subject.length).toBeLessThanOrEqual(128);
    }
  });

  it.each([
    ['nothing', undefined],
    ['something else', 'admin'],
    ['another spelling', 'Editor'],
    ['an object', { editor: true }],
    ['a number', 1],
    ['an empty list', []],
    ['a list of lists', [['owner']]],
  ])('is nobody when the role is %s', (_what, role) => {
    expect(read({ tutti_role: role })).toContain('no role');
  });

  it('is nobody without a tenant when a claim has to say it', () => {
    for (const organisation of [undefined, '', 'a/b', 'x'.repeat(65), 5, ['school']]) {
      expect(read({ organisation }, { tenantClaim: 'organisation' })).toContain('no organisation');
    }
    expect(read({ organisation: 'school' }, { tenantClaim: 'organisation' })).toMatchObject({ tenant: 'school' });
  });

  it('is read from claims in objects, and from those with dots in their names', () => {
    const address = 'https://example.org/role';
    expect(read({ realm: { roles: ['viewer'] } }, { roleClaim: 'realm.roles' })).toMatchObject({ role: 'viewer' });
    expect(read({ [address]: 'owner' }, { roleClaim: address })).toMatchObject({ role: 'owner' });
    expect(read({}, { roleClaim: 'constructor.name' })).toContain('no role');
    expect(read({}, { roleClaim: '__proto__' })).toContain('no role');
  });
});

describe('names of roles', () => {
  it('are read in pairs', () => {
    const expected: [string, Role][] = [
      ['staff', 'owner'],
      ['students of 2026', 'editor'],
    ];
    expect(parseRoleNames('staff=owner, students of 2026=editor', isRole)).toEqual(new Map(expected));
    for (const wrong of ['', 'staff', 'staff=', '=owner', 'staff=god', 'staff=owner=editor', 'staff=owner,']) {
      expect([wrong, parseRoleNames(wrong, isRole)]).toEqual([wrong, undefined]);
    }
  });
});
