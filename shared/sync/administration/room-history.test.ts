import { describe, expect, it, onTestFinished } from 'vitest';
import { type RelayAnswer, type RelayRequest, RoomChanges, RoomEvents } from './index.ts';

const SPAN = { document: 'a', epoch: 'e', fromSeq: 1, toSeq: 4 };
const EVENT = {
  seq: 7,
  id: 'event-0123456789',
  kind: 'bulk',
  label: 'Switched to branch main',
  detail: '',
  files: 3,
  atMs: 5,
  receivedMs: 6,
  actor: 'ana',
  actorName: 'Ana',
  spans: [SPAN],
};
const PERSON = { subject: 'ana', name: 'Ana', fromMs: 1, toMs: 2 };
const CHANGES = {
  epoch: 'e',
  headSeq: 4,
  throughSeq: 4,
  isCut: false,
  changes: [{ ...PERSON, fromSeq: 2, toSeq: 4, clients: [[9, 0, 5]] }],
};
const CHANGED = { document: 'a', epoch: 'e', headSeq: 4, isCut: false, people: [PERSON] };

function start(...answers: readonly (RelayAnswer | Error)[]) {
  const asked: RelayRequest[] = [];
  const left = [...answers];
  const options = {
    relayUrl: 'https://relay',
    room: 'r',
    tokens: { obtain: async () => ({ kind: 'granted', granted: { token: 't', expiresAtMs: 9 } }) as const },
    send: async (request: RelayRequest) => {
      asked.push(request);
      const answer = left.shift();
      if (!answer || answer instanceof Error) throw answer ?? new Error('asked too often');
      return answer;
    },
  };
  return { events: new RoomEvents(options), changes: new RoomChanges(options), asked };
}

const ok = (body: unknown) => ({ status: 200, body });

describe('events', () => {
  it('are sent as they are, and their labels no longer than may be', async () => {
    const { events, asked } = start({ status: 201, body: { seq: 7 } }, ok({ seq: 7 }));
    const { seq: _seq, receivedMs: _received, actor: _actor, actorName: _name, ...sent } = EVENT;
    const event = { ...sent, kind: 'bulk', spans: [{ ...SPAN, more: 'of the caller' }] } as const;
    let posted = 0;
    const following = events.onDidPost(() => posted++);
    onTestFinished(() => following.dispose());
    expect(await events.post(event)).toEqual({ ok: true, value: 7 });
    expect(posted).toBe(1);
    await events.post({ ...event, label: `${'x'.repeat(199)}😀` });
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST https://relay/api/rooms/r/events',
      'POST https://relay/api/rooms/r/events',
    ]);
    expect(asked.map(({ body }) => body)).toEqual([sent, { ...sent, label: 'x'.repeat(199) }]);
  });

  it('are read page by page, of kinds that are not known yet too', async () => {
    const later = { ...EVENT, seq: 6, kind: 'of a later relay', detail: undefined, extra: 1 };
    const { events, asked } = start(ok({ events: [EVENT, later], next: 6 }), ok({ events: [] }));
    const page = await events.list({ limit: 2 });
    expect(page).toEqual({ ok: true, value: { events: [EVENT, { ...EVENT, seq: 6, kind: later.kind }], next: 6 } });
    expect(await events.list({ before: 6, limit: 2 })).toEqual({ ok: true, value: { events: [], next: undefined } });
    expect(asked.map(({ url }) => url.split('/').at(-1))).toEqual(['events?limit=2', 'events?before=6&limit=2']);
  });

  it('name the documents that they changed, each once, as long as the relay has them', async () => {
    const spans = [SPAN, { ...SPAN, fromSeq: 5, toSeq: 6 }, { ...SPAN, document: 'b' }];
    const { events, asked } = start(ok({ events: [{ ...EVENT, spans }] }), ok({ events: [{ ...EVENT, seq: 6 }] }));
    expect(await events.listDocuments(7)).toEqual({ ok: true, value: ['a', 'b'] });
    expect(await events.listDocuments(7)).toMatchObject({ ok: false, isTransient: false });
    expect(asked.map(({ url }) => url.split('/').at(-1))).toEqual([
      'events?before=8&limit=1',
      'events?before=8&limit=1',
    ]);
  });

  it('are told without their edits to who only reads the labels', async () => {
    const { spans: _spans, ...label } = EVENT;
    const { events } = start(ok({ events: [EVENT], next: 6 }), { status: 503, body: { message: 'no' } });
    expect(await events.listLabels({ limit: 2 })).toEqual({ ok: true, value: { events: [label], next: 6 } });
    expect(await events.listLabels({ limit: 2 })).toMatchObject({ ok: false });
  });

  it.each([
    { events: {} },
    { events: [{ ...EVENT, seq: '7' }] },
    { events: [{ ...EVENT, spans: [{ ...SPAN, toSeq: null }] }] },
    { events: [], next: 'x' },
    '<html>',
    undefined,
  ])('are not taken from what is no relay: %j', async (body) => {
    const outcome = await start(ok(body)).events.list({ limit: 1 });
    expect(outcome).toMatchObject({ ok: false, isTransient: false });
  });

  it('say whether sending them again can help', async () => {
    const { events } = start(
      new Error('ECONNREFUSED'),
      { status: 503, body: undefined },
      { status: 403, body: { error: 'forbidden', explanation: 'Your role may not.' } },
    );
    const outcomes = [];
    for (let times = 0; times < 3; times++) outcomes.push(await events.post({ ...EVENT, kind: 'bulk' }));
    expect(outcomes.map((outcome) => !outcome.ok && outcome.isTransient)).toEqual([true, true, false]);
    expect(outcomes[2]).toMatchObject({ explanation: 'Your role may not.' });
  });
});

describe('changes', () => {
  it('of a document are asked for and read', async () => {
    const { changes, asked } = start(ok(CHANGES));
    expect(await changes.read({ document: 'a', epoch: 'e', afterSeq: 1 })).toEqual({ ok: true, value: CHANGES });
    expect(asked[0]?.url).toBe('https://relay/api/rooms/r/changes/a?epoch=e&after=1');
  });

  it('of a document are told with what was deleted, on request', async () => {
    const told = { ...CHANGES, changes: CHANGES.changes.map((run) => ({ ...run, deleted: [[9, 2, 3]] })) };
    const { changes, asked } = start(ok(told));
    const outcome = await changes.read({ document: 'a', epoch: 'e', afterSeq: 1, withDeletions: true });
    expect(outcome).toEqual({ ok: true, value: told });
    expect(asked[0]?.url).toBe('https://relay/api/rooms/r/changes/a?epoch=e&after=1&deletions=true');
  });

  it.each([
    { ...CHANGES, isCut: 0 },
    { ...CHANGES, changes: [{ ...PERSON, fromSeq: 2, toSeq: 4, clients: [[9, 0]] }] },
    { ...CHANGES, changes: [{ ...PERSON, fromSeq: 2, toSeq: 4, clients: [[9, 5, 5]] }] },
    { ...CHANGES, changes: [{ ...PERSON, fromSeq: 2, toSeq: 4, clients: [[-1, 0, 5]] }] },
    { ...CHANGES, changes: [{ fromSeq: 2, toSeq: 4, clients: [] }] },
    { ...CHANGES, changes: [{ ...PERSON, fromSeq: 2, toSeq: 4, clients: [], deleted: [[9, 2]] }] },
    null,
  ])('are not taken from what is no relay: %j', async (body) => {
    const outcome = await start(ok(body)).changes.read({ document: 'a', epoch: 'e', afterSeq: 0 });
    expect(outcome).toMatchObject({ ok: false, isTransient: false });
  });

  it('of many documents are asked for until all were looked at', async () => {
    const wanted = Array.from({ length: 5_001 }, (_, index) => ({
      document: `d${index}`,
      epoch: 'e',
      afterSeq: index,
    }));
    const { changes, asked } = start(
      ok({ documents: [CHANGED], looked: 500 }),
      ok({ documents: [], looked: 4_500 }),
      ok({ documents: [{ ...CHANGED, document: 'b' }], looked: 1 }),
    );
    expect(await changes.readAll(wanted)).toEqual({ ok: true, value: [CHANGED, { ...CHANGED, document: 'b' }] });
    const first = asked.map(({ body }) => JSON.parse(JSON.stringify(body)) as { documents: unknown[] });
    expect(first.map(({ documents }) => [documents.length, documents[0]])).toEqual([
      [5_000, { document: 'd0', epoch: 'e', after: 0 }],
      [4_501, { document: 'd500', epoch: 'e', after: 500 }],
      [1, { document: 'd5000', epoch: 'e', after: 5_000 }],
    ]);
    expect(await start().changes.readAll([])).toEqual({ ok: true, value: [] });
  });

  it.each([0, 2, 0.5, 'x'])('are not asked for ever when %j were looked at of one', async (looked) => {
    const { changes, asked } = start(ok({ documents: [], looked }));
    const outcome = await changes.readAll([{ document: 'a', epoch: 'e', afterSeq: 0 }]);
    expect([outcome.ok, asked.length]).toEqual([false, 1]);
  });

  it('of many are none when one question fails', async () => {
    const { changes } = start(ok({ documents: [CHANGED], looked: 1 }), { status: 503, body: undefined });
    const wanted = ['a', 'b'].map((document) => ({ document, epoch: 'e', afterSeq: 0 }));
    expect(await changes.readAll(wanted)).toMatchObject({ ok: false, isTransient: true });
  });
});
