import { describe, expect, it } from 'vitest';
import { shareApiRelay } from '../../testing/api-relay.ts';
import { createApiRoom, listOf } from '../../testing/api-room.ts';
import { LoggedFiles } from '../../testing/logged-files.ts';

const relay = shareApiRelay();
const createRoom = async () => {
  const made = await createApiRoom(relay());
  const files = new LoggedFiles(relay().storage.log, { tenant: 'default', room: made.room });
  const askAs = (token: string, request: string, body?: unknown) => {
    const [method = '', path = ''] = request.split(' ');
    return relay().ask(`${method} /api/rooms/${made.room}/${path}`, { token, body });
  };
  return { ...made, files, askAs, sign: (wish = {}) => relay().sign({ room: made.room, ...wish }) };
};

let events = 0;
const eventOf = (more: Readonly<Record<string, unknown>> = {}) => ({
  id: `event-number-${String(events++).padStart(6, '0')}`,
  kind: 'bulk',
  label: 'Switched to branch main',
  files: 3,
  atMs: 1_700_000_000_000,
  spans: [{ document: 'some-file', epoch: 'e', fromSeq: 2, toSeq: 5 }],
  ...more,
});

describe('events of a room', () => {
  it('are kept once, under the name in the token, and read by everybody', async () => {
    const { ask, askAs, sign } = await createRoom();
    const ben = await sign({ subject: 'ben', name: 'Ben' });
    const [bulk, blob] = [eventOf(), eventOf({ kind: 'blob', detail: '{"file":"logo"}', files: 1 })];
    const startMs = Date.now();
    expect(await askAs(ben, 'POST events', bulk)).toMatchObject({ status: 201, body: { seq: 1 } });
    expect(await ask('POST events', blob)).toMatchObject({ status: 201, body: { seq: 2 } });
    expect(await askAs(ben, 'POST events', { ...bulk, label: 'Again' })).toMatchObject({
      status: 200,
      body: { seq: 1 },
    });
    for (const role of ['editor', 'commenter', 'viewer'] as const) {
      const answer = await askAs(await sign({ role }), 'GET events');
      expect(answer.body['next']).toBeUndefined();
      const [first, second, ...rest] = listOf(answer, 'events');
      expect(rest).toEqual([]);
      expect(first).toEqual({
        ...blob,
        seq: 2,
        actor: 'ana',
        actorName: 'Ana',
        receivedMs: expect.any(Number) as unknown,
      });
      expect(second).toMatchObject({ ...bulk, seq: 1, detail: '', actor: 'ben', actorName: 'Ben' });
      expect(Number(second?.['receivedMs'])).toBeGreaterThanOrEqual(startMs);
    }
  });

  it('have ids of their own: nobody takes the one of somebody else', async () => {
    const { ask, askAs, sign } = await createRoom();
    const event = eventOf();
    expect((await ask('POST events', event)).status).toBe(201);
    const taken = await askAs(await sign({ subject: 'ben' }), 'POST events', { ...event, label: 'Mine' });
    expect(taken).toMatchObject({ status: 409, body: { error: 'event-exists' } });
    expect(listOf(await ask('GET events'), 'events')).toMatchObject([{ label: event.label, actor: 'ana' }]);
  });

  it('come page by page', async () => {
    const { ask } = await createRoom();
    for (let count = 0; count < 5; count++) await ask('POST events', eventOf());
    const seqs: unknown[] = [];
    let path = 'events?limit=2';
    for (let pages = 0; pages < 4; pages++) {
      const page = await ask(`GET ${path}`);
      seqs.push(listOf(page, 'events').map(({ seq }) => seq));
      const next = page.body['next'];
      if (next === undefined) break;
      path = `events?limit=2&before=${Number(next)}`;
    }
    expect(seqs).toEqual([[5, 4], [3, 2], [1]]);
    expect(await ask('GET events?before=x')).toMatchObject({ status: 400, body: { error: 'invalid-field' } });
  });

  it('come from those alone who may write files, also while somebody presents', async () => {
    const { ask, askAs, sign, meet } = await createRoom();
    for (const role of ['commenter', 'viewer'] as const) {
      const refused = await askAs(await sign({ role }), 'POST events', eventOf());
      expect([role, refused.status, refused.body['error']]).toEqual([role, 403, 'forbidden']);
    }
    const ben = await sign({ subject: 'ben' });
    await meet('ana');
    expect((await ask('PUT settings', { presenter: 'ana' })).status).toBe(204);
    expect((await askAs(ben, 'POST events', eventOf())).status).toBe(201);
    await meet('ben');
    expect((await ask('PUT people/ben/role', { role: 'viewer' })).status).toBe(200);
    expect((await askAs(ben, 'POST events', eventOf())).status).toBe(403);
    expect((await ask('POST revocations', { subject: 'ben' })).status).toBe(204);
    for (const request of ['POST events', 'GET events'])
      expect(await askAs(ben, request, request.startsWith('POST') ? eventOf() : undefined)).toMatchObject({
        status: 403,
        body: { error: 'revoked' },
      });
    expect(listOf(await ask('GET events'), 'events')).toHaveLength(1);
  });

  it('are shown of a part of the files when they are about nothing else, and posted of nothing else', async () => {
    const { ask, askAs, sign, files } = await createRoom();
    const [code, more, plan] = [await files.add('src/a.ts'), await files.add('src/b.ts'), await files.add('plan.md')];
    const about = (...documents: string[]) =>
      documents.map((document) => ({ document, epoch: 'e', fromSeq: 1, toSeq: 1 }));
    const limited = await sign({ subject: 'gil', paths: ['src/**'] });
    const shown = eventOf({ spans: about(code, more) });
    for (const event of [shown, eventOf({ spans: about(code, plan) }), eventOf({ spans: about(code, 'index') })])
      expect((await ask('POST events', event)).status).toBe(201);
    expect(listOf(await askAs(limited, 'GET events'), 'events').map(({ id }) => id)).toEqual([shown.id]);
    const own = eventOf({ spans: about(more) });
    expect((await askAs(limited, 'POST events', own)).status).toBe(201);
    for (const documents of [[plan], [code, plan], ['index'], ['chat'], ['of-nobody']])
      expect([
        documents,
        (await askAs(limited, 'POST events', eventOf({ spans: about(...documents) }))).status,
      ]).toEqual([documents, 403]);
    expect(listOf(await askAs(limited, 'GET events'), 'events').map(({ id }) => id)).toEqual([own.id, shown.id]);
    expect(listOf(await ask('GET events'), 'events')).toHaveLength(4);
  });

  it('are refused when they make no sense, or are too large', async () => {
    const { ask } = await createRoom();
    const span = { document: 'a', epoch: 'e', fromSeq: 1, toSeq: 1 };
    const wrong = [
      { id: 'short' },
      { id: 5 },
      { kind: 'other' },
      { label: '' },
      { label: ' \u3164 ' },
      { label: 'x'.repeat(201) },
      { detail: 'x'.repeat(65_537) },
      { files: -1 },
      { files: 1.5 },
      { atMs: '5' },
      { atMs: 9e15 },
      { spans: [] },
      { spans: 'all' },
      { spans: [null] },
      { spans: [{ ...span, document: '../a' }] },
      { spans: [{ ...span, epoch: '' }] },
      { spans: [{ ...span, fromSeq: 0 }] },
      { spans: [{ ...span, fromSeq: 2 }] },
      { spans: [{ ...span, toSeq: 2 ** 53 }] },
      { spans: [{ ...span, more: 1 }] },
      { spans: Array.from({ length: 20_001 }, () => ({ document: 'a', epoch: 'e', fromSeq: 1, toSeq: 1 })) },
      { actor: 'ben' },
    ];
    for (const more of wrong) {
      const { status, body } = await ask('POST events', eventOf(more));
      const isLarge = JSON.stringify(more).length > 1024 * 1024;
      expect([more, status, body['error']]).toEqual([
        more,
        isLarge ? 413 : 400,
        isLarge ? 'too-large' : 'invalid-field',
      ]);
    }
    expect((await ask('POST events', eventOf({ spans: [{ ...span, document: 'view-x' }] }))).status).toBe(403);
    expect(listOf(await ask('GET events'), 'events')).toEqual([]);
    const label = `x\u202e\n${'y'.repeat(190)}`;
    expect((await ask('POST events', eventOf({ label }))).status).toBe(201);
    expect(listOf(await ask('GET events'), 'events')[0]).toMatchObject({ label: `x ${'y'.repeat(190)}` });
  });
});
