import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../testing/seeded-random.ts';
import { type ClientMessage, clientMessageCodec } from './client-messages.ts';
import { PROTOCOL_LIMITS } from './limits.ts';
import { ProtocolError } from './protocol-error.ts';
import { type RelayMessage, relayMessageCodec } from './relay-messages.ts';

const SESSION = 'session-0123456789';
const BYTES = new Uint8Array([0, 1, 127, 128, 255]);
const IDENTITY = { subject: 'ada', name: 'Ada Łovelace 🙂', role: 'commenter' } as const;

const CLIENT: readonly ClientMessage[] = [
  {
    type: 'hello',
    version: 3,
    oldestVersion: 1,
    token: 'a.b-c_d',
    sessionId: SESSION,
    client: 'tutti 0.1',
    features: ['zstd', 'x-1'],
  },
  { type: 'open', handle: 0, document: 'index', epoch: '', afterSeq: 0, stateVector: new Uint8Array(0) },
  {
    type: 'open',
    handle: 2 ** 40,
    document: 'A-z_9',
    epoch: 'e1',
    afterSeq: Number.MAX_SAFE_INTEGER,
    stateVector: BYTES,
  },
  { type: 'close', handle: 7 },
  { type: 'update', handle: 7, clientSeq: 1, payload: BYTES },
  { type: 'applied', handle: 7, seq: 12 },
  { type: 'presence', state: undefined },
  { type: 'presence', state: BYTES },
  { type: 'renew', token: 'x.y.z' },
  { type: 'ping', nonce: 4_000_000_000 },
  { type: 'chunk', stream: 3, totalBytes: 70_000, offset: 61_440, payload: BYTES },
];

const RELAY: readonly RelayMessage[] = [
  {
    type: 'welcome',
    version: 1,
    connectionId: 'c1',
    presenceId: 9,
    room: 'room',
    subject: 'ada',
    name: 'Ada',
    role: 'owner',
    nowMs: 1_700_000_000_000,
    tokenExpiresAtMs: 1_700_000_600_000,
    heartbeatIntervalMs: 15_000,
    maxUpdateBytes: 1,
    features: [],
  },
  { type: 'opened', handle: 1, epoch: 'e', headSeq: 3, stateVector: BYTES, access: 'read' },
  { type: 'sync', handle: 1, throughSeq: 3, isLast: true, payload: BYTES },
  { type: 'update', handle: 1, author: 9, committedSeq: 3, payload: BYTES },
  { type: 'committed', handle: 1, seq: 4 },
  { type: 'ack', handle: 1, clientSeq: 2, seq: 4 },
  { type: 'refused', handle: 1, clientSeq: 2, reason: 'storage-failed', explanation: 'why' },
  {
    type: 'presence',
    entries: [
      { presenceId: 9, isGone: false, identity: IDENTITY, state: BYTES },
      { presenceId: 10, isGone: true, identity: undefined, state: undefined },
    ],
  },
  { type: 'seen', handle: 1, entries: [{ presenceId: 9, seq: 4 }] },
  { type: 'renewed', role: 'viewer', tokenExpiresAtMs: 5 },
  { type: 'pong', nonce: 0 },
  { type: 'document-closed', handle: 1, reason: 'reopen', explanation: '' },
  { type: 'goodbye', closeCode: 1012, retryAfterMs: 500, explanation: 'restart' },
  { type: 'chunk', stream: 0, totalBytes: 5, offset: 0, payload: BYTES },
];

const DIRECTIONS = [
  ['client', CLIENT.map((message) => clientMessageCodec.encode(message)), clientMessageCodec.decode],
  ['relay', RELAY.map((message) => relayMessageCodec.encode(message)), relayMessageCodec.decode],
] as const;

it('[FR2] every message survives its way over the wire, in a frame that its bytes alone decide', () => {
  for (const message of CLIENT) {
    const frame = clientMessageCodec.encode(message);
    expect(clientMessageCodec.decode(frame)).toEqual(message);
    expect(clientMessageCodec.encode(clientMessageCodec.decode(frame))).toEqual(frame);
  }
  for (const message of RELAY) expect(relayMessageCodec.decode(relayMessageCodec.encode(message))).toEqual(message);
});

it('[FR2] there is a sample of every message', () => {
  const count = (schema: string) => schema.split('\n').length;
  expect(new Set(CLIENT.map(({ type }) => type)).size).toBe(count(clientMessageCodec.schema));
  expect(new Set(RELAY.map(({ type }) => type)).size).toBe(count(relayMessageCodec.schema));
});

describe.each(DIRECTIONS)('frames of the %s', (_name, frames, decode) => {
  it('[FR3] a cut frame is a breach, wherever it is cut', () => {
    for (const frame of frames) {
      for (let length = 0; length < frame.byteLength; length++) {
        expect(() => decode(frame.subarray(0, length))).toThrow(ProtocolError);
      }
    }
  });

  it('[FR3] left-over bytes are a breach', () => {
    for (const frame of frames) expect(() => decode(new Uint8Array([...frame, 0]))).toThrow(ProtocolError);
  });

  it('[FR3] whatever bytes come, decoding gives a message or a ProtocolError', () => {
    const random = createSeededRandom(20_251);
    for (let round = 0; round < 20_000; round++) {
      const frame = random.pick(frames).slice();
      for (let count = random.below(4); count >= 0; count--) frame[random.below(frame.length)] = random.below(256);
      try {
        decode(random.chance(0.1) ? frame.subarray(0, random.below(frame.length)) : frame);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }
  });
});

describe('fields', () => {
  const hello = (fields: Partial<Extract<ClientMessage, { type: 'hello' }>>) =>
    clientMessageCodec.encode({
      type: 'hello',
      version: 1,
      oldestVersion: 1,
      token: 't',
      sessionId: SESSION,
      client: '',
      features: [],
      ...fields,
    });

  it.each([
    ['an unknown code', new Uint8Array([99])],
    ['a code of too many bytes', new Uint8Array([255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1])],
    ['no bytes', new Uint8Array(0)],
    ['a flag that is neither 0 nor 1', new Uint8Array([6, 2])],
    ['text that is not UTF-8', new Uint8Array([7, 1, 0xff])],
    ['a token with a space', hello({ token: 'a b' })],
    ['a token of two lines', hello({ token: 'a\n' })],
    ['a session id that is too short', hello({ sessionId: 'short' })],
    ['a feature in capitals', hello({ features: ['ZSTD'] })],
    ['a byte string longer than the frame', new Uint8Array([4, 1, 1, 255, 255, 3])],
    ['a word that is not in the list', new Uint8Array([10, 9, 1])],
  ])('[FR3] %s is a breach', (_what, frame) => {
    expect(() => clientMessageCodec.decode(frame)).toThrow(ProtocolError);
  });

  it.each(['', 'a b', 'ü', '../x', 'x'.repeat(65), 'index\n', 'a/b'])('[LM2] %j is no document name', (document) => {
    const name = new TextEncoder().encode(document);
    const frame = new Uint8Array([2, 1, name.byteLength, ...name, 0, 0, 0]);
    expect(() => clientMessageCodec.decode(frame)).toThrow(ProtocolError);
  });

  it('[LM1] what is larger than its limit is neither written nor read, and is told apart by its code', () => {
    const state = new Uint8Array(PROTOCOL_LIMITS.maxPresenceStateBytes + 1);
    expect(() => clientMessageCodec.encode({ type: 'presence', state })).toThrow(
      expect.objectContaining({ closeCode: 4413 }),
    );
    // flag, then a length of 4097 and the bytes
    const frame = new Uint8Array([6, 1, 0x81, 0x20, ...state]);
    expect(() => clientMessageCodec.decode(frame)).toThrow(expect.objectContaining({ closeCode: 4413 }));
    expect(() => hello({ features: Array.from({ length: 33 }, () => 'x') })).toThrow(ProtocolError);
  });

  it('[FR3] a number beyond 2^53 is a breach', () => {
    expect(() =>
      clientMessageCodec.decode(new Uint8Array([8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1])),
    ).toThrow(ProtocolError);
  });

  it('decoded bytes are views: whoever keeps them copies them', () => {
    const frame = clientMessageCodec.encode({ type: 'update', handle: 1, clientSeq: 1, payload: BYTES });
    const message = clientMessageCodec.decode(frame);
    expect(message.type === 'update' && message.payload.buffer === frame.buffer).toBe(true);
  });
});
