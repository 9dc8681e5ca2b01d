import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { DataFolder } from '../data-folder.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { cleanPersonName } from './person-name.ts';
import { IDENTITY_FILE, IdentityError, loadRelayIdentity } from './relay-identity.ts';
import { RoomDoorkeeper } from './room-doorkeeper.ts';
import { ShareLinks, TRADED_TOKEN_TTL_MS } from './share-links.ts';
import { TokenAuthority } from './token-authority.ts';

async function setUp(folder = temporaryFolder()) {
  const scheduler = new ManualScheduler();
  const identity = await loadRelayIdentity(folder);
  const authority = new TokenAuthority(identity, scheduler);
  const storage = openSqliteStorage(join(folder, 'relay.db'));
  onTestFinished(() => storage.dispose());
  const { directory } = storage;
  await directory.createRoom({ tenant: 'default', room: 'room', name: '', createdAtMs: 1 });
  const shareLinks = new ShareLinks(directory, authority, scheduler);
  const grant = {
    tenant: 'default',
    room: 'room',
    subject: 'ada',
    name: 'Ada',
    role: 'editor',
    linkId: undefined,
    expiresAtMs: scheduler.now() + 60_000,
  } as const;
  return {
    scheduler,
    identity,
    authority,
    directory,
    shareLinks,
    doorkeeper: new RoomDoorkeeper(authority, directory),
    grant,
  };
}

describe('the identity of a relay', () => {
  it('is made once, for the owner only', async () => {
    const folder = temporaryFolder();
    const first = await loadRelayIdentity(folder);
    expect(statSync(join(folder, IDENTITY_FILE)).mode & 0o777).toBe(0o600);
    expect((await loadRelayIdentity(folder)).relayId).toBe(first.relayId);
  });

  it('is the same for all who race to make it', async () => {
    const folder = temporaryFolder();
    const ids = await Promise.all(Array.from({ length: 10 }, async () => (await loadRelayIdentity(folder)).relayId));
    expect(new Set(ids).size).toBe(1);
  });

  it.each([
    '',
    '{',
    'null',
    '{"relayId":"r"}',
    '{"relayId":"r","privateKey":{"kty":"OKP","crv":"Ed25519","x":"a","d":"b"}}',
  ])('is refused when its file holds %j, and that file is kept', async (content) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, IDENTITY_FILE), content, { mode: 0o600 });
    await expect(loadRelayIdentity(folder)).rejects.toMatchObject({
      name: 'IdentityError',
      message: expect.stringContaining('is damaged') as unknown,
    });
    expect(readFileSync(join(folder, IDENTITY_FILE), 'utf8')).toBe(content);
  });
});

describe('a key that others can reach', () => {
  it.each([0o640, 0o604, 0o620, 0o602, 0o677])(
    'is refused with mode %o, with the command that mends it',
    async (mode) => {
      const folder = temporaryFolder();
      const { relayId } = await loadRelayIdentity(folder);
      const path = join(folder, IDENTITY_FILE);
      chmodSync(path, mode);
      const refusal = await loadRelayIdentity(folder).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(IdentityError);
      expect(String(refusal)).toContain(`chmod 600 '${path}'`);
      chmodSync(path, 0o600);
      expect((await loadRelayIdentity(folder)).relayId).toBe(relayId);
    },
  );

  it('cannot come about by a data folder that the relay makes; one that others may write to is named', () => {
    const folder = join(temporaryFolder(), 'made', 'data');
    const data = new DataFolder(folder);
    expect([statSync(folder).mode & 0o777, data.warning]).toEqual([0o700, undefined]);
    chmodSync(folder, 0o755);
    expect(data.warning).toBeUndefined();
    for (const mode of [0o775, 0o777, 0o1777]) {
      chmodSync(folder, mode);
      expect(new DataFolder(folder).warning).toContain(`chmod 700 '${folder}'`);
    }
  });
});

describe('tokens', () => {
  it('[VH3] let in whom they were made for', async () => {
    const { authority, doorkeeper, grant } = await setUp();
    const { token, grant: signed } = await authority.signRoomToken(grant);
    expect(await doorkeeper.admit(token, 'room')).toEqual({ kind: 'admitted', grant: signed });
  });

  it('[VH3] are refused for another room, and for a room that is not there', async () => {
    const { authority, doorkeeper, grant } = await setUp();
    const { token } = await authority.signRoomToken(grant);
    expect(await doorkeeper.admit(token, 'other')).toMatchObject({ kind: 'refused', closeCode: 4401 });
    const { token: missing } = await authority.signRoomToken({ ...grant, room: 'missing' });
    expect(await doorkeeper.admit(missing, 'missing')).toMatchObject({ kind: 'refused', closeCode: 4404 });
  });

  it('[VH3] are refused when they have expired', async () => {
    const { authority, doorkeeper, grant, scheduler } = await setUp();
    const { token } = await authority.signRoomToken(grant);
    scheduler.advance(59_000);
    expect(await doorkeeper.admit(token, 'room')).toMatchObject({ kind: 'admitted' });
    scheduler.advance(1_000);
    expect(await doorkeeper.admit(token, 'room')).toMatchObject({ kind: 'refused', closeCode: 4401 });
  });

  it('[VH3] are refused when forged in whatever way', async () => {
    const { authority, doorkeeper, grant, identity } = await setUp();
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
      exp: 9_999_999_999,
    };
    const other = await loadRelayIdentity(temporaryFolder());
    const { x } = await exportJWK(identity.verifyingKey);
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forgeries = {
      unsigned: new UnsecuredJWT(claims).encode(),
      'unsigned with a signature': `${encode({ alg: 'none' })}.${encode(claims)}.${signature}`,
      'other claims': `${header}.${encode(claims)}.${signature}`,
      'another key': await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA' }).sign(other.signingKey),
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
    const { doorkeeper, identity } = await setUp();
    const claims = {
      tenant: 'default',
      room: 'room',
      role: 'editor',
      name: 'n',
      iss: identity.relayId,
      aud: 'tutti',
      sub: 's',
      jti: 'j',
      exp: 9_999_999_999,
    };
    const sign = (changed: object) =>
      new SignJWT({ ...claims, ...changed }).setProtectedHeader({ alg: 'EdDSA' }).sign(identity.signingKey);
    expect(await doorkeeper.admit(await sign({}), 'room')).toMatchObject({ kind: 'admitted' });
    const wrong = [
      { iss: 'relay-x' },
      { aud: 'tutti-operator' },
      { exp: undefined },
      { sub: undefined },
      { jti: undefined },
      { role: 'god' },
      { sub: 'x'.repeat(129) },
    ];
    for (const changed of wrong) {
      expect([changed, await doorkeeper.admit(await sign(changed), 'room')]).toMatchObject([
        changed,
        { closeCode: 4401 },
      ]);
    }
  });

  it('[VH3] are refused with 4403 when they, or their link, were taken back', async () => {
    const { authority, doorkeeper, directory, shareLinks, grant, scheduler } = await setUp();
    const signed = await authority.signRoomToken(grant);
    await directory.recordToken(signed.grant, scheduler.now());
    await directory.revokeToken(signed.grant.jti, scheduler.now());
    expect(await doorkeeper.admit(signed.token, 'room')).toMatchObject({ closeCode: 4403 });
    const { linkId, secret } = await shareLinks.create({ tenant: 'default', room: 'room', role: 'viewer' });
    const traded = await shareLinks.trade({ tenant: 'default', room: 'room', secret, name: 'Bob' });
    if (traded.kind !== 'granted') throw new Error('not granted');
    expect(await doorkeeper.admit(traded.token, 'room')).toMatchObject({ kind: 'admitted' });
    await directory.revokeLink('default', linkId, scheduler.now());
    expect(await doorkeeper.admit(traded.token, 'room')).toMatchObject({ closeCode: 4403 });
  });

  it('of operators and of rooms do not stand for each other', async () => {
    const { authority, doorkeeper, grant, scheduler } = await setUp();
    const operator = await authority.signOperatorToken(scheduler.now() + 60_000);
    expect(await authority.verifyOperatorToken(operator)).toEqual({ kind: 'valid', tenant: 'default' });
    expect(await doorkeeper.admit(operator, 'room')).toMatchObject({ closeCode: 4401 });
    const { token } = await authority.signRoomToken({ ...grant, role: 'owner' });
    expect(await authority.verifyOperatorToken(token)).toMatchObject({ kind: 'invalid' });
    scheduler.advance(60_000);
    expect(await authority.verifyOperatorToken(operator)).toMatchObject({ kind: 'invalid', reason: 'expired' });
  });
});

describe('share links', () => {
  const WHERE = { tenant: 'default', room: 'room' };

  it('are traded for a short token of their role; the store has no secret', async () => {
    const { shareLinks, scheduler, directory } = await setUp();
    const { linkId, secret } = await shareLinks.create({ ...WHERE, role: 'commenter' });
    const result = await shareLinks.trade({ ...WHERE, secret, name: ' Bob ' });
    expect(result).toMatchObject({ kind: 'granted', grant: { role: 'commenter', name: 'Bob', linkId } });
    expect(result.kind === 'granted' && result.grant.expiresAtMs - scheduler.now()).toBe(TRADED_TOKEN_TTL_MS);
    expect(JSON.stringify(await directory.findLink('default', linkId))).not.toContain(secret);
  });

  it('keep the person the same over renewals, also late ones, without counting them as uses', async () => {
    const { shareLinks, scheduler } = await setUp();
    const { secret } = await shareLinks.create({ ...WHERE, role: 'editor', maxUses: 1 });
    const first = await shareLinks.trade({ ...WHERE, secret, name: 'Bob' });
    if (first.kind !== 'granted') throw new Error('not granted');
    scheduler.advance(3 * TRADED_TOKEN_TTL_MS);
    const second = await shareLinks.trade({ ...WHERE, secret, name: 'Bob', previousToken: first.token });
    expect(second).toMatchObject({ kind: 'granted', grant: { subject: first.grant.subject } });
    expect(await shareLinks.trade({ ...WHERE, secret, name: 'Bob' })).toMatchObject({
      kind: 'refused',
      reason: 'used-up',
    });
  });

  it('let nobody go on whose access was taken back, however old the token that they show', async () => {
    const { shareLinks, directory, scheduler } = await setUp();
    const { secret } = await shareLinks.create({ ...WHERE, role: 'editor' });
    const trade = (previousToken?: string) => shareLinks.trade({ ...WHERE, secret, name: 'Mallory', previousToken });
    const first = await trade();
    if (first.kind !== 'granted') throw new Error('not granted');
    scheduler.advance(TRADED_TOKEN_TTL_MS);
    const second = await trade(first.token);
    if (second.kind !== 'granted') throw new Error('not granted');
    await directory.revokeToken(second.grant.jti, scheduler.now());
    for (const previousToken of [first.token, second.token]) {
      expect(await trade(previousToken)).toMatchObject({ kind: 'refused', reason: 'revoked' });
    }
    // Others' trades make the relay forget what has expired.
    scheduler.advance(3 * TRADED_TOKEN_TTL_MS);
    expect(await trade()).toMatchObject({ kind: 'granted' });
    for (const previousToken of [first.token, second.token]) {
      expect(await trade(previousToken)).toMatchObject({ kind: 'refused', reason: 'revoked' });
    }
    const anew = await trade();
    expect(anew.kind === 'granted' && anew.grant.subject).not.toBe(first.grant.subject);
  });

  it('have secrets of 256 bits, none of them twice', async () => {
    const { shareLinks } = await setUp();
    const secrets = new Set<string>();
    for (let count = 0; count < 20; count++) {
      secrets.add((await shareLinks.create({ ...WHERE, role: 'viewer' })).secret);
    }
    expect([...secrets].map((secret) => Buffer.from(secret, 'base64url').byteLength)).toEqual(Array(20).fill(32));
  });

  it('take no previous token of another link, room or relay', async () => {
    const { shareLinks, directory } = await setUp();
    const stranger = await setUp();
    const one = await shareLinks.create({ ...WHERE, role: 'owner' });
    const two = await shareLinks.create({ ...WHERE, role: 'editor' });
    await directory.createRoom({ tenant: 'default', room: 'else', name: '', createdAtMs: 1 });
    const three = await shareLinks.create({ ...WHERE, room: 'else', role: 'editor' });
    const foreign = await stranger.shareLinks.create({ ...WHERE, role: 'editor' });
    const others = [
      await shareLinks.trade({ ...WHERE, secret: one.secret, name: 'x' }),
      await shareLinks.trade({ ...WHERE, room: 'else', secret: three.secret, name: 'x' }),
      await stranger.shareLinks.trade({ ...WHERE, secret: foreign.secret, name: 'x' }),
    ];
    for (const other of others) {
      if (other.kind !== 'granted') throw new Error('not granted');
      const result = await shareLinks.trade({ ...WHERE, secret: two.secret, name: 'y', previousToken: other.token });
      expect(result).toMatchObject({ kind: 'granted', grant: { role: 'editor' } });
      expect(result.kind === 'granted' && result.grant.subject).not.toBe(other.grant.subject);
    }
  });

  it('are refused when unknown, of another room, expired, used up or revoked', async () => {
    const { shareLinks, directory, scheduler } = await setUp();
    const trade = async (secret: string, room = 'room') => {
      const result = await shareLinks.trade({ ...WHERE, room, secret, name: 'Bob' });
      return result.kind === 'refused' ? result.reason : result.kind;
    };
    const link = await shareLinks.create({ ...WHERE, role: 'editor', expiresInMs: 1000 });
    expect(await trade('x'.repeat(32))).toBe('unknown');
    expect(await trade(link.secret, 'other')).toBe('unknown');
    expect(await trade(link.secret)).toBe('granted');
    scheduler.advance(1000);
    expect(await trade(link.secret)).toBe('expired');
    const twice = await shareLinks.create({ ...WHERE, role: 'editor', maxUses: 2 });
    expect([await trade(twice.secret), await trade(twice.secret), await trade(twice.secret)]).toEqual([
      'granted',
      'granted',
      'used-up',
    ]);
    const revoked = await shareLinks.create({ ...WHERE, role: 'editor' });
    await directory.revokeLink('default', revoked.linkId, scheduler.now());
    expect(await trade(revoked.secret)).toBe('revoked');
  });

  it('give no token that outlives them', async () => {
    const { shareLinks, scheduler } = await setUp();
    const { secret } = await shareLinks.create({ ...WHERE, role: 'editor', expiresInMs: 30_000 });
    const result = await shareLinks.trade({ ...WHERE, secret, name: 'Bob' });
    expect(result.kind === 'granted' && result.grant.expiresAtMs - scheduler.now()).toBe(30_000);
  });

  it('make a room once for each chosen secret', async () => {
    const { shareLinks } = await setUp();
    const room = { tenant: 'default', room: 'new', name: 'New', createdAtMs: 1 };
    const first = await shareLinks.createRoom(room, 'chosen-secret-of-the-caller');
    expect(await shareLinks.createRoom(room, 'chosen-secret-of-the-caller')).toEqual(first);
    expect(await shareLinks.createRoom(room, 'another-secret-of-somebody')).toBeUndefined();
    expect(await shareLinks.createRoom(room)).toBeUndefined();
  });
});

describe('names', () => {
  it.each([
    ['  Ada \n Lovelace ', 'Ada Lovelace'],
    ['Zoë 🙂 李', 'Zoë 🙂 李'],
    ['a\u0000b\u001bc\u202ed\u200be', 'abcde'],
    ['x'.repeat(300), 'x'.repeat(64)],
    ['🙂'.repeat(100), '🙂'.repeat(64)],
    [`${'x'.repeat(63)} y`, 'x'.repeat(63)],
    ['lone \ud800 half', 'lone  half'],
    ['', undefined],
    [' \u200b\u0007 ', undefined],
  ])('%j becomes %j', (name, cleaned) => {
    expect(cleanPersonName(name)).toBe(cleaned);
  });
});
