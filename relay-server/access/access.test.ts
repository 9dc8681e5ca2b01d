import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeProtectedHeader, exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { DataFolder } from '../data-folder.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import { firstKey } from '../testing/first-key.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { AccessWatch } from './access-watch.ts';
import { cleanPersonName } from './person-name.ts';
import { IDENTITY_FILE, IdentityError, loadRelayIdentity, rotateRelayKey } from './relay-identity.ts';
import { OPERATOR, RoomManager } from './room-manager.ts';
import { RoomDoorkeeper } from './room-doorkeeper.ts';
import { ShareLinks, TRADED_TOKEN_TTL_MS } from './share-links.ts';
import { TokenAuthority } from './token-authority.ts';

const WHERE = { tenant: 'default', room: 'room' };

async function setUp(folder = temporaryFolder()) {
  const scheduler = new ManualScheduler();
  const identity = await loadRelayIdentity(folder);
  const authority = new TokenAuthority(identity, scheduler);
  const storage = openSqliteStorage(join(folder, 'relay.db'));
  onTestFinished(() => storage.dispose());
  const { directory, access } = storage;
  await directory.createRoom({ tenant: 'default', room: 'room', name: '', createdAtMs: 1 });
  const watch = new AccessWatch({
    directory: access,
    scheduler,
    reportProblem: (error) => {
      throw error;
    },
  });
  onTestFinished(() => watch.dispose());
  const shareLinks = new ShareLinks({ directory, access, authority, scheduler });
  const manager = new RoomManager({ access, shareLinks, scheduler });
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
    access,
    manager,
    doorkeeper: new RoomDoorkeeper(authority, directory, watch),
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
    expect(await doorkeeper.admit(token, 'room')).toMatchObject({ kind: 'admitted', grant: signed });
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
      iat: 1,
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
    ];
    for (const changed of wrong) {
      expect([changed, await doorkeeper.admit(await sign(changed), 'room')]).toMatchObject([
        changed,
        { closeCode: 4401 },
      ]);
    }
  });

  it('[AC4] are refused with 4403 when the person, the session, the link or all were taken back', async () => {
    const { authority, doorkeeper, manager, shareLinks, grant, scheduler } = await setUp();
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
  it('are traded for a short token of their role; the store has no secret', async () => {
    const { shareLinks, scheduler, directory } = await setUp();
    const { linkId, secret } = await shareLinks.create({ ...WHERE, role: 'commenter' });
    const result = await shareLinks.trade({ room: 'room', secret, name: ' Bob ' });
    expect(result).toMatchObject({ kind: 'granted', grant: { role: 'commenter', name: 'Bob', linkId } });
    expect(result.kind === 'granted' && result.grant.expiresAtMs - scheduler.now()).toBe(TRADED_TOKEN_TTL_MS);
    expect(JSON.stringify(await directory.findLink('default', linkId))).not.toContain(secret);
  });

  it('keep the person the same over renewals, also late ones, without counting them as uses', async () => {
    const { shareLinks, scheduler } = await setUp();
    const { secret } = await shareLinks.create({ ...WHERE, role: 'editor', maxUses: 1 });
    const first = await shareLinks.trade({ room: 'room', secret, name: 'Bob' });
    if (first.kind !== 'granted') throw new Error('not granted');
    scheduler.advance(3 * TRADED_TOKEN_TTL_MS);
    const second = await shareLinks.trade({ room: 'room', secret, name: 'Bob', previousToken: first.token });
    expect(second).toMatchObject({ kind: 'granted', grant: { subject: first.grant.subject } });
    expect(await shareLinks.trade({ room: 'room', secret, name: 'Bob' })).toMatchObject({
      kind: 'refused',
      reason: 'used-up',
    });
  });

  it('let nobody go on whose access was taken back, however old the token that they show, nor anew', async () => {
    const { shareLinks, access, manager, doorkeeper, scheduler } = await setUp();
    const { secret } = await shareLinks.create({ ...WHERE, role: 'editor' });
    const trade = (previousToken?: string) => shareLinks.trade({ room: 'room', secret, name: 'Bob', previousToken });
    const [first, other] = [await trade(), await trade()];
    if (first.kind !== 'granted' || other.kind !== 'granted') throw new Error('not granted');
    const { subject, name, role, linkId, lineageId } = first.grant;
    scheduler.advance(TRADED_TOKEN_TTL_MS);
    const seen = { name, role, linkId, lastSeenMs: scheduler.now() };
    await access.recordMember(WHERE, { ...seen, subject, lineageId });
    await access.recordMember(WHERE, { ...seen, subject: other.grant.subject, lineageId: other.grant.lineageId });
    const spare = await trade();
    if (spare.kind !== 'granted') throw new Error('not granted');
    const second = await trade(first.token);
    if (second.kind !== 'granted') throw new Error('not granted');
    await manager.revoke(WHERE, OPERATOR, { kind: 'subject', subject });
    for (const previousToken of [first.token, second.token]) {
      expect(await trade(previousToken)).toMatchObject({ kind: 'refused', reason: 'revoked' });
    }
    // Without a token they would be a stranger: nobody new comes by their link.
    expect(await trade()).toMatchObject({ kind: 'refused', reason: 'closed' });
    // Nor does somebody come by a token that was got and put by.
    expect(await trade(spare.token)).toMatchObject({ kind: 'refused', reason: 'closed' });
    const renewed = await trade(other.token);
    if (renewed.kind !== 'granted') throw new Error('not granted');
    expect(renewed.grant).toMatchObject({ subject: other.grant.subject, lineageId: other.grant.lineageId });
    expect(await doorkeeper.admit(renewed.token, 'room')).toMatchObject({ kind: 'admitted' });
  });

  it('are closed when somebody who came by them is given less, who could come back otherwise', async () => {
    const { shareLinks, access, manager, scheduler } = await setUp();
    const { secret } = await shareLinks.create({ ...WHERE, role: 'editor' });
    const trade = () => shareLinks.trade({ room: 'room', secret, name: 'Bob' });
    const bob = await trade();
    if (bob.kind !== 'granted') throw new Error('not granted');
    const { subject, name, role, linkId, lineageId } = bob.grant;
    await access.recordMember(WHERE, { subject, name, role, linkId, lineageId, lastSeenMs: scheduler.now() });
    await manager.setRole(WHERE, OPERATOR, subject, 'owner');
    expect(await trade()).toMatchObject({ kind: 'granted' });
    await manager.setRole(WHERE, OPERATOR, subject, 'viewer');
    expect(await trade()).toMatchObject({ kind: 'refused', reason: 'closed' });
  });

  it('wait for an owner when they are made so', async () => {
    const { shareLinks, access, manager } = await setUp();
    const { secret, linkId } = await shareLinks.create({ ...WHERE, role: 'editor', needsApproval: true, maxUses: 1 });
    const trade = (request?: string) => shareLinks.trade({ room: 'room', secret, name: 'Ana', request });
    const [ana, eve] = [await trade(), await trade()];
    if (ana.kind !== 'waiting' || eve.kind !== 'waiting') throw new Error('not waiting');
    expect(await trade(ana.request)).toEqual({ ...ana, isNew: false });
    const [newest, oldest] = await access.listJoinRequests(WHERE);
    const requests = [oldest, newest].sort((a, b) => (a?.createdAtMs ?? 0) - (b?.createdAtMs ?? 0));
    expect(requests.map((request) => [request?.name, request?.linkId, request?.decision])).toEqual(
      Array(2).fill(['Ana', linkId, 'pending']),
    );
    expect(JSON.stringify(await access.listJoinRequests(WHERE))).not.toContain(ana.request);
    for (const { requestId, subject } of await access.listJoinRequests(WHERE)) {
      const decision = (await isOf(ana.request, subject)) ? 'approved' : 'denied';
      expect(await manager.decideJoin(WHERE, OPERATOR, requestId, decision)).toBe(true);
      expect(await manager.decideJoin(WHERE, OPERATOR, requestId, 'approved')).toBe(false);
    }
    expect(await trade(ana.request)).toMatchObject({ kind: 'granted', grant: { role: 'editor', name: 'Ana' } });
    expect(await trade(eve.request)).toMatchObject({ kind: 'refused', reason: 'denied' });
    expect(await trade('made-up')).toMatchObject({ kind: 'waiting', isNew: true });

    async function isOf(request: string, subject: string): Promise<boolean> {
      const hash = createHash('sha256').update(request).digest();
      return (await access.findJoinRequest(WHERE, hash))?.subject === subject;
    }
  });

  it('have secrets of 256 bits, none of them twice', async () => {
    const { shareLinks } = await setUp();
    const secrets = new Set<string>();
    for (let count = 0; count < 20; count++) {
      secrets.add((await shareLinks.create({ ...WHERE, role: 'viewer' })).secret);
    }
    const ids = await Promise.all(
      Array.from({ length: 300 }, async () => (await shareLinks.create({ ...WHERE, role: 'viewer' })).linkId),
    );
    expect(ids.filter((id) => id.startsWith('-'))).toEqual([]);
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
      await shareLinks.trade({ room: 'room', secret: one.secret, name: 'x' }),
      await shareLinks.trade({ room: 'else', secret: three.secret, name: 'x' }),
      await stranger.shareLinks.trade({ room: 'room', secret: foreign.secret, name: 'x' }),
    ];
    for (const other of others) {
      if (other.kind !== 'granted') throw new Error('not granted');
      const result = await shareLinks.trade({
        room: 'room',
        secret: two.secret,
        name: 'y',
        previousToken: other.token,
      });
      expect(result).toMatchObject({ kind: 'granted', grant: { role: 'editor' } });
      expect(result.kind === 'granted' && result.grant.subject).not.toBe(other.grant.subject);
    }
  });

  it('are refused when unknown, of another room, expired, used up or revoked', async () => {
    const { shareLinks, manager, scheduler } = await setUp();
    const trade = async (secret: string, room = 'room') => {
      const result = await shareLinks.trade({ room, secret, name: 'Bob' });
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
    await manager.revoke(WHERE, OPERATOR, { kind: 'link', linkId: revoked.linkId });
    expect(await trade(revoked.secret)).toBe('revoked');
  });

  it('give no token that outlives them', async () => {
    const { shareLinks, scheduler } = await setUp();
    const { secret } = await shareLinks.create({ ...WHERE, role: 'editor', expiresInMs: 30_000 });
    const result = await shareLinks.trade({ room: 'room', secret, name: 'Bob' });
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

describe('the keys of a relay', () => {
  it('change with an overlap: the new one is known before it signs, the old one counts for a while after', async () => {
    const folder = temporaryFolder();
    const { scheduler, authority, grant } = await setUp(folder);
    const long = { ...grant, expiresAtMs: scheduler.now() + 3_600_000 };
    const old = await authority.signRoomToken(long);
    const path = join(folder, IDENTITY_FILE);
    const rotated = await rotateRelayKey(path, { nowMs: scheduler.now(), delayMs: 1_000, overlapMs: 60_000 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await loadRelayIdentity(folder)).toMatchObject({ relayId: rotated.relayId, keys: [{}, {}] });
    authority.replaceIdentity(rotated);
    const [first, second] = rotated.keys.map(({ keyId }) => keyId);
    expect(authority.publicKeys.map(({ kid }) => kid)).toEqual([first, second]);
    expect(JSON.stringify(authority.publicKeys)).not.toContain('"d"');
    const kidOf = async () => decodeProtectedHeader((await authority.signRoomToken(long)).token).kid;
    expect(await kidOf()).toBe(first);
    scheduler.advance(1_000);
    expect(await kidOf()).toBe(second);
    expect(await authority.verifyRoomToken(old.token)).toMatchObject({ kind: 'valid' });
    const fresh = await authority.signRoomToken(long);
    scheduler.advance(60_000);
    expect(await authority.verifyRoomToken(old.token)).toMatchObject({ reason: 'forged' });
    expect(await authority.verifyRoomToken(fresh.token)).toMatchObject({ kind: 'valid' });
    expect(authority.publicKeys.map(({ kid }) => kid)).toEqual([second]);
    const again = await rotateRelayKey(path, { nowMs: scheduler.now(), delayMs: 0, overlapMs: 60_000 });
    expect(again.keys.map(({ keyId }) => keyId)).toEqual([second, expect.any(String)]);
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
