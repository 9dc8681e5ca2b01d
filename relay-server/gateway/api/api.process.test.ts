import { decodeProtectedHeader, importJWK, type JWK, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { shareApiRelay } from '../../testing/api-relay.ts';
import { createApiRoom, listOf } from '../../testing/api-room.ts';
import { openWebSocket } from '../../testing/websocket-client.ts';

const relay = shareApiRelay();
const createRoom = () => createApiRoom(relay());

describe('links', () => {
  it('are made, listed without their secrets, and taken back with everybody who came by them', async () => {
    const { ask, createLink, comeBy, trade, join } = await createRoom();
    const link = await createLink({ label: 'Team', expiresInSeconds: 60, maxUses: 1, paths: ['src/**'] });
    expect(link.url).toContain(link.secret);
    expect(link.appUrl).toMatch(/^tutti:/);
    const ben = await comeBy(link.secret);
    const benSocket = await join(ben.token);
    const listed = listOf(await ask('GET links'), 'links');
    expect(listed).toEqual([
      {
        id: link.id,
        role: 'editor',
        label: 'Team',
        createdAtMs: expect.any(Number) as unknown,
        createdBy: 'ana',
        expiresAtMs: expect.any(Number) as unknown,
        maxUses: 1,
        uses: 1,
        needsApproval: false,
        paths: ['src/**'],
      },
    ]);
    expect(await trade({ secret: link.secret, name: 'Cleo' })).toMatchObject({
      status: 403,
      body: { error: 'link-used-up' },
    });
    expect((await ask(`DELETE links/${link.id}`)).status).toBe(204);
    expect(await benSocket.closed).toBe(4403);
    for (const more of [{}, { previousToken: ben.token }]) {
      const refused = await trade({ secret: link.secret, name: 'Ben', ...more });
      expect(refused).toMatchObject({ status: 403, body: { error: 'link-revoked' } });
    }
    expect(listOf(await ask('GET links'), 'links')[0]).toMatchObject({ revokedAtMs: expect.any(Number) as unknown });
  });

  it('are refused when they make no sense, when they are unknown, and when they have expired', async () => {
    const { ask, createLink, trade } = await createRoom();
    const wrong = [
      { role: 'god' },
      {},
      { role: 'editor', expiresInSeconds: 0 },
      { role: 'editor', maxUses: 1.5 },
      { role: 'editor', label: 'x'.repeat(257) },
      { role: 'editor', needsApproval: 'yes' },
      { role: 'editor', paths: [] },
      { role: 'editor', paths: ['../outside'] },
      { role: 'editor', paths: 'src' },
      { role: 'owner', paths: ['src/**'] },
      { role: 'editor', unknown: 1 },
    ];
    for (const body of wrong) {
      expect([body, await ask('POST links', body)]).toMatchObject([
        body,
        { status: 400, body: { error: 'invalid-field' } },
      ]);
    }
    expect(await ask('DELETE links/unknown')).toMatchObject({ status: 404, body: { error: 'not-found' } });
    expect(await ask('DELETE links/%ff')).toMatchObject({ status: 404 });
    const { secret } = (await ask('POST links', { role: 'viewer', expiresInSeconds: 1 })).body as { secret: string };
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    expect(await trade({ secret, name: 'Ben' })).toMatchObject({ status: 403, body: { error: 'link-expired' } });
    for (const name of ['\u3164', ' \u115f '])
      expect(await trade({ secret: (await createLink()).secret, name })).toMatchObject({
        status: 400,
        body: { error: 'invalid-field' },
      });
  });

  it('that have expired leave those in who are in, by the token that they renew in time', async () => {
    const { createLink, comeBy, join } = await createRoom();
    const { secret } = await createLink({ expiresInSeconds: 1 });
    const ben = await comeBy(secret);
    const socket = await join(ben.token);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    const again = await comeBy(secret, { previousToken: ben.token });
    expect(again.subject).toBe(ben.subject);
    socket.client.send({ type: 'renew', token: again.token });
    await socket.until('renewed');
    expect(socket.socket.readyState).toBe(1);
  });

  it('by which an owner came themselves are not taken back by that owner', async () => {
    const { ask, createLink, comeBy, room } = await createRoom();
    const own = await createLink({ role: 'owner' });
    const { token } = await comeBy(own.secret);
    for (const [request, body] of [
      [`DELETE /api/rooms/${room}/links/${own.id}`, undefined],
      [`POST /api/rooms/${room}/revocations`, { link: own.id }],
    ] as const) {
      expect(await relay().ask(request, { token, body })).toMatchObject({ status: 409, body: { error: 'own-access' } });
    }
    expect((await ask(`DELETE links/${own.id}`)).status).toBe(204);
    expect(await relay().ask(`GET /api/rooms/${room}/links`, { token })).toMatchObject({
      status: 403,
      body: { error: 'revoked' },
    });
  });
});

describe('taking access back', () => {
  it('ends the sockets of a person for good, and nobody new comes by their link', async () => {
    const { ask, createLink, comeBy, trade, join, owner, room } = await createRoom();
    const link = await createLink();
    const [ben, cleo] = [await comeBy(link.secret), await comeBy(link.secret, { name: 'Cleo' })];
    const [ana, benSocket, cleoSocket] = [await join(owner), await join(ben.token), await join(cleo.token)];
    await expect.poll(async () => listOf(await ask('GET people'), 'people')).toHaveLength(3);
    expect((await ask('POST revocations', { subject: ben.subject })).status).toBe(204);
    expect(await benSocket.closed).toBe(4403);
    expect(benSocket.client.last('goodbye').explanation).toContain('taken back by an owner');
    expect(await trade({ secret: link.secret, name: 'Ben', previousToken: ben.token })).toMatchObject({
      status: 403,
      body: { error: 'link-revoked' },
    });
    expect(await trade({ secret: link.secret, name: 'Ben again' })).toMatchObject({
      status: 403,
      body: { error: 'link-closed' },
    });
    const again = await openWebSocket(relay().url, room);
    again.client.hello(ben.token);
    expect(await again.closed).toBe(4403);
    expect((await comeBy(link.secret, { previousToken: cleo.token })).subject).toBe(cleo.subject);
    expect([ana.socket.readyState, cleoSocket.socket.readyState]).toEqual([1, 1]);
    const people = listOf(await ask('GET people'), 'people');
    expect(people.find(({ subject }) => subject === ben.subject)).toMatchObject({ isRevoked: true });
  });

  it('ends one session, a link, or everybody but owners', async () => {
    const { ask, createLink, comeBy, join, owner, auditKinds } = await createRoom();
    const link = await createLink();
    const other = await createLink({ role: 'viewer' });
    const people = [await comeBy(link.secret), await comeBy(link.secret), await comeBy(other.secret)];
    const ana = await join(owner);
    const [first, second, third] = [
      await join(people[0]?.token ?? ''),
      await join(people[1]?.token ?? ''),
      await join(people[2]?.token ?? ''),
    ];
    await expect.poll(async () => listOf(await ask('GET people'), 'people')).toHaveLength(4);
    const listed = listOf(await ask('GET people'), 'people');
    const sessions = listed.find(({ subject }) => subject === people[0]?.subject)?.['sessions'] as { id: string }[];
    expect((await ask('POST revocations', { session: sessions[0]?.id })).status).toBe(204);
    expect(await first.closed).toBe(4403);
    expect(second.socket.readyState).toBe(1);
    expect((await ask('POST revocations', { link: link.id })).status).toBe(204);
    expect(await second.closed).toBe(4403);
    expect(third.socket.readyState).toBe(1);
    expect((await ask('POST revocations', { all: true })).status).toBe(204);
    expect(await third.closed).toBe(4403);
    expect(ana.socket.readyState).toBe(1);
    expect(await auditKinds()).toEqual(
      expect.arrayContaining(['session-revoked', 'link-revoked', 'all-revoked', 'link-created', 'joined']),
    );
  });

  it('is refused for oneself, for nobody, for two at once, and for what is not known', async () => {
    const { ask, meet, auditKinds } = await createRoom();
    expect(await ask('POST revocations', { subject: 'ana' })).toMatchObject({
      status: 409,
      body: { error: 'own-access' },
    });
    for (const body of [{}, { subject: 'ben', all: true }, { all: false }, { subject: 5 }, { everybody: true }]) {
      expect([body, await ask('POST revocations', body)]).toMatchObject([body, { status: 400 }]);
    }
    for (const body of [{ link: 'unknown' }, { subject: 'unknown' }, { session: 'unknown' }]) {
      expect([body, await ask('POST revocations', body)]).toMatchObject([
        body,
        { status: 404, body: { error: 'not-found' } },
      ]);
    }
    expect(await auditKinds()).toEqual([]);
    await meet('ben');
    for (const body of [{ session: 'ben' }, { subject: 'ben' }, { subject: 'ben' }])
      expect((await ask('POST revocations', body)).status).toBe(204);
  });
});

describe('settings', () => {
  it('are read, and what is given is set', async () => {
    const { ask, join, room } = await createRoom();
    expect((await ask('GET settings')).body).toEqual({ presenter: null, chat: 'commenters' });
    const ben = await join(await relay().sign({ room, subject: 'ben' }));
    expect((await ask('PUT settings', { presenter: 'ana' })).status).toBe(204);
    await ben.until('access', ({ writesAs }) => writesAs === 'viewer');
    expect((await ask('PUT settings', { chat: 'editors' })).status).toBe(204);
    expect((await ask('GET settings')).body).toEqual({ presenter: 'ana', chat: 'editors' });
    expect((await ask('PUT settings', { presenter: null })).status).toBe(204);
    expect((await ask('GET settings')).body).toEqual({ presenter: null, chat: 'editors' });
    expect(await ask('PUT settings', { presenter: 'nobody' })).toMatchObject({
      status: 404,
      body: { error: 'not-found' },
    });
    const eve = await join(await relay().sign({ room, subject: 'eve', role: 'viewer' }));
    await expect.poll(async () => (await ask('PUT settings', { presenter: 'eve' })).status).toBe(400);
    expect((await ask('GET settings')).body).toEqual({ presenter: null, chat: 'editors' });
    expect(eve.client.last('access').presenter).toBeUndefined();
    for (const body of [{ chat: 'nobody' }, { presenter: 5 }, { presenter: 'a\u202eb' }, { theme: 'dark' }]) {
      expect((await ask('PUT settings', body)).status).toBe(400);
    }
  });
});

describe('presenting', () => {
  it.each([
    ['removed', 'POST revocations', { subject: 'otto' }],
    ['made a viewer', 'PUT people/otto/role', { role: 'viewer' }],
    ['made a commenter', 'PUT people/otto/role', { role: 'commenter' }],
    ['put out with everybody', 'POST revocations', { all: true }],
  ])('ends when who presents is %s: the others write again', async (_what, request, body) => {
    const { ask, join, owner, room } = await createRoom();
    const ana = await join(owner);
    await join(await relay().sign({ room, subject: 'otto' }));
    await expect.poll(async () => (await ask('PUT settings', { presenter: 'otto' })).status).toBe(204);
    await ana.until('access', ({ writesAs }) => writesAs === 'viewer');
    expect((await ask(request, body)).status).toBeLessThan(300);
    await ana.until('access', ({ writesAs }) => writesAs === 'owner');
    expect((await ask('GET settings')).body).toMatchObject({ presenter: null });
  });
});

describe('a link with approval', () => {
  it('lets people in when an owner says so, and not otherwise', async () => {
    const { ask, createLink, trade, join, owner, comeBy, auditKinds } = await createRoom();
    const ana = await join(owner);
    const link = await createLink({ needsApproval: true });
    const waits = async (name: string) => {
      const answer = await trade({ secret: link.secret, name });
      expect(answer).toMatchObject({ status: 202, body: { explanation: 'An owner of the room has to let you in.' } });
      return String(answer.body['request']);
    };
    const before = ana.client.last('access').version;
    const [ben, cleo] = [await waits('Ben'), await waits('Cleo')];
    await ana.until('access', ({ version }) => version > before);
    expect(await trade({ secret: link.secret, name: 'Ben', request: ben })).toMatchObject({
      status: 202,
      body: { request: ben },
    });
    const requests = listOf(await ask('GET join-requests'), 'requests');
    expect(requests.map(({ linkId }) => linkId)).toEqual([link.id, link.id]);
    // Owners know the id, which lets nobody in.
    const [benId, cleoId] = ['Ben', 'Cleo'].map((name) => String(requests.find((one) => one['name'] === name)?.['id']));
    expect(await trade({ secret: link.secret, name: 'Eve', request: benId })).toMatchObject({ status: 202 });
    expect(await ask(`POST join-requests/${benId}`, { decision: 'maybe' })).toMatchObject({ status: 400 });
    expect((await ask(`POST join-requests/${benId}`, { decision: 'approved' })).status).toBe(204);
    expect((await ask(`POST join-requests/${cleoId}`, { decision: 'denied' })).status).toBe(204);
    expect((await ask(`POST join-requests/${benId}`, { decision: 'denied' })).status).toBe(404);
    expect((await ask('POST join-requests/unknown', { decision: 'denied' })).status).toBe(404);
    const { token } = await comeBy(link.secret, { request: ben });
    await join(token);
    expect(await trade({ secret: link.secret, name: 'Cleo', request: cleo })).toMatchObject({
      status: 403,
      body: { error: 'link-denied' },
    });
    expect(listOf(await ask('GET join-requests'), 'requests')).toHaveLength(1);
    expect(await auditKinds()).toEqual(expect.arrayContaining(['join-requested', 'join-approved', 'join-denied']));
  });

  it('lets so many wait, and no more', async () => {
    const { createLink, trade } = await createRoom();
    const { secret } = await createLink({ needsApproval: true });
    for (let count = 0; count < 100; count++) expect((await trade({ secret, name: 'Bot' })).status).toBe(202);
    expect(await trade({ secret, name: 'Bot' })).toMatchObject({ status: 429, body: { error: 'link-crowded' } });
    const other = await createLink({ needsApproval: true });
    expect((await trade({ secret: other.secret, name: 'Ben' })).status).toBe(202);
  });
});

describe('the audit', () => {
  it('is paged, and exported as lines', async () => {
    const { ask, owner, room } = await createRoom();
    for (let count = 0; count < 5; count++) await ask('POST links', { role: 'viewer', label: `link ${count}` });
    const page = listOf(await ask('GET audit?limit=2'), 'events');
    expect(page.map(({ seq, kind, actor, actorName }) => [seq, kind, actor, actorName])).toEqual([
      [5, 'link-created', 'ana', 'Ana'],
      [4, 'link-created', 'ana', 'Ana'],
    ]);
    expect(listOf(await ask('GET audit?limit=2&before=2'), 'events').map(({ seq }) => seq)).toEqual([1]);
    for (const query of ['limit=0', 'limit=x', 'before=-1', 'before=1.5']) {
      expect([query, (await ask(`GET audit?${query}`)).status]).toEqual([query, 400]);
    }
    const exported = await relay().ask(`GET /api/rooms/${room}/audit`, {
      token: owner,
      headers: { Accept: 'application/x-ndjson' },
    });
    expect(exported.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    const lines = exported.text.split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual([5, 4, 3, 2, 1]);
  });

  it('is exported whole when it is longer than a page', async () => {
    const { owner, room } = await createRoom();
    const key = { tenant: 'default', room };
    const event = { atMs: 1, kind: 'joined', actor: 'ben', actorName: 'Ben', target: '', detail: '' } as const;
    await relay().storage.access.recordVisits([
      { key, members: [], events: Array.from({ length: 2_500 }, () => event) },
    ]);
    const exported = await relay().ask(`GET /api/rooms/${room}/audit`, {
      token: owner,
      headers: { Accept: 'application/x-ndjson' },
    });
    expect(exported.text.split('\n')).toHaveLength(2_501);
  });

  it('holds no secret and no token', async () => {
    const { ask, createLink, comeBy, room, owner } = await createRoom();
    const link = await createLink({ label: 'Team' });
    const { token } = await comeBy(link.secret);
    await ask(`DELETE links/${link.id}`);
    const { text } = await relay().ask(`GET /api/rooms/${room}/audit`, { token: owner });
    for (const secret of [link.secret, token, owner]) expect(text).not.toContain(secret);
  });
});

describe('every route', () => {
  it('knows its methods, and takes only so much', async () => {
    const { ask, owner, room, trade } = await createRoom();
    for (const [request, allowed] of [
      ['PUT links', 'GET or POST'],
      ['POST people', 'GET'],
      ['GET people/ben/role', 'PUT'],
      ['GET revocations', 'POST'],
      ['DELETE settings', 'GET or PUT'],
      ['POST join-requests', 'GET'],
      ['DELETE audit', 'GET'],
      ['PUT proposals', 'GET or POST'],
      ['DELETE tokens', 'POST'],
    ]) {
      const answer = await ask(request ?? '');
      expect([request, answer.status, answer.body['error']]).toEqual([request, 405, 'method-not-allowed']);
      expect(answer.body['explanation']).toBe(`Use ${allowed}.`);
    }
    for (const path of ['', '/', '/nothing', '/links/a/b', '/people/ben', '/../links', '/toString', '/links/']) {
      expect([path, (await relay().ask(`GET /api/rooms/${room}${path}`, { token: owner })).status]).toEqual([
        path,
        404,
      ]);
    }
    const large = { label: 'x'.repeat(17_000), role: 'editor' };
    expect(await ask('POST links', large)).toMatchObject({ status: 413, body: { error: 'too-large' } });
    expect((await trade({ secret: 'x'.repeat(129), name: 'x' })).status).toBe(400);
    expect((await relay().ask('GET /healthz')).status).toBe(200);
  });

  it('says 404 of a room that is gone, whoever has a token for it', async () => {
    const token = await relay().sign({ room: 'gone', role: 'owner' });
    expect(await relay().ask('GET /api/rooms/gone/links', { token })).toMatchObject({
      status: 404,
      body: { error: 'not-found' },
    });
  });
});

describe('the public keys', () => {
  it('are served, and check the tokens of this relay', async () => {
    const { owner } = await createRoom();
    const { status, body } = await relay().ask('GET /.well-known/jwks.json');
    expect(status).toBe(200);
    const keys = body['keys'] as JWK[];
    expect(keys).toHaveLength(1);
    for (const key of keys) expect(key).not.toHaveProperty('d');
    const key = keys.find(({ kid }) => kid === decodeProtectedHeader(owner).kid);
    expect(key).toMatchObject({ kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA' });
    const { payload } = await jwtVerify(owner, await importJWK(key ?? {}), { audience: 'tutti' });
    expect(payload.sub).toBe('ana');
    expect((await relay().ask('POST /.well-known/jwks.json')).status).toBe(405);
  });
});
