import { once } from 'node:events';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import * as Y from 'yjs';
import {
  type ClientMessage,
  clientMessageCodec,
  DIGEST_FEATURE,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
} from '../shared/protocol/index.ts';
import { shareApiRelay } from './testing/api-relay.ts';
import { openWebSocket, type WebSocketClient } from './testing/websocket-client.ts';
import { createWorthlessTokens, WORTHLESS, type Worthless } from './testing/worthless-tokens.ts';
import {
  encodeAwareness,
  encodeSyncStep1,
  encodeSyncStep2,
  encodeUpdate,
  type YMessage,
} from './yjs-compat/y-message.ts';

const CLOSE_CODES: Readonly<Record<Worthless, number>> = {
  'of another tenant': 4404,
  'of another room': 4401,
  expired: 4401,
  revoked: 4403,
  'of another relay': 4401,
  'of an operator': 4401,
  damaged: 4401,
};
const HASH = new Uint8Array(16).fill(7);
const SESSION = 'session-of-somebody-01';
const WRITTEN = 'what was there';

function insertion(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

const UPDATE: ClientMessage = { type: 'update', handle: 1, clientSeq: 1, payload: insertion('not allowed') };

function helloWith(token: string): ClientMessage {
  const [version, oldestVersion] = [PROTOCOL_VERSION, OLDEST_PROTOCOL_VERSION];
  return { type: 'hello', version, oldestVersion, token, sessionId: SESSION, client: 'test', features: [] };
}

function inChunk(message: ClientMessage): ClientMessage {
  const payload = clientMessageCodec.encode(message);
  return { type: 'chunk', stream: 0, totalBytes: payload.byteLength, offset: 0, payload };
}

/** Everything that a client may send, with `token` where there is one. */
function everyMessage(token: string): Readonly<Record<ClientMessage['type'], ClientMessage>> {
  return {
    hello: helloWith(token),
    open: { type: 'open', handle: 1, document: 'file', epoch: '', afterSeq: 0, stateVector: new Uint8Array(0) },
    close: { type: 'close', handle: 1 },
    update: UPDATE,
    applied: { type: 'applied', handle: 1, seq: 1 },
    presence: { type: 'presence', state: new Uint8Array([1]) },
    renew: { type: 'renew', token },
    ping: { type: 'ping', nonce: 7 },
    chunk: inChunk(UPDATE),
    digest: { type: 'digest', handle: 1, seq: 1, state: HASH, text: HASH },
    compare: { type: 'compare', requestId: 5, entries: [{ document: 'file', epoch: '', seq: 0 }] },
  };
}

const relay = shareApiRelay('--max-failures', '100000');
let room = '';
let rooms = 0;
let watcher: WebSocketClient;

async function join(token: string, features: readonly string[] = []): Promise<WebSocketClient> {
  const joined = await openWebSocket(relay().url, room);
  joined.client.hello(token, undefined, features);
  await joined.until('welcome');
  return joined;
}

async function openFile(joined: WebSocketClient): Promise<void> {
  joined.client.open(1, 'file');
  await joined.until('sync', ({ isLast }) => isLast);
}

function signAs(role: 'editor' | 'commenter' | 'viewer', subject: string = role): Promise<string> {
  return relay().sign({ room, role, subject });
}

/** Identities that the watcher was shown beside its own. */
function othersShown() {
  const entries = watcher.client.all('presence').flatMap((message) => message.entries);
  return entries.flatMap(({ identity }) => (identity && identity.subject !== 'ana' ? [identity] : []));
}

beforeEach(async () => {
  room = `room-${rooms++}`;
  watcher = await join(await relay().createRoom(room), [DIGEST_FEATURE]);
  await openFile(watcher);
  watcher.client.update(1, 1, insertion(WRITTEN));
  await watcher.until('ack');
});

afterEach(async () => {
  // Nothing came through, whatever was tried.
  const [head] = await relay().storage.log.readHeads([{ tenant: 'default', room, document: 'file' }]);
  expect(head?.headSeq).toBe(1);
  expect(watcher.client.all('update')).toEqual([]);
});

describe('every message of the protocol', () => {
  it('is in the table of this test', () => {
    const types = clientMessageCodec.schema.split('\n').map((line) => line.split(' ')[1] ?? '');
    expect(Object.keys(everyMessage('')).sort()).toEqual(types.sort());
  });

  it.each(WORTHLESS)('with a token %s is answered with the refusal alone', async (kind) => {
    const token = (await createWorthlessTokens(relay(), room))[kind];
    for (const [type, message] of Object.entries(everyMessage(token))) {
      const { client, closed } = await openWebSocket(relay().url, room);
      client.send(helloWith(token));
      client.send(message);
      expect([type, await closed]).toEqual([type, CLOSE_CODES[kind]]);
      expect(client.received).toMatchObject([{ type: 'goodbye', closeCode: CLOSE_CODES[kind] }]);
      expect(client.last('goodbye').explanation.length).toBeGreaterThan(10);
    }
    expect(othersShown()).toEqual([]);
    expect(watcher.client.all('digests')).toEqual([]);
  });

  it('before any token is answered with the refusal alone', async () => {
    for (const [type, message] of Object.entries(everyMessage('a.b.c'))) {
      const { client, closed } = await openWebSocket(relay().url, room);
      client.send(message);
      expect([type, await closed]).toEqual([type, type === 'hello' ? 4401 : 4409]);
      expect(client.received.map((answer) => answer.type)).toEqual(['goodbye']);
    }
  });

  it.each(WORTHLESS)('`renew` with a token %s ends a connection that was good', async (kind) => {
    const token = (await createWorthlessTokens(relay(), room))[kind];
    const { client, closed } = await join(await signAs('editor', 'ben'));
    client.send({ type: 'renew', token });
    expect(await closed).toBe(CLOSE_CODES[kind]);
    expect(client.all('renewed')).toEqual([]);
  });

  it('`renew` with the token of somebody else in the room ends the connection', async () => {
    const { client, closed } = await join(await signAs('viewer', 'ben'));
    client.send({ type: 'renew', token: await signAs('editor', 'cleo') });
    expect(await closed).toBe(4401);
  });

  it.each(['viewer', 'commenter'] as const)('of a %s does what the role may do', async (role) => {
    const token = await signAs(role);
    const outcomes: Readonly<Record<ClientMessage['type'], (joined: WebSocketClient) => Promise<unknown>>> = {
      hello: async ({ closed }) => expect(await closed).toBe(4409),
      open: async ({ closed }) => expect(await closed).toBe(4409),
      close: isFine,
      update: isReadOnly,
      applied: isFine,
      presence: async (joined) => {
        await isFine(joined);
        const shown = await watcher.until('presence', ({ entries }) => entries.some(({ state }) => state));
        const presenceId = shown.entries.find(({ state }) => state)?.presenceId;
        // Who it is is said once, not with every state.
        const entries = watcher.client.all('presence').flatMap((message) => message.entries);
        const known = entries.find((entry) => entry.presenceId === presenceId && entry.identity);
        expect(known?.identity).toMatchObject({ subject: role, role });
      },
      renew: async (joined) => expect(await joined.until('renewed')).toMatchObject({ role }),
      ping: isFine,
      chunk: isReadOnly,
      digest: async (joined) => {
        await isFine(joined);
        const { entries } = await watcher.until('digests');
        expect(entries).toMatchObject([{ presenceId: joined.client.last('welcome').presenceId }]);
      },
      compare: async (joined) => {
        const { entries } = await joined.until('compared');
        expect(entries).toMatchObject([{ document: 'file', headSeq: 1 }]);
      },
    };
    for (const [type, message] of Object.entries(everyMessage(token))) {
      const joined = await join(token);
      await openFile(joined);
      expect(joined.client.last('opened')).toMatchObject({ access: 'read' });
      expect(joined.client.textOf(1)).toBe(WRITTEN);
      joined.client.send(message);
      const outcome = Object.entries(outcomes).find(([name]) => name === type)?.[1];
      await outcome?.(joined);
      joined.socket.terminate();
    }
  });

  it('of somebody in another tenant’s room of the same name stays there', async () => {
    await relay().createRoom(room, 'other');
    const owner = await relay().sign({ room, tenant: 'other', role: 'owner', subject: 'zoe' });
    for (const [type, message] of Object.entries(everyMessage(owner))) {
      const joined = await join(owner);
      await openFile(joined);
      expect(joined.client.textOf(1)).not.toContain(WRITTEN);
      joined.client.send(message);
      joined.client.send({ type: 'ping', nonce: 1 });
      await (['hello', 'open'].includes(type) ? joined.closed : joined.until('pong', ({ nonce }) => nonce === 1));
      const people = joined.client.all('presence').flatMap(({ entries }) => entries);
      // Without identity are those who went, and states of those who were introduced before.
      expect(people.filter(({ identity }) => identity && identity.subject !== 'zoe')).toEqual([]);
      joined.socket.terminate();
    }
    expect(othersShown()).toEqual([]);
  });
});

async function isFine({ client, until }: WebSocketClient): Promise<void> {
  client.send({ type: 'ping', nonce: 99 });
  await until('pong', ({ nonce }) => nonce === 99);
  expect(client.all('refused')).toEqual([]);
}

async function isReadOnly({ until }: WebSocketClient): Promise<void> {
  expect(await until('refused')).toMatchObject({ handle: 1, clientSeq: 1, reason: 'read-only' });
}

/** Everything that a y-websocket client may send. */
const Y_MESSAGES: Readonly<Record<YMessage['type'], Uint8Array>> = {
  'sync-step-1': encodeSyncStep1(new Uint8Array([0])),
  'sync-step-2': encodeSyncStep2(insertion('not allowed')),
  update: encodeUpdate(insertion('not allowed')),
  awareness: encodeAwareness(shownState()),
  'query-awareness': new Uint8Array([3]),
};

function shownState(): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const count of [1, 12, 1]) encoding.writeVarUint(encoder, count);
  encoding.writeVarString(encoder, JSON.stringify({ user: { name: 'Owner' } }));
  return encoding.toUint8Array(encoder);
}

function openYjs(token: string): { socket: WebSocket; frames: Uint8Array[]; closed: Promise<number> } {
  const socket = new WebSocket(`${relay().url.replace(/^http/, 'ws')}/yjs/${room}/file?token=${token}`);
  onTestFinished(() => socket.terminate());
  const frames: Uint8Array[] = [];
  socket.on('message', (data) => {
    if (Buffer.isBuffer(data)) frames.push(new Uint8Array(data));
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  return { socket, frames, closed };
}

/** Number of the message: 2 is a refusal. */
function codeOf(frame: Uint8Array): number {
  return decoding.readVarUint(decoding.createDecoder(frame));
}

describe('every message of y-websocket clients', () => {
  it.each(WORTHLESS)('with a token %s is answered with the refusal alone', async (kind) => {
    const token = (await createWorthlessTokens(relay(), room))[kind];
    for (const [type, message] of Object.entries(Y_MESSAGES)) {
      const { socket, frames, closed } = openYjs(token);
      socket.once('open', () => socket.send(message));
      expect([type, await closed]).toEqual([type, CLOSE_CODES[kind]]);
      expect(frames.map(codeOf)).toEqual([2]);
    }
  });

  it.each(['viewer', 'commenter'] as const)('of a %s writes nothing', async (role) => {
    const token = await signAs(role);
    for (const [type, message] of Object.entries(Y_MESSAGES)) {
      const { socket, frames } = openYjs(token);
      await once(socket, 'open');
      socket.send(Y_MESSAGES['sync-step-1']);
      socket.send(message);
      if (type === 'sync-step-2' || type === 'update') {
        await expect.poll(() => frames.map(codeOf)).toContain(2);
      } else {
        await expect.poll(() => frames.length).toBeGreaterThan(0);
        socket.ping();
        await once(socket, 'pong');
        expect(frames.map(codeOf)).not.toContain(2);
      }
      socket.terminate();
    }
    // Whoever claims to be somebody else is shown as who they are.
    for (const identity of othersShown()) expect(identity).toMatchObject({ subject: role, role });
  });
});
