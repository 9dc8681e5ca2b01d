import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { openAccess, WHERE } from '../testing/access-under-test.ts';
import { membersOf } from '../testing/members-of.ts';
import { JOIN_REQUEST_IDLE_MS, MAX_TOKEN_AGE_MS } from '../log/access-directory.ts';
import { OPERATOR } from './room-manager.ts';
import { TRADED_TOKEN_TTL_MS } from './share-links.ts';
import { TokenAuthority } from './token-authority.ts';

describe('share links', () => {
  it('are traded for a short token of their role; the store has no secret', async () => {
    const { shareLinks, scheduler, directory } = await openAccess();
    const { linkId, secret } = await shareLinks.create({ ...WHERE, role: 'commenter' });
    const result = await shareLinks.trade({ room: 'room', secret, name: ' Bob ' });
    expect(result).toMatchObject({ kind: 'granted', grant: { role: 'commenter', name: 'Bob', linkId } });
    expect(result.kind === 'granted' && result.grant.expiresAtMs - scheduler.now()).toBe(TRADED_TOKEN_TTL_MS);
    expect(JSON.stringify(await directory.findLink('default', linkId))).not.toContain(secret);
  });

  it('keep the person the same over renewals, also late ones, without counting them as uses', async () => {
    const { shareLinks, scheduler } = await openAccess();
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
    const { shareLinks, access, manager, doorkeeper, scheduler } = await openAccess();
    const { secret } = await shareLinks.create({ ...WHERE, role: 'editor' });
    const trade = (previousToken?: string) => shareLinks.trade({ room: 'room', secret, name: 'Bob', previousToken });
    const [first, other] = [await trade(), await trade()];
    if (first.kind !== 'granted' || other.kind !== 'granted') throw new Error('not granted');
    const { subject, name, role, linkId, lineageId } = first.grant;
    scheduler.advance(TRADED_TOKEN_TTL_MS);
    const seen = { name, role, linkId, lastSeenMs: scheduler.now() };
    await access.recordVisits([{ key: WHERE, members: [{ ...seen, subject, lineageId }], events: [] }]);
    await access.recordVisits([
      {
        key: WHERE,
        members: [{ ...seen, subject: other.grant.subject, lineageId: other.grant.lineageId }],
        events: [],
      },
    ]);
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
    const { shareLinks, access, manager, scheduler } = await openAccess();
    const { secret } = await shareLinks.create({ ...WHERE, role: 'editor' });
    const trade = () => shareLinks.trade({ room: 'room', secret, name: 'Bob' });
    const bob = await trade();
    if (bob.kind !== 'granted') throw new Error('not granted');
    const { subject, name, role, linkId, lineageId } = bob.grant;
    await access.recordVisits([
      { key: WHERE, members: [{ subject, name, role, linkId, lineageId, lastSeenMs: scheduler.now() }], events: [] },
    ]);
    await manager.setRole(WHERE, OPERATOR, subject, 'owner');
    expect(await trade()).toMatchObject({ kind: 'granted' });
    await manager.setRole(WHERE, OPERATOR, subject, 'viewer');
    expect(await trade()).toMatchObject({ kind: 'refused', reason: 'closed' });
  });

  it('wait for an owner when they are made so', async () => {
    const { shareLinks, access, manager, scheduler } = await openAccess();
    const { secret, linkId } = await shareLinks.create({ ...WHERE, role: 'editor', needsApproval: true, maxUses: 1 });
    const trade = (request?: string) => shareLinks.trade({ room: 'room', secret, name: 'Ana', request });
    const [ana, eve] = [await trade(), await trade()];
    if (ana.kind !== 'waiting' || eve.kind !== 'waiting') throw new Error('not waiting');
    expect(await trade(ana.request)).toEqual({ ...ana, isNew: false });
    const [newest, oldest] = await access.listJoinRequests(WHERE, scheduler.now());
    const requests = [oldest, newest].sort((a, b) => (a?.createdAtMs ?? 0) - (b?.createdAtMs ?? 0));
    expect(requests.map((request) => [request?.name, request?.linkId, request?.decision])).toEqual(
      Array(2).fill(['Ana', linkId, 'pending']),
    );
    expect(JSON.stringify(await access.listJoinRequests(WHERE, scheduler.now()))).not.toContain(ana.request);
    for (const { requestId, subject } of await access.listJoinRequests(WHERE, scheduler.now())) {
      const decision = (await isOf(ana.request, subject)) ? 'approved' : 'denied';
      expect(await manager.decideJoin(WHERE, OPERATOR, requestId, decision)).toBe(true);
      expect(await manager.decideJoin(WHERE, OPERATOR, requestId, 'approved')).toBe(false);
    }
    expect(await trade(ana.request)).toMatchObject({ kind: 'granted', grant: { role: 'editor', name: 'Ana' } });
    expect(await trade(eve.request)).toMatchObject({ kind: 'refused', reason: 'denied' });
    expect(await trade('made-up')).toMatchObject({ kind: 'waiting', isNew: true });

    async function isOf(request: string, subject: string): Promise<boolean> {
      const hash = createHash('sha256').update(request).digest();
      return (await access.pollJoinRequest(WHERE, hash, scheduler.now()))?.subject === subject;
    }
  });

  it('forget who waits and asks no more, who may come anew', async () => {
    const { shareLinks, access, manager, scheduler } = await openAccess();
    const { secret } = await shareLinks.create({ ...WHERE, role: 'editor', needsApproval: true });
    const trade = (request?: string) => shareLinks.trade({ room: 'room', secret, name: 'Ana', request });
    const first = await trade();
    if (first.kind !== 'waiting') throw new Error('not waiting');
    for (let polls = 0; polls < 10; polls++) {
      scheduler.advance(60_000);
      expect(await trade(first.request)).toEqual({ ...first, isNew: false });
    }
    const [waiting] = await access.listJoinRequests(WHERE, scheduler.now());
    scheduler.advance(JOIN_REQUEST_IDLE_MS);
    expect(await access.listJoinRequests(WHERE, scheduler.now())).toEqual([]);
    expect(await manager.decideJoin(WHERE, OPERATOR, waiting?.requestId ?? '', 'approved')).toBe(false);
    const again = await trade(first.request);
    expect(again).toMatchObject({ kind: 'waiting', isNew: true });
    expect(again.kind === 'waiting' && again.request).not.toBe(first.request);
  });

  it('that a crowd waits by leave room for those who come by another one', async () => {
    const { shareLinks } = await openAccess();
    const [leaked, other] = await Promise.all(
      [1, 2].map(() => shareLinks.create({ ...WHERE, role: 'editor', needsApproval: true })),
    );
    const trade = async (link: { readonly secret: string } | undefined) =>
      (await shareLinks.trade({ room: 'room', secret: link?.secret ?? '', name: 'Bot' })).kind;
    for (let count = 0; count < 100; count++) expect(await trade(leaked)).toBe('waiting');
    expect([await trade(leaked), await trade(other)]).toEqual(['refused', 'waiting']);
  });

  it('have labels of one line that shows itself as it is', async () => {
    const { shareLinks, access, manager } = await openAccess();
    await manager.createLink(OPERATOR, { ...WHERE, role: 'viewer', label: ' for\n\u202eAda \u0007\u200b ' });
    await shareLinks.create({ ...WHERE, role: 'viewer', label: `${'🙂'.repeat(300)}` });
    const labels = (await access.listLinks(WHERE)).map(({ label }) => label);
    expect(labels.toSorted()).toEqual(['for Ada', '🙂'.repeat(256)]);
    expect((await access.listAudit(WHERE, { limit: 1 }))[0]?.detail).toBe('viewer, for Ada');
  });

  it('take a token of longer ago than any may count for nobody’s', async () => {
    const { shareLinks, identity, grant, scheduler } = await openAccess();
    const { secret, linkId } = await shareLinks.create({ ...WHERE, role: 'editor' });
    const renew = async (ageMs: number) => {
      const authority = new TokenAuthority(identity, new ManualScheduler(scheduler.now() - ageMs));
      const { token } = await authority.signRoomToken({ ...grant, linkId });
      const traded = await shareLinks.trade({ room: 'room', secret, name: 'Bob', previousToken: token });
      return traded.kind === 'granted' ? traded.grant.subject : traded.kind;
    };
    expect(await renew(MAX_TOKEN_AGE_MS)).toBe(grant.subject);
    expect(await renew(MAX_TOKEN_AGE_MS + 1)).toMatch(/^guest-/);
  });

  it('have secrets of 256 bits, none of them twice', async () => {
    const { shareLinks } = await openAccess();
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
    const { shareLinks, directory } = await openAccess();
    const stranger = await openAccess();
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
    const { shareLinks, manager, scheduler } = await openAccess();
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

  it('that have expired let nobody in anew, while those who are in go on for as long as they stay', async () => {
    const { shareLinks, access, scheduler } = await openAccess();
    const { secret } = await shareLinks.create({ ...WHERE, role: 'editor', expiresInMs: 30_000 });
    const other = await shareLinks.create({ ...WHERE, role: 'viewer' });
    const trade = (previousToken?: string) => shareLinks.trade({ room: 'room', secret, name: 'Bob', previousToken });
    let current = await trade();
    if (current.kind !== 'granted') throw new Error('not granted');
    const first = current;
    // A token runs as long as any other: who is inside renews it in time.
    expect(first.grant.expiresAtMs - scheduler.now()).toBe(TRADED_TOKEN_TTL_MS);
    for (let renewals = 0; renewals < 200; renewals++) {
      scheduler.advance(TRADED_TOKEN_TTL_MS - 1_000);
      const next = await trade(current.token);
      if (next.kind !== 'granted') throw new Error('not granted');
      current = next;
      // By then whoever never came in is forgotten.
      if (renewals === 180) await shareLinks.trade({ room: 'room', secret: other.secret, name: 'Eve' });
    }
    expect(current.grant).toMatchObject({ subject: first.grant.subject, lineageId: first.grant.lineageId });
    // Owners find whoever goes on, however long ago they came.
    const found = (await membersOf(access, WHERE)).find(({ lineageId }) => lineageId === first.grant.lineageId);
    expect(found?.firstSeenMs).toBeGreaterThan(first.grant.issuedAtMs);
    expect(await trade()).toMatchObject({ kind: 'refused', reason: 'expired' });
    scheduler.advance(TRADED_TOKEN_TTL_MS);
    for (const late of [first, current])
      expect(await trade(late.token)).toMatchObject({ kind: 'refused', reason: 'expired' });
  });

  it('that have expired renew nothing of those whose access was taken back', async () => {
    const { shareLinks, manager, scheduler } = await openAccess();
    const { secret, linkId } = await shareLinks.create({ ...WHERE, role: 'editor', expiresInMs: 30_000 });
    const trade = (previousToken?: string) => shareLinks.trade({ room: 'room', secret, name: 'Bob', previousToken });
    const people = [await trade(), await trade(), await trade()];
    scheduler.advance(30_000);
    const renew = async (index: number) => {
      const person = people[index];
      const result = await trade(person?.kind === 'granted' ? person.token : undefined);
      return result.kind === 'refused' ? result.reason : result.kind;
    };
    const [bob, ben] = people;
    if (bob?.kind !== 'granted' || ben?.kind !== 'granted') throw new Error('not granted');
    await manager.revoke(WHERE, OPERATOR, { kind: 'session', lineageId: ben.grant.lineageId });
    expect([await renew(0), await renew(1), await renew(2)]).toEqual(['granted', 'revoked', 'granted']);
    await manager.revoke(WHERE, OPERATOR, { kind: 'link', linkId });
    expect([await renew(0), await renew(2)]).toEqual(['revoked', 'revoked']);
  });

  it('are traded for what an owner made of the person, which both the answer and the token say', async () => {
    const { shareLinks, access, authority, doorkeeper, manager, scheduler } = await openAccess();
    const { secret, linkId } = await shareLinks.create({ ...WHERE, role: 'editor' });
    const trade = (previousToken?: string) => shareLinks.trade({ room: 'room', secret, name: 'Bob', previousToken });
    const first = await trade();
    if (first.kind !== 'granted') throw new Error('not granted');
    const { subject, lineageId } = first.grant;
    scheduler.advance(1);
    const member = { subject, name: 'Bob', role: 'editor', linkId, lineageId, lastSeenMs: scheduler.now() } as const;
    await access.recordVisits([{ key: WHERE, members: [member], events: [] }]);
    const tokens: string[] = [];
    for (const role of ['viewer', 'owner', undefined] as const) {
      await manager.setRole(WHERE, OPERATOR, subject, role);
      const renewed = await trade(first.token);
      if (renewed.kind !== 'granted') throw new Error('not granted');
      expect([renewed.role, decodeJwt(renewed.token)['role']]).toEqual([role ?? 'editor', role ?? 'editor']);
      tokens.push(renewed.token);
    }
    // What was set counts no more as soon as it is taken back, in every token.
    for (const token of tokens) {
      expect(await authority.verifyRoomToken(token)).toMatchObject({ kind: 'valid', grant: { role: 'editor' } });
      expect(await doorkeeper.admit(token, 'room')).toMatchObject({ standing: { role: 'editor' } });
    }
  });

  it('let in by one approval the one who was let in, under the name that was approved, once', async () => {
    const { shareLinks, access, directory, manager, scheduler } = await openAccess();
    const { secret, linkId } = await shareLinks.create({ ...WHERE, role: 'editor', needsApproval: true, maxUses: 3 });
    const trade = (name: string, request?: string) => shareLinks.trade({ room: 'room', secret, name, request });
    const asked = await trade('Ana');
    if (asked.kind !== 'waiting') throw new Error('not waiting');
    const [waiting] = await access.listJoinRequests(WHERE, scheduler.now());
    await manager.decideJoin(WHERE, OPERATOR, waiting?.requestId ?? '', 'approved');
    const first = await trade('Ana', asked.request);
    if (first.kind !== 'granted') throw new Error('not granted');
    scheduler.advance(1_000);
    // The answer was lost: it is asked for again.
    for (const name of ['Ana', 'Eve']) {
      const again = await trade(name, asked.request);
      if (again.kind !== 'granted') throw new Error('not granted');
      const { subject, lineageId } = first.grant;
      expect(again.grant).toMatchObject({ subject, lineageId, name: 'Ana' });
    }
    expect(await directory.findLink('default', linkId)).toMatchObject({ uses: 1 });
    const { subject, name, role, lineageId } = first.grant;
    const members = [{ subject, name, role, linkId, lineageId, lastSeenMs: scheduler.now() }];
    await access.recordVisits([{ key: WHERE, members, events: [] }]);
    // They have been in: whoever has what they asked by is somebody else.
    const replayed = await trade('Eve', asked.request);
    expect(replayed).toMatchObject({ kind: 'waiting', isNew: true });
    expect(replayed.kind === 'waiting' && replayed.request).not.toBe(asked.request);
    expect(await directory.findLink('default', linkId)).toMatchObject({ uses: 1 });
  });

  it('let nobody in whose name cannot be seen, and keep the name of those who are in', async () => {
    const { shareLinks, directory } = await openAccess();
    const { secret, linkId } = await shareLinks.create({ ...WHERE, role: 'editor' });
    const trade = (name: string, previousToken?: string) =>
      shareLinks.trade({ room: 'room', secret, name, previousToken });
    for (const name of ['\u3164', '\u115f\u3164', ' \u200b ', '\u2800'])
      expect([name, await trade(name)]).toMatchObject([name, { kind: 'refused', reason: 'nameless' }]);
    expect(await directory.findLink('default', linkId)).toMatchObject({ uses: 0 });
    const bob = await trade('Bob');
    if (bob.kind !== 'granted') throw new Error('not granted');
    expect(await trade('\u3164', bob.token)).toMatchObject({ kind: 'granted', grant: { name: 'Bob' } });
    expect(await trade('Bobby 👨‍👩‍👧', bob.token)).toMatchObject({ grant: { name: 'Bobby 👨‍👩‍👧' } });
  });

  it('make a room once for each chosen secret', async () => {
    const { shareLinks } = await openAccess();
    const room = { tenant: 'default', room: 'new', name: 'New', createdAtMs: 1 };
    const first = await shareLinks.createRoom(room, 'chosen-secret-of-the-caller');
    expect(await shareLinks.createRoom(room, 'chosen-secret-of-the-caller')).toEqual(first);
    expect(await shareLinks.createRoom(room, 'another-secret-of-somebody')).toBeUndefined();
    expect(await shareLinks.createRoom(room)).toBeUndefined();
  });
});
