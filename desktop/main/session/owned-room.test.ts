import { once } from 'node:events';
import { createServer } from 'node:http';
import { onTestFinished, expect, it } from 'vitest';
import type { TokenResult } from '../../../shared/sync/index.ts';
import { createOwnedRoomTokenSource } from './owned-room.ts';

const UNKNOWN: TokenResult = { kind: 'permanent', explanation: 'Nobody knows the link.', isUnknown: true };
const GRANTED: TokenResult = { kind: 'granted', granted: { token: 't', expiresAtMs: 1 } };

/** Address of a relay that answers everybody who makes a room with this status. */
async function answering(status: number | (() => number)): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(typeof status === 'number' ? status : status(), { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ error: 'x', explanation: 'The relay says so.' }));
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

function obtain(relayUrl: string, operatorToken: string | undefined, granted: TokenResult): Promise<TokenResult> {
  const room = { relayUrl, room: 'r', roomName: 'R', ownerSecret: 's', operatorToken };
  return createOwnedRoomTokenSource({ ...room, granted: { obtain: async () => granted } }).obtain({ isFresh: true });
}

it('says what lets this app make rooms, where it has no operator token or one that is refused', async () => {
  const relayUrl = await answering(401);
  for (const [token, reason] of [
    [undefined, 'does not let this app make rooms'],
    ['wrong', 'refuses the operator token'],
  ] as const) {
    const result = await obtain(relayUrl, token, UNKNOWN);
    expect(result.kind).toBe('permanent');
    const explanation = result.kind === 'permanent' ? result.explanation : '';
    for (const part of [reason, 'TUTTI_OPERATOR_TOKEN', '--create-rooms']) expect(explanation).toContain(part);
  }
});

it('goes on in a room that is there, with a token that ran out or none', async () => {
  const relayUrl = await answering(401);
  expect(await obtain(relayUrl, 'expired', GRANTED)).toEqual(GRANTED);
  expect(await obtain(relayUrl, undefined, GRANTED)).toEqual(GRANTED);
});

it('tells what else the relay says', async () => {
  const explanation = 'The relay says so.';
  expect(await obtain(await answering(409), 'token', UNKNOWN)).toEqual({ kind: 'permanent', explanation });
  expect(await obtain(await answering(503), 'token', UNKNOWN)).toEqual({ kind: 'transient', explanation });
  expect(await obtain(await answering(201), 'token', UNKNOWN)).toEqual(UNKNOWN);
});

it.each([
  [201, 'makes the room again'],
  [401, 'says that it may not make the room again'],
])('when the relay has lost the room and answers %i, it %s', async (answer, _what) => {
  const relay = { status: 201, made: 0 };
  const relayUrl = await answering(() => {
    if (relay.status === 201) relay.made++;
    return relay.status;
  });
  let hasLost = false;
  const granted = { obtain: async () => (hasLost && relay.made < 2 ? UNKNOWN : GRANTED) };
  const room = { relayUrl, room: 'r', roomName: 'R', ownerSecret: 's', operatorToken: 'token' };
  const source = createOwnedRoomTokenSource({ ...room, granted });
  expect(await source.obtain({ isFresh: true })).toEqual(GRANTED);
  hasLost = true;
  relay.status = answer;
  const result = await source.obtain({ isFresh: true });
  if (answer === 201) return expect(result).toEqual(GRANTED);
  expect(result.kind === 'permanent' && result.explanation).toMatch(
    /does not have this room any more.*TUTTI_OPERATOR_TOKEN/,
  );
});
