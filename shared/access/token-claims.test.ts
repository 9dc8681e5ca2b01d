import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../testing/seeded-random.ts';
import { ROLES } from './roles.ts';
import { readRoomTokenClaims } from './token-claims.ts';

const WHO = { iss: 'i', sub: 's', jti: 'j', tenant: 't', room: 'r', role: 'editor', name: 'n', link: 'l' };
const CLAIMS = { ...WHO, ownRole: 'viewer', lineage: 'first', paths: ['src'], iat: 4, exp: 5 };
const WRONG = [undefined, null, true, 0, -1, 0.5, NaN, Infinity, 1e300, 5n, '', 'x', [], ['editor'], {}, new Date(5)];

describe('claims of a room token', () => {
  it.each([-1, 0.5, NaN, Infinity, 1e13, '5', null, [5]])('[VH3] have no expiry of %j', (exp) => {
    expect(readRoomTokenClaims({ ...CLAIMS, exp })).toBeUndefined();
  });

  it.each(['Owner', 'owner ', 'admin', '', 0, ['owner'], { role: 'owner' }, '__proto__', 'constructor', 'toString'])(
    '[VH3] have no role %j',
    (role) => {
      expect(readRoomTokenClaims({ ...CLAIMS, role })).toBeUndefined();
      expect(readRoomTokenClaims({ ...CLAIMS, ownRole: role })).toBeUndefined();
    },
  );

  it('[VH3] carry nothing that a token says besides', () => {
    const more = { aud: 'tutti', nbf: 1, admin: true, scope: 'rooms:create', roles: ['owner'] };
    expect(readRoomTokenClaims({ ...CLAIMS, ...more })).toEqual(CLAIMS);
    const hidden = JSON.parse('{"__proto__":{"role":"owner"}}') as Record<string, unknown>;
    expect(readRoomTokenClaims(hidden)).toBeUndefined();
  });

  it('[VH3] are of the right kind whatever the payload holds', () => {
    const random = createSeededRandom(808);
    for (let round = 0; round < 5_000; round++) {
      const payload: Record<string, unknown> = { ...CLAIMS };
      for (const name of Object.keys(CLAIMS))
        if (random.chance(0.15)) payload[name] = random.pick(WRONG.map((value) => [value]))[0];
      const claims = readRoomTokenClaims(payload);
      if (!claims) continue;
      const { iat, exp, role, ownRole, link, paths = [], ...texts } = claims;
      expect(Object.values(texts).every((value) => typeof value === 'string')).toBe(true);
      expect(Number.isSafeInteger(exp * 1000) && exp >= 0).toBe(true);
      expect(iat >= 0 && iat <= 8_640_000_000_000).toBe(true);
      expect(paths.every((value) => typeof value === 'string')).toBe(true);
      expect(ROLES).toContain(role);
      expect([...ROLES, undefined]).toContain(ownRole);
      expect(['string', 'undefined']).toContain(typeof link);
    }
  });
});
