import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { openAccess, WHERE } from '../testing/access-under-test.ts';
import { firstKey } from '../testing/first-key.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { loadRelayIdentity } from './relay-identity.ts';
import { OPERATOR } from './room-manager.ts';

describe('tokens', () => {
  it('[VH3] let in whom they were made for', async () => {
    const { authority, doorkeeper, grant } = await openAccess();
    const { token, grant: signed } = await authority.signRoomToken(grant);
    expect(await doorkeeper.admit(token, 'room')).toMatchObject({ kind: 'admitted', grant: signed });
  });

  it('[VH3] are refused for another room, and for a room that is not there', async () => {
    const { authority, doorkeeper, grant } = await openAccess();
    const { token } = await authority.signRoomToken(grant);
    expect(await doorkeeper.admit(token, 'other')).toMatchObject({ kind: 'refused', closeCode: 4401 });
    const { token: missing } = await authority.signRoomToken({ ...grant, room: 'missing' });
    expect(await doorkeeper.admit(missing, 'missing')).toMatchObject({ kind: 'refused', closeCode: 4404 });
  });

  it('[VH3] are refused when they have expired', async () => {
    const { authority, doorkeeper, grant, scheduler } = await openAccess();
    const { token } = await authority.signRoomToken(grant);
    scheduler.advance(59_000);
    expect(await doorkeeper.admit(token, 'room')).toMatchObject({ kind: 'admitted' });
    scheduler.advance(1_000);
    expect(await doorkeeper.admit(token, 'room')).toMatchObject({ kind: 'refused', closeCode: 4401 });
  });

  it('[VH3] are refused when forged in whatever way', async () => {
    const { authority, doorkeeper, grant, identity } = await openAccess();
    const { token } = await authority.signRoomToken(grant);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const claims = {
      tenant: 'default',
      room: 'room',
      role: 'owner',
      name: 'Eve',
      iss: identity.relayId,
      aud: 'tutti',
      sub: 'eve',
      jti: 'x',
      iat: 1,
      exp: 9_999_999_999,
    };
    const other = await loadRelayIdentity(temporaryFolder());
    const { x } = await exportJWK(firstKey(identity).publicKey);
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forgeries = {
      unsigned: new UnsecuredJWT(claims).encode(),
      'unsigned with a signature': `${encode({ alg: 'none' })}.${encode(claims)}.${signature}`,
      'other claims': `${header}.${encode(claims)}.${signature}`,
      'another key': await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA' }).sign(firstKey(other).privateKey),
      'the public key as a secret': await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256' })
        .sign(Buffer.from((x ?? '').padEnd(64, 'x'), 'base64url')),
      'no signature': `${header}.${payload}.`,
      'a cut signature': token.slice(0, -4),
      words: 'not.a.token',
      nothing: '',
    };
    for (const [what, forged] of Object.entries(forgeries)) {
      expect([what, await doorkeeper.admit(forged, 'room')]).toMatchObject([
        what,
        { kind: 'refused', closeCode: 4401 },
      ]);
    }
  });

  it('[VH3] are refused with a wrong issuer, audience, or a claim missing', async () => {
    const { doorkeeper, identity, scheduler } = await openAccess();
    const nowS = scheduler.now() / 1000;
    const claims = {
      tenant: 'default',
      room: 'room',
      role: 'editor',
      name: 'n',
      iss: identity.relayId,
      aud: 'tutti',
      sub: 's',
      jti: 'j',
      iat: nowS,
      exp: 9_999_999_999,
    };
    const sign = (changed: object) =>
      new SignJWT({ ...claims, ...changed }).setProtectedHeader({ alg: 'EdDSA' }).sign(firstKey(identity).privateKey);
    expect(await doorkeeper.admit(await sign({}), 'room')).toMatchObject({ kind: 'admitted' });
    const wrong = [
      { iss: 'relay-x' },
      { aud: 'tutti-operator' },
      { exp: undefined },
      { sub: undefined },
      { jti: undefined },
      { iat: undefined },
      { role: 'god' },
      { sub: 'x'.repeat(129) },
      { iat: nowS - 367 * 24 * 3600 },
    ];
    for (const changed of wrong) {
      expect([changed, await doorkeeper.admit(await sign(changed), 'room')]).toMatchObject([
        changed,
        { closeCode: 4401 },
      ]);
    }
  });

  it('[AC4] are refused with 4403 when the person, the session, the link or all were taken back', async () => {
    const { authority, doorkeeper, manager, shareLinks, grant, scheduler } = await openAccess();
    const signed = await authority.signRoomToken(grant);
    const { linkId, secret } = await shareLinks.create({ ...WHERE, role: 'viewer' });
    const trade = async () => {
      const traded = await shareLinks.trade({ room: 'room', secret, name: 'Bob' });
      if (traded.kind !== 'granted') throw new Error('not granted');
      return traded;
    };
    const [one, two, three] = [await trade(), await trade(), await trade()];
    const owner = await authority.signRoomToken({ ...grant, subject: 'olga', role: 'owner' });
    const codes = async () => {
      const admissions = [signed, one, two, three, owner].map(({ token }) => doorkeeper.admit(token, 'room'));
      return (await Promise.all(admissions)).map((admission) =>
        admission.kind === 'refused' ? admission.closeCode : 'admitted',
      );
    };
    expect(await codes()).toEqual(Array(5).fill('admitted'));
    scheduler.advance(1);
    await manager.revoke(WHERE, OPERATOR, { kind: 'session', lineageId: one.grant.lineageId });
    expect(await codes()).toEqual(['admitted', 4403, 'admitted', 'admitted', 'admitted']);
    await manager.revoke(WHERE, OPERATOR, { kind: 'subject', subject: two.grant.subject });
    expect(await codes()).toEqual(['admitted', 4403, 4403, 'admitted', 'admitted']);
    await manager.revoke(WHERE, OPERATOR, { kind: 'link', linkId });
    expect(await codes()).toEqual(['admitted', 4403, 4403, 4403, 'admitted']);
    await manager.revoke(WHERE, OPERATOR, { kind: 'all' });
    expect(await codes()).toEqual([4403, 4403, 4403, 4403, 'admitted']);
    scheduler.advance(1);
    const later = await authority.signRoomToken(grant);
    expect(await doorkeeper.admit(later.token, 'room')).toMatchObject({ kind: 'admitted' });
  });

  it('of operators and of rooms do not stand for each other', async () => {
    const { authority, doorkeeper, grant, scheduler } = await openAccess();
    const operator = await authority.signOperatorToken(scheduler.now() + 60_000);
    expect(await authority.verifyOperatorToken(operator)).toEqual({ kind: 'valid', tenant: 'default' });
    expect(await doorkeeper.admit(operator, 'room')).toMatchObject({ closeCode: 4401 });
    const { token } = await authority.signRoomToken({ ...grant, role: 'owner' });
    expect(await authority.verifyOperatorToken(token)).toMatchObject({ kind: 'invalid' });
    scheduler.advance(60_000);
    expect(await authority.verifyOperatorToken(operator)).toMatchObject({ kind: 'invalid', reason: 'expired' });
  });
});
