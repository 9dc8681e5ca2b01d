import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { shareApiRelay } from '../../testing/api-relay.ts';
import { createApiRoom, listOf } from '../../testing/api-room.ts';

const relay = shareApiRelay();
const createRoom = () => createApiRoom(relay());

function insertion(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

function encoded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

describe('proposals', () => {
  async function revoked(link: Record<string, unknown> = {}) {
    const world = await createRoom();
    const { secret } = await world.createLink(link);
    const ben = await world.comeBy(secret);
    const propose = (body: Record<string, unknown> = {}) =>
      relay().ask(`POST /api/rooms/${world.room}/proposals`, {
        body: { token: ben.token, document: 'file', update: encoded(insertion('offline')), ...body },
      });
    return { ...world, ben, propose };
  }

  it('of a person whose access was taken back wait for an owner, who applies or drops them', async () => {
    const { ask, ben, propose, room, auditKinds, owner, join } = await revoked();
    const ana = await join(owner);
    expect(await propose()).toMatchObject({ status: 409, body: { error: 'proposal-not-revoked' } });
    await ask('POST revocations', { subject: ben.subject });
    await ana.until('access', ({ version }) => version > 0);
    const before = ana.client.last('access').version;
    const update = insertion('offline');
    const kept = await propose({ update: encoded(update) });
    expect(await propose({ update: encoded(update) })).toMatchObject({ status: 201, body: kept.body });
    expect(kept).toMatchObject({ status: 201, body: { id: expect.any(String) as unknown, state: 'open' } });
    await ana.until('access', ({ version }) => version > before);
    const id = String(kept.body['id']);
    expect(listOf(await ask('GET proposals'), 'proposals')).toEqual([
      {
        id,
        subject: ben.subject,
        name: 'Ben',
        document: 'file',
        createdAtMs: expect.any(Number) as unknown,
        bytes: update.byteLength,
      },
    ]);
    const { bytes, headers } = await ask(`GET proposals/${id}`);
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    const doc = new Y.Doc();
    Y.applyUpdate(doc, bytes);
    expect(doc.getText('content').toString()).toBe('offline');
    expect((await ask('GET proposals/unknown')).status).toBe(404);
    expect((await ask('POST proposals/unknown', { state: 'applied' })).status).toBe(404);
    expect((await ask(`POST proposals/${id}`, { state: 'open' })).status).toBe(400);
    expect((await ask(`POST proposals/${id}`, { state: 'applied' })).status).toBe(204);
    expect((await ask(`POST proposals/${id}`, { state: 'dropped' })).status).toBe(404);
    expect((await ask(`GET proposals/${id}`)).status).toBe(404);
    expect(listOf(await ask('GET proposals'), 'proposals')).toEqual([]);
    expect(await auditKinds()).toEqual(expect.arrayContaining(['proposal-received', 'proposal-applied']));
    for (const request of [`GET /api/rooms/${room}/proposals`, `GET /api/rooms/${room}/proposals/${id}`]) {
      expect(await relay().ask(request, { token: ben.token })).toMatchObject({
        status: 403,
        body: { error: 'revoked' },
      });
    }
  });

  it('are taken with a token that has expired since, not with one of long ago', async () => {
    const { ask, meet, propose, room } = await revoked();
    await meet('old');
    await ask('POST revocations', { subject: 'old' });
    const day = 24 * 3_600_000;
    const sign = (daysAgo: number) => relay().sign({ room, subject: 'old', expiresAtMs: Date.now() - daysAgo * day });
    expect((await propose({ token: await sign(2) })).status).toBe(201);
    expect(await propose({ token: await sign(31) })).toMatchObject({
      status: 401,
      body: { error: 'proposal-unauthenticated' },
    });
  });

  it('that owners have dropped, or applied, are not new when they come again', async () => {
    const { ask, ben, propose, room } = await revoked();
    const versions = () => relay().storage.access.readVersions([{ tenant: 'default', room }]);
    await ask('POST revocations', { subject: ben.subject });
    for (const state of ['dropped', 'applied']) {
      const update = encoded(insertion(state));
      const { body } = await propose({ update });
      expect((await ask(`POST proposals/${String(body['id'])}`, { state })).status).toBe(204);
      const before = await versions();
      for (let count = 0; count < 3; count++)
        expect(await propose({ update })).toMatchObject({ status: 200, body: { id: body['id'], state } });
      // Nobody is told of it.
      expect(await versions()).toEqual(before);
    }
    expect(listOf(await ask('GET proposals'), 'proposals')).toEqual([]);
    const noted = listOf(await ask('GET audit'), 'events').filter(({ kind }) =>
      /-(dropped|applied)$/.test(String(kind)),
    );
    expect(noted.map(({ kind, detail }) => [kind, detail])).toEqual([
      ['proposal-applied', 'Ben: file'],
      ['proposal-dropped', 'Ben: file'],
    ]);
  });

  it('of somebody whose link has expired while they were away are taken; who may still come in joins', async () => {
    const { ask, room, createLink } = await createRoom();
    const [expired, lasting] = [await createLink({ expiresInSeconds: 1 }), await createLink()];
    const propose = async (linkId: string, expiresAtMs: number, more: Record<string, unknown> = {}) => {
      const token = await relay().sign({ room, subject: 'ben', name: 'Ben', linkId, expiresAtMs, ...more });
      const body = { token, document: 'file', update: encoded(insertion('offline')) };
      return relay().ask(`POST /api/rooms/${room}/proposals`, { body });
    };
    const [past, future] = [Date.now() - 60_000, Date.now() + 60_000];
    expect(await propose(expired.id, past)).toMatchObject({ status: 409, body: { error: 'proposal-not-revoked' } });
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    expect(await propose(expired.id, past)).toMatchObject({ status: 201, body: { state: 'open' } });
    expect(await propose(expired.id, past, { role: 'viewer' })).toMatchObject({ status: 403 });
    expect(await propose(expired.id, future)).toMatchObject({ status: 409 });
    expect(await propose(lasting.id, past)).toMatchObject({ status: 409 });
    expect(listOf(await ask('GET proposals'), 'proposals')).toMatchObject([{ subject: 'ben', name: 'Ben' }]);
  });

  it('are refused from anybody else, and when they are none', async () => {
    const { ask, ben, meet, propose, room } = await revoked();
    await ask('POST revocations', { subject: ben.subject });
    await meet('viewer');
    await ask('POST revocations', { subject: 'viewer' });
    const elsewhere = await createRoom();
    const cases: [number, string, Record<string, unknown>][] = [
      [401, 'proposal-unauthenticated', { token: 'a.b.c' }],
      [401, 'proposal-unauthenticated', { token: `${ben.token.slice(0, -6)}AAAAAA` }],
      [401, 'proposal-unauthenticated', { token: await relay().sign({ room: elsewhere.room, subject: ben.subject }) }],
      [401, 'proposal-unauthenticated', { token: await relay().authority.signOperatorToken(Date.now() + 60_000) }],
      [409, 'proposal-not-revoked', { token: await relay().sign({ room, tenant: 'other', subject: ben.subject }) }],
      [409, 'proposal-not-revoked', { token: await relay().sign({ room, subject: 'cleo' }) }],
      [403, 'proposal-read-only', { token: await relay().sign({ room, subject: 'viewer', role: 'viewer' }) }],
      [
        403,
        'proposal-read-only',
        { token: await relay().sign({ room, subject: ben.subject, paths: ['src/**'] }), document: 'index' },
      ],
      [400, 'proposal-malformed', { update: encoded(new Uint8Array([1, 2, 3])) }],
      [400, 'invalid-field', { update: 'not base64!' }],
      [400, 'invalid-field', { document: 'a/b' }],
      [400, 'invalid-field', { more: 1 }],
      [413, 'proposal-too-large', { update: encoded(new Uint8Array(1024 * 1024 + 1)) }],
      [413, 'too-large', { update: encoded(new Uint8Array(2 * 1024 * 1024)) }],
    ];
    for (const [status, error, body] of cases) {
      const answer = await propose(body);
      expect([error, answer.status, answer.body['error']]).toEqual([error, status, error]);
      expect(String(answer.body['explanation']).length).toBeGreaterThan(10);
    }
    expect(listOf(await ask('GET proposals'), 'proposals')).toEqual([]);
  });

  it('for a part of the files are taken for those files alone, and the chat', async () => {
    const { ask, join, meet, owner, propose, room } = await revoked();
    const index = new Y.Doc();
    const files = new WorkspaceIndex(index, { random: Math.random, nowMs: Date.now });
    const [code = '', plan = ''] = files.add(
      ['src/a.ts', 'secret/plan.md'].map((path) => ({ path, eol: 'LF', bom: false, kind: 'text' })),
    );
    files.dispose();
    const ana = await join(owner);
    ana.client.open(1, 'index');
    ana.client.update(1, 1, Y.encodeStateAsUpdate(index));
    await ana.until('ack');
    await meet('part');
    await ask('POST revocations', { subject: 'part' });
    const token = await relay().sign({ room, subject: 'part', paths: ['src/**'] });
    const answers = [];
    for (const document of [code, plan, 'unlisted', 'index', 'comments', 'chat'])
      answers.push((await propose({ token, document })).status);
    expect(answers).toEqual([201, 403, 403, 403, 403, 201]);
  });

  it('are at most 50 and 4 MiB of one person', async () => {
    const { ask, ben, propose } = await revoked();
    await ask('POST revocations', { subject: ben.subject });
    for (let count = 0; count < 50; count++) expect((await propose()).status).toBe(201);
    expect(await propose()).toMatchObject({ status: 429, body: { error: 'proposal-too-many' } });
    // Nobody looks into what would not be taken anyway.
    expect((await propose({ update: encoded(new Uint8Array([1, 2, 3])) })).status).toBe(429);
    const big = await revoked();
    await big.ask('POST revocations', { subject: big.ben.subject });
    const propose1MiB = () => big.propose({ update: encoded(insertion('x'.repeat(1024 * 1024 - 100))) });
    for (let count = 0; count < 4; count++) expect((await propose1MiB()).status).toBe(201);
    expect((await propose1MiB()).status).toBe(429);
    const [first] = listOf(await big.ask('GET proposals'), 'proposals');
    await big.ask(`POST proposals/${String(first?.['id'])}`, { state: 'dropped' });
    expect((await propose1MiB()).status).toBe(201);
  });
});
