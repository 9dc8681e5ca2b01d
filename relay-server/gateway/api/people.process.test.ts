import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { type ApiAnswer, shareApiRelay } from '../../testing/api-relay.ts';
import { createApiRoom, listOf } from '../../testing/api-room.ts';

const relay = shareApiRelay();
const createRoom = () => createApiRoom(relay());

describe('people', () => {
  it('are listed with their sessions, and come again as the same by an earlier token', async () => {
    const { ask, createLink, comeBy, join } = await createRoom();
    const link = await createLink({ role: 'commenter', label: 'Team' });
    const first = await comeBy(link.secret);
    const again = await comeBy(link.secret, { previousToken: first.token });
    expect(again.subject).toBe(first.subject);
    await join(again.token);
    await expect
      .poll(async () => listOf(await ask('GET people'), 'people'))
      .toEqual([
        {
          subject: first.subject,
          name: 'Ben',
          role: 'commenter',
          linkId: link.id,
          linkLabel: 'Team',
          firstSeenMs: expect.any(Number) as unknown,
          lastSeenMs: expect.any(Number) as unknown,
          isConnected: true,
          isRevoked: false,
          sessions: [
            { id: expect.any(String) as unknown, lastSeenMs: expect.any(Number) as unknown, isRevoked: false },
          ],
        },
      ]);
  });

  it('get another role at once, which is theirs also by their next token, and lose it again', async () => {
    const { ask, createLink, comeBy, join, room } = await createRoom();
    const link = await createLink({ role: 'viewer' });
    const ben = await comeBy(link.secret);
    const socket = await join(ben.token);
    const answer = await ask(`PUT people/${ben.subject}/role`, { role: 'owner' });
    expect([answer.status, answer.body]).toEqual([200, { closedLinks: [] }]);
    await socket.until('access', ({ role }) => role === 'owner');
    const links = `GET /api/rooms/${room}/links`;
    expect((await relay().ask(links, { token: ben.token })).status).toBe(200);
    expect(
      (await relay().ask(links, { token: (await comeBy(link.secret, { previousToken: ben.token })).token })).status,
    ).toBe(200);
    // Everybody but owners, of whom they are one.
    const all = { token: ben.token, body: { all: true } };
    expect((await relay().ask(`POST /api/rooms/${room}/revocations`, all)).status).toBe(204);
    expect((await relay().ask(links, { token: ben.token })).status).toBe(200);
    expect((await ask(`PUT people/${ben.subject}/role`, { role: null })).status).toBe(200);
    expect(await socket.closed).toBe(4403);
    expect(await relay().ask(links, { token: ben.token })).toMatchObject({ status: 403, body: { error: 'revoked' } });
  });

  it('are all found, page by page, however many took a token and never came', async () => {
    const { ask, createLink, comeBy, join, owner, room } = await createRoom();
    const { secret } = await createLink({ role: 'viewer' });
    const ben = await comeBy(secret);
    await Promise.all([join(owner), join(ben.token)]);
    await expect
      .poll(async () => listOf(await ask('GET people'), 'people').map(({ isConnected }) => isConnected))
      .toEqual([true, true]);
    const members = Array.from({ length: 1_100 }, (_, index) => {
      const subject = `bot-${index}`;
      const lastSeenMs = Date.now() + 1_000 + index;
      return { subject, name: 'Bot', role: 'viewer', linkId: 'l', lineageId: subject, lastSeenMs } as const;
    });
    await relay().storage.access.recordVisits([{ key: { tenant: 'default', room }, members, events: [] }]);
    const seen = new Set<unknown>();
    let next: string | undefined;
    const sizes = [];
    do {
      const page: ApiAnswer = await ask(`GET people${next === undefined ? '' : `?after=${encodeURIComponent(next)}`}`);
      const people = listOf(page, 'people');
      if (sizes.length === 0)
        expect(people.slice(0, 2).map(({ subject, role }) => [subject, role])).toEqual([
          ['ana', 'owner'],
          [ben.subject, 'viewer'],
        ]);
      for (const { subject } of people) seen.add(subject);
      sizes.push(people.length);
      next = page.body['next'] as string | undefined;
    } while (next !== undefined);
    expect([seen.size, sizes]).toEqual([1_102, [1_000, 104]]);
    expect(listOf(await ask('GET people?limit=2'), 'people')).toHaveLength(2);
    for (const query of ['limit=0', 'limit=x', 'after=x', 'after=1', 'after=-1.a', `after=1.${'x'.repeat(129)}`])
      expect([query, (await ask(`GET people?${query}`)).status]).toEqual([query, 400]);
  });

  it('of a lower role cannot come back by their link, which is said, and stays closed', async () => {
    const { ask, createLink, comeBy, trade, join, auditKinds } = await createRoom();
    const link = await createLink({ label: 'Class' });
    const ben = await comeBy(link.secret);
    await join(ben.token);
    await expect.poll(auditKinds).toEqual(['joined', 'link-created']);
    const lowered = await ask(`PUT people/${ben.subject}/role`, { role: 'viewer' });
    expect([lowered.status, lowered.body]).toEqual([
      200,
      { closedLinks: [{ id: link.id, role: 'editor', label: 'Class' }] },
    ]);
    const raised = await ask(`PUT people/${ben.subject}/role`, { role: 'editor' });
    expect(raised.body).toEqual({ closedLinks: [] });
    expect(await trade({ secret: link.secret, name: 'Cleo' })).toMatchObject({ body: { error: 'link-closed' } });
    expect(listOf(await ask('GET links'), 'links')).toMatchObject([
      { id: link.id, closedAtMs: expect.any(Number) as unknown, closedReason: 'role-lowered' },
    ]);
    const events = listOf(await ask('GET audit'), 'events').map(({ kind, target, detail }) => [kind, target, detail]);
    expect(events).toEqual([
      ['role-changed', ben.subject, 'Ben: viewer → editor'],
      ['link-closed', link.id, 'editor, Class: the role of somebody who came by it was lowered'],
      ['role-changed', ben.subject, 'Ben: editor → viewer'],
      ['joined', expect.any(String) as unknown, `editor, by the link Class (${link.id})`],
      ['link-created', link.id, 'editor, Class'],
    ]);
    // What they are now is what their next token says.
    const again = await comeBy(link.secret, { previousToken: ben.token });
    expect([again.role, decodeJwt(again.token)['role']]).toEqual(['editor', 'editor']);
    await ask(`PUT people/${ben.subject}/role`, { role: 'commenter' });
    const later = await comeBy(link.secret, { previousToken: again.token });
    expect([later.role, decodeJwt(later.token)['role']]).toEqual(['commenter', 'commenter']);
  });

  it('are refused other roles than there are, and nobody changes their own', async () => {
    const { ask } = await createRoom();
    expect(await ask('PUT people/ben/role', { role: 'god' })).toMatchObject({ status: 400 });
    expect(await ask('PUT people/ben/role', { role: 'viewer', more: 1 })).toMatchObject({ status: 400 });
    expect(await ask('PUT people/ana/role', { role: 'viewer' })).toMatchObject({
      status: 409,
      body: { error: 'own-access' },
    });
    expect(await ask(`PUT people/${'x'.repeat(129)}/role`, { role: 'viewer' })).toMatchObject({ status: 404 });
    expect((await ask('PUT people/ben/role/more', { role: 'viewer' })).status).toBe(404);
  });
});
