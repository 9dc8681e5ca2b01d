import { describe, expect, it } from 'vitest';
import { MemoryLinkSecrets, RoomAdministration, RoomLinks, type RelayAnswer, type RelayRequest } from './index.ts';

const LINK = { id: 'l1', role: 'editor', createdAtMs: 5, uses: 0, needsApproval: false, label: 'a' };

function start(...answers: readonly (RelayAnswer | Error)[]) {
  const asked: RelayRequest[] = [];
  const fresh: boolean[] = [];
  const left = [...answers];
  const administration = new RoomAdministration({
    relayUrl: 'https://relay',
    room: 'r',
    tokens: {
      obtain: async ({ isFresh }) => {
        fresh.push(isFresh);
        return { kind: 'granted', granted: { token: isFresh ? 'fresh' : 'kept', expiresAtMs: 9 } };
      },
    },
    send: async (request) => {
      asked.push(request);
      const answer = left.shift();
      if (!answer || answer instanceof Error) throw answer ?? new Error('asked too often');
      return answer;
    },
  });
  return { administration, asked, fresh };
}

describe('what owners ask of the relay', () => {
  it('is sent with the token of the room, and read back', async () => {
    const { administration, asked } = start({ status: 200, body: { links: [{ ...LINK, maxUses: 3, extra: 1 }] } });
    const listed = await administration.listLinks();
    expect(asked).toEqual([
      { method: 'GET', url: 'https://relay/api/rooms/r/links', bearerToken: 'kept', answerAs: 'json' },
    ]);
    expect(listed).toMatchObject({ ok: true, value: [{ linkId: 'l1', maxUses: 3, expiresAtMs: undefined }] });
  });

  it('names people, sessions and links as the relay does', async () => {
    const done = { status: 204, body: undefined };
    const { administration, asked } = start(done, done, done, done, done, done, done);
    await administration.revoke({ kind: 'person', subject: 's' });
    await administration.revoke({ kind: 'session', sessionId: 'l' });
    await administration.revoke({ kind: 'all' });
    await administration.revoke({ kind: 'link', linkId: 'a/b' });
    await administration.setRole('s#1', undefined);
    await administration.writeSettings({ presenter: null, chat: 'editors' });
    await administration.writeSettings({ chat: 'everyone' });
    expect(
      asked.map(({ method, url, body }) => [method, url.slice('https://relay/api/rooms/r/'.length), body]),
    ).toEqual([
      ['POST', 'revocations', { subject: 's' }],
      ['POST', 'revocations', { session: 'l' }],
      ['POST', 'revocations', { all: true }],
      ['DELETE', 'links/a%2Fb', undefined],
      ['PUT', 'people/s%231/role', { role: null }],
      ['PUT', 'settings', { presenter: null, chat: 'editors' }],
      ['PUT', 'settings', { chat: 'everyone' }],
    ]);
  });

  it('has people page by page', async () => {
    const ana = {
      subject: 'a',
      name: 'Ana',
      role: 'owner',
      firstSeenMs: 1,
      lastSeenMs: 2,
      isRevoked: false,
      sessions: [],
    };
    const pages = [
      { people: [ana], next: '2.x y' },
      { people: [], linkLabel: 'of a later relay' },
      { people: [{ ...ana, name: 5 }] },
    ];
    const { administration, asked } = start(...pages.map((body) => ({ status: 200, body })));
    const first = await administration.listPeople();
    expect(first).toMatchObject({ ok: true, value: { people: [{ subject: 'a' }], next: '2.x y' } });
    expect(await administration.listPeople('2.x y')).toEqual({ ok: true, value: { people: [], next: undefined } });
    expect(await administration.listPeople()).toMatchObject({ ok: false });
    expect(asked.map(({ url }) => url.slice('https://relay/api/rooms/r/'.length))).toEqual([
      'people',
      'people?after=2.x%20y',
      'people',
    ]);
  });

  it('says which links a change of a role has closed, and why a link is closed', async () => {
    const closed = { closedLinks: [{ id: 'l1', role: 'editor', label: 'Class' }] };
    const links = [
      { ...LINK, closedAtMs: 5, closedReason: 'role-lowered' },
      { ...LINK, closedAtMs: 5, closedReason: 'of a later relay' },
      LINK,
    ];
    const { administration } = start(
      { status: 200, body: closed },
      { status: 204, body: undefined },
      { status: 200, body: { closedLinks: [{ id: 5 }] } },
      { status: 200, body: { links } },
    );
    const expected = [{ linkId: 'l1', role: 'editor', label: 'Class' }];
    expect(await administration.setRole('s', 'viewer')).toEqual({ ok: true, value: expected });
    // Relays of before say nothing of it.
    expect(await administration.setRole('s', 'viewer')).toEqual({ ok: true, value: [] });
    expect(await administration.setRole('s', 'viewer')).toMatchObject({ ok: false });
    const listed = await administration.listLinks();
    const reasons = listed.ok ? listed.value.map(({ closedReason }) => closedReason) : listed;
    expect(reasons).toEqual(['role-lowered', undefined, undefined]);
  });

  it('is asked once more with a fresh token when the relay does not take the one that is there', async () => {
    const { administration, fresh } = start({ status: 401, body: {} }, { status: 204, body: undefined });
    expect(await administration.revoke({ kind: 'all' })).toEqual({ ok: true, value: true });
    expect(fresh).toEqual([false, true]);
  });

  it.each([
    [new Error('ECONNREFUSED'), /cannot be reached \(ECONNREFUSED\)/],
    [{ status: 403, body: { error: 'forbidden', explanation: 'Only an owner can do this.' } }, /^Only an owner/],
    [{ status: 500, body: undefined }, /HTTP status 500/],
    [{ status: 200, body: { links: [{ ...LINK, role: 'king' }] } }, /not a Tutti relay/],
    [{ status: 200, body: { links: [{ ...LINK, uses: '0' }] } }, /not a Tutti relay/],
    [{ status: 200, body: '<html>' }, /not a Tutti relay/],
  ])('ends with words for the person on %j', async (answer, words) => {
    const outcome = await start(answer).administration.listLinks();
    expect(outcome.ok ? '' : outcome.explanation).toMatch(words);
  });
});

describe('links', () => {
  it('can be copied again on the device that made them, until they are revoked', async () => {
    const secret = 'abcdefghijklmnopqrstuvwx';
    const { administration } = start(
      { status: 201, body: { id: 'l1', secret } },
      { status: 200, body: { links: [LINK, { ...LINK, id: 'l2' }] } },
      { status: 200, body: { links: [{ ...LINK, revokedAtMs: 7 }] } },
    );
    const secrets = new MemoryLinkSecrets();
    const links = new RoomLinks({ relayUrl: 'https://relay', room: 'r', administration, secrets });
    const forms = {
      url: `https://relay/join/r#${secret}`,
      appUrl: `tutti://join?relay=https%3A%2F%2Frelay&room=r#${secret}`,
    };
    expect(await links.create({ role: 'editor' })).toEqual({ ok: true, value: forms });
    expect(links.read('l1')).toEqual({ ok: true, value: forms });
    const before = await links.list();
    expect(before.ok && before.value.map(({ isCopyable }) => isCopyable)).toEqual([true, false]);
    const after = await links.list();
    expect(after.ok && after.value.map(({ isCopyable }) => isCopyable)).toEqual([false]);
    const gone = links.read('l1');
    expect(gone.ok ? '' : gone.explanation).toMatch(/device that made/);
  });
});
