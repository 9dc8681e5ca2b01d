import { expect } from 'vitest';
import { ACCESS_FEATURE } from '../../shared/protocol/index.ts';
import type { ApiAnswer, ApiRelay } from './api-relay.ts';
import { openWebSocket } from './websocket-client.ts';

let rooms = 0;

/** A room of its own with an owner, and what they and others do with it by HTTP. */
export async function createApiRoom(relay: ApiRelay) {
  const room = `room-${rooms++}`;
  const owner = await relay.createRoom(room);
  const at = `/api/rooms/${room}`;
  /** Asks as the owner, with a path below the room's own. */
  const ask = (request: string, body?: unknown) => {
    const [method = '', path = ''] = request.split(' ');
    return relay.ask(`${method} ${at}/${path}`, { token: owner, body });
  };
  const trade = (body: Record<string, unknown>) => relay.ask(`POST ${at}/tokens`, { body });
  const createLink = async (link: Record<string, unknown> = {}) => {
    const { body } = await ask('POST links', { role: 'editor', ...link });
    return body as { id: string; secret: string; url: string; appUrl: string };
  };
  const comeBy = async (secret: string, more: Record<string, unknown> = {}) => {
    const answer = await trade({ secret, name: 'Ben', ...more });
    expect(answer).toMatchObject({ status: 200, body: { room } });
    return answer.body as { token: string; subject: string; role: string };
  };
  const join = async (token: string) => {
    const joined = await openWebSocket(relay.url, room);
    joined.client.hello(token, undefined, [ACCESS_FEATURE]);
    await joined.until('welcome');
    return joined;
  };
  /** Notes that somebody of whom there is no token was in. */
  const meet = (subject: string) =>
    relay.storage.access.recordVisits([
      {
        key: { tenant: 'default', room },
        members: [
          { subject, name: subject, role: 'editor', linkId: undefined, lineageId: subject, lastSeenMs: Date.now() },
        ],
        events: [],
      },
    ]);
  const auditKinds = async () => listOf(await ask('GET audit'), 'events').map(({ kind }) => kind);
  return { room, owner, ask, trade, createLink, comeBy, join, meet, auditKinds };
}

/** A list in an answer, which must be a good one. */
export function listOf({ status, body }: ApiAnswer, field: string): Record<string, unknown>[] {
  expect(status).toBe(200);
  return body[field] as Record<string, unknown>[];
}
