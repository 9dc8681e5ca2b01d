import { createHmac } from 'node:crypto';
import { exportJWK, exportSPKI, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { ROLES } from '../../shared/access/index.ts';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { firstKey } from '../testing/first-key.ts';
import { loadRelayIdentity } from './relay-identity.ts';
import { type NewGrant, TokenAuthority } from './token-authority.ts';

const LIFETIME_MS = 60_000;
const TOKEN_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'.split('');

async function setUp() {
  const scheduler = new ManualScheduler();
  const identity = await loadRelayIdentity(temporaryFolder());
  const authority = new TokenAuthority(identity, scheduler);
  const options: NewGrant = {
    tenant: 'default',
    room: 'room',
    subject: 'vera',
    name: 'Vera',
    role: 'viewer',
    linkId: 'link',
    expiresAtMs: scheduler.now() + LIFETIME_MS,
  };
  return { scheduler, identity, authority, options, signed: await authority.signRoomToken(options) };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}

describe('a token that somebody else made or altered', () => {
  it('[VH3] gives no other role, room, person or time by an edit of what it says', async () => {
    const { authority, signed } = await setUp();
    const [header = '', payload = '', signature = ''] = signed.token.split('.');
    const claims = decode(payload);
    const edits: object[] = ROLES.filter((role) => role !== 'viewer').map((role) => ({ role }));
    edits.push({ room: 'other' }, { tenant: 'other' }, { sub: 'ada' }, { name: 'Ada' }, { exp: 9_999_999_999 });
    edits.push({ link: undefined }, { jti: 'another' }, { more: 1 });
    for (const edit of edits) {
      const edited = `${header}.${encode({ ...claims, ...edit })}.${signature}`;
      expect([edit, await authority.verifyRoomToken(edited)]).toMatchObject([edit, { reason: 'forged' }]);
    }
  });

  it('[VH3] is forged after any of 1,000 seeded mutations', async () => {
    const { authority, signed } = await setUp();
    const random = createSeededRandom(41_041);
    for (let round = 0; round < 1_000; round++) {
      const characters = signed.token.split('');
      for (let count = random.below(3); count >= 0; count--) {
        const at = random.below(characters.length);
        const mutation = random.below(3);
        if (mutation === 0) characters.splice(at, 1);
        else characters.splice(at, mutation - 1, random.pick(TOKEN_CHARACTERS));
      }
      const mutated = characters.join('');
      const verdict = await authority.verifyRoomToken(mutated);
      // The last character of a signature has bits that stand for nothing: spelled otherwise it is the same token.
      const isSame = sameBytes(mutated, signed.token);
      expect([round, mutated, verdict.kind]).toEqual([round, mutated, isSame ? 'valid' : 'invalid']);
      if (verdict.kind === 'valid') expect(verdict.grant).toEqual(signed.grant);
    }
  });

  it('[VH3] is forged wherever it is cut', async () => {
    const { authority, signed } = await setUp();
    for (let length = 0; length < signed.token.length; length++) {
      expect(await authority.verifyRoomToken(signed.token.slice(0, length))).toMatchObject({ reason: 'forged' });
    }
  });

  it('[VH3] is forged with the public key as a secret, in whatever form', async () => {
    const { authority, identity, signed } = await setUp();
    const payload = signed.token.split('.')[1] ?? '';
    const jwk = await exportJWK(firstKey(identity).publicKey);
    const pem = await exportSPKI(firstKey(identity).publicKey);
    const secrets = [Buffer.from(jwk.x ?? '', 'base64url'), jwk.x ?? '', pem, pem.trim(), JSON.stringify(jwk), ''];
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      for (const secret of secrets) {
        const signedPart = `${encode({ alg, typ: 'JWT' })}.${payload}`;
        const mac = createHmac(alg.replace('HS', 'sha'), secret).update(signedPart).digest('base64url');
        expect(await authority.verifyRoomToken(`${signedPart}.${mac}`)).toMatchObject({ reason: 'forged' });
      }
    }
  });

  it('[VH3] does not choose how, or with which key, it is checked', async () => {
    const { authority, identity, options } = await setUp();
    const other = await loadRelayIdentity(temporaryFolder());
    const jwk = await exportJWK(firstKey(other).publicKey);
    const claims = { tenant: 'default', room: 'room', role: 'owner', name: 'Eve' };
    const headers = [
      { alg: 'EdDSA' },
      { alg: 'EdDSA', jwk },
      { alg: 'EdDSA', jku: 'https://evil.example/keys', kid: 'k' },
      { alg: 'EdDSA', x5u: 'https://evil.example/cert' },
    ];
    for (const header of headers) {
      const token = await new SignJWT(claims)
        .setProtectedHeader(header)
        .setIssuer(identity.relayId)
        .setAudience('tutti')
        .setSubject('eve')
        .setJti('j')
        .setExpirationTime(Math.floor(options.expiresAtMs / 1000))
        .sign(firstKey(other).privateKey);
      expect(await authority.verifyRoomToken(token)).toMatchObject({ reason: 'forged' });
    }
    const [, payload = ''] = (await authority.signRoomToken(options)).token.split('.');
    for (const alg of ['none', 'None', 'NONE', '', undefined, 'ES256', 'RS256']) {
      const token = `${encode({ alg, typ: 'JWT' })}.${payload}`;
      for (const signature of ['', '.', '.AAAA']) {
        expect(await authority.verifyRoomToken(`${token}${signature}`)).toMatchObject({ reason: 'forged' });
      }
    }
  });
});

describe('a refusal tells the person', () => {
  it('[VH3] that the token has expired', async () => {
    const { authority, scheduler, signed } = await setUp();
    scheduler.advance(LIFETIME_MS);
    const verdict = await authority.verifyRoomToken(signed.token);
    expect(verdict).toMatchObject({ reason: 'expired' });
    expect(explanationOf(verdict)).toMatch(/has expired.*share link/);
  });

  it('[VH3] that the token is of another relay, expired or not, for a room or an operator', async () => {
    const [here, there] = [await setUp(), await setUp()];
    const operator = await there.authority.signOperatorToken(there.options.expiresAtMs);
    for (const advancesMs of [0, LIFETIME_MS]) {
      here.scheduler.advance(advancesMs);
      const verdict = await here.authority.verifyRoomToken(there.signed.token);
      expect(verdict).toMatchObject({ reason: 'other-relay' });
      expect(explanationOf(verdict)).toMatch(/another relay.*Ask/);
      expect(await here.authority.verifyOperatorToken(operator)).toMatchObject({ reason: 'other-relay' });
    }
  });

  it('[VH3] that the token is damaged when it is, and not that another relay made it', async () => {
    const { authority, signed } = await setUp();
    const damaged = `${signed.token.slice(0, -10)}AAAAAAAAAA`;
    expect(explanationOf(await authority.verifyRoomToken(damaged))).toMatch(/damaged.*share link/);
    expect(await authority.verifyRoomToken('not a token')).toMatchObject({ reason: 'forged' });
  });

  it('[VH3] that the token is for something else', async () => {
    const { authority, options, signed } = await setUp();
    const operator = await authority.signOperatorToken(options.expiresAtMs);
    expect(await authority.verifyRoomToken(operator)).toMatchObject({ reason: 'other-purpose' });
    expect(await authority.verifyOperatorToken(signed.token)).toMatchObject({ reason: 'other-purpose' });
  });
});

function explanationOf(verdict: { readonly kind: string; readonly explanation?: string }): string {
  return verdict.explanation ?? '';
}

function sameBytes(one: string, two: string): boolean {
  const [oneParts, twoParts] = [one.split('.'), two.split('.')];
  const bytesOf = (parts: readonly string[]) => Buffer.from(parts[2] ?? '', 'base64url').toString('hex');
  return (
    oneParts.length === 3 &&
    oneParts[0] === twoParts[0] &&
    oneParts[1] === twoParts[1] &&
    oneParts[2]?.length === twoParts[2]?.length &&
    bytesOf(oneParts) === bytesOf(twoParts)
  );
}
