import { describe, expect, it } from 'vitest';
import { ManualScheduler } from '../testing/manual-scheduler.ts';
import { LinkTokenSource } from './link-token-source.ts';

const RELAY = 'https://relay.test/base';

function createSource(answers: readonly ({ status: number; body: unknown } | Error)[]) {
  const scheduler = new ManualScheduler();
  const requests: { url: string; body: unknown }[] = [];
  const remaining = [...answers];
  const source = new LinkTokenSource({
    relayUrl: RELAY,
    room: 'room',
    secret: 'secret-secret-secret',
    name: 'Ada',
    scheduler,
    postJson: async (url, body) => {
      requests.push({ url, body });
      const answer = remaining.shift();
      if (!answer || answer instanceof Error) throw answer ?? new Error('one request too many');
      return answer;
    },
  });
  return { source, scheduler, requests };
}

function grant(token: string, nowMs = 1000) {
  const body = { token, nowMs, expiresAtMs: nowMs + 600_000, role: 'editor', subject: 's1', room: 'room' };
  return { status: 200, body };
}

describe('LinkTokenSource', () => {
  it('trades the link, keeps the token while it lasts, and stays the same subject', async () => {
    const { source, scheduler, requests } = createSource([grant('t1'), grant('t2'), grant('t3')]);
    const first = await source.obtain({ isFresh: false });
    expect(first).toMatchObject({ kind: 'granted', granted: { token: 't1', expiresAtMs: scheduler.now() + 600_000 } });
    expect(source.grant).toMatchObject({ role: 'editor', subject: 's1' });
    await source.obtain({ isFresh: false });
    expect(requests).toEqual([
      { url: `${RELAY}/api/rooms/room/tokens`, body: { secret: 'secret-secret-secret', name: 'Ada' } },
    ]);
    await source.obtain({ isFresh: true });
    scheduler.advance(580_000);
    expect(await source.obtain({ isFresh: false })).toMatchObject({ granted: { token: 't3' } });
    expect(requests.map(({ body }) => body)).toMatchObject([{}, { previousToken: 't1' }, { previousToken: 't2' }]);
  });

  it('trades at once for a token of another name, as the same subject', async () => {
    const { source, requests } = createSource([grant('t1'), new Error('offline'), grant('t2')]);
    await source.obtain({ isFresh: false });
    source.rename('Ana');
    expect(await source.obtain({ isFresh: false })).toMatchObject({ kind: 'transient' });
    expect(await source.obtain({ isFresh: false })).toMatchObject({ granted: { token: 't2' } });
    expect(await source.obtain({ isFresh: false })).toMatchObject({ granted: { token: 't2' } });
    expect(requests.map(({ body }) => body)).toMatchObject([
      { name: 'Ada' },
      { name: 'Ana', previousToken: 't1' },
      { name: 'Ana', previousToken: 't1' },
    ]);
  });

  it('lets a person come anew whose session was ended, when they ask, and never by itself', async () => {
    const ended = { status: 403, body: { explanation: 'This session was ended.' } };
    const { source, requests } = createSource([grant('t1'), ended, ended, grant('t2')]);
    await source.obtain({ isFresh: false });
    expect(await source.obtain({ isFresh: true })).toMatchObject({ kind: 'permanent' });
    expect(requests).toHaveLength(2);
    expect(await source.join()).toMatchObject({ kind: 'granted', granted: { token: 't2' } });
    const link = { secret: 'secret-secret-secret', name: 'Ada' };
    const again = { ...link, previousToken: 't1' };
    expect(requests.map(({ body }) => body)).toEqual([link, again, again, link]);
  });

  it('tells a person who was removed so, and keeps who they are', async () => {
    const removed = { status: 403, body: { explanation: 'Your access was taken back.' } };
    const closed = { status: 403, body: { explanation: 'Nobody new can come by this link.' } };
    const { source, requests } = createSource([grant('t1'), removed, closed, removed]);
    await source.obtain({ isFresh: false });
    expect(await source.join()).toEqual({ kind: 'permanent', explanation: 'Your access was taken back.' });
    await source.obtain({ isFresh: true });
    expect(requests.at(-1)?.body).toMatchObject({ previousToken: 't1' });
  });

  it.each([
    ['the relay is away', new Error('ECONNREFUSED'), 'transient', 'No Tutti relay answers'],
    ['the relay is busy', { status: 503, body: undefined }, 'transient', 'busy'],
    ['there were too many tries', { status: 429, body: { explanation: 'Slow down.' } }, 'transient', 'Slow down.'],
    [
      'the link is revoked',
      { status: 403, body: { error: 'revoked', explanation: 'Revoked.' } },
      'permanent',
      'Revoked.',
    ],
    ['something else answers', { status: 404, body: '<html>' }, 'permanent', 'does not accept the link'],
    ['the answer is no grant', { status: 200, body: { token: 1 } }, 'permanent', 'not a Tutti relay'],
    [
      'the grant is for another room',
      { ...grant('t'), body: { ...grant('t').body, room: 'other' } },
      'permanent',
      'not a Tutti',
    ],
  ])('explains when %s', async (_what, answer, kind, words) => {
    const { source } = createSource([answer]);
    const result = await source.obtain({ isFresh: false });
    expect(result.kind).toBe(kind);
    expect(result).toHaveProperty('explanation', expect.stringContaining(words));
  });
});
