import { describe, expect, it } from 'vitest';
import { createSeededRandom, type SeededRandom } from '../testing/seeded-random.ts';
import { type ClientMessage, clientMessageCodec } from './client-messages.ts';
import { PROTOCOL_LIMITS } from './limits.ts';
import type { MessageCodec } from './message.ts';
import { ProtocolError } from './protocol-error.ts';
import { type RelayMessage, relayMessageCodec } from './relay-messages.ts';

const SESSION = 'session-0123456789';
const BYTES = new Uint8Array([0, 1, 127, 128, 255]);
const DIGEST = { seq: 12, state: new Uint8Array(16).fill(200), text: new Uint8Array(16).fill(3) };
const IDENTITY = { subject: 'ada', name: 'Ada Łovelace 🙂', role: 'commenter' } as const;

const CLIENT: readonly ClientMessage[] = [
  {
    type: 'hello',
    version: 4,
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
  { type: 'digest', handle: 7, ...DIGEST },
  { type: 'compare', requestId: 3, entries: [] },
  {
    type: 'compare',
    requestId: 2 ** 40,
    entries: [
      { document: 'index', epoch: '', seq: 0 },
      { document: 'A-z_9', epoch: 'e1', seq: 300 },
    ],
  },
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
  {
    type: 'access',
    role: 'owner',
    writesAs: 'viewer',
    chat: 'editors',
    presenter: 'ana',
    version: 12,
    explanation: 'Ana presents.',
  },
  { type: 'deflated-sync', handle: 1, throughSeq: 3, isLast: true, byteLength: 9, payload: BYTES },
  {
    type: 'digests',
    handle: 1,
    entries: [
      { presenceId: 9, digest: DIGEST },
      { presenceId: 10, digest: undefined },
    ],
  },
  { type: 'compared', requestId: 3, outcome: 'done', entries: [{ document: 'f1', epoch: 'e', headSeq: 4 }] },
  { type: 'compared', requestId: 4, outcome: 'rate-limited', entries: [] },
];

const CLIENT_FRAMES = CLIENT.map((message) => clientMessageCodec.encode(message));
const RELAY_FRAMES = RELAY.map((message) => relayMessageCodec.encode(message));

const DIRECTIONS = [
  ['client', CLIENT_FRAMES, clientMessageCodec.decode],
  ['relay', RELAY_FRAMES, relayMessageCodec.decode],
] as const;

/** Changes, inserts, removes and repeats bytes, or goes on with the end of another frame. */
function mutate(random: SeededRandom, frames: readonly Uint8Array[]): Uint8Array {
  const bytes = [...random.pick(frames)];
  for (let count = random.below(4); count >= 0; count--) {
    const at = random.below(bytes.length + 1);
    const mutation = random.below(6);
    if (mutation === 0) bytes.splice(at, random.below(4));
    else if (mutation === 1) bytes.splice(at, 0, random.below(256));
    else if (mutation === 2) bytes.splice(at, 0, ...bytes.slice(at, at + random.below(8)));
    else if (mutation === 3) bytes.splice(at, bytes.length, ...random.pick(frames).slice(random.below(20)));
    else bytes[Math.min(at, bytes.length - 1)] = random.pick([0, 1, 127, 128, 255, random.below(256)]);
  }
  return Uint8Array.from(bytes);
}

/** Gives how many of the mutated frames were still messages. */
function fuzz<Message>(codec: MessageCodec<Message>, frames: readonly Uint8Array[], rounds: number): number {
  const random = createSeededRandom(20_251);
  let messages = 0;
  for (let round = 0; round < rounds; round++) {
    const frame = mutate(random, frames);
    let message: Message;
    try {
      message = codec.decode(frame);
    } catch (error) {
      if (error instanceof ProtocolError) continue;
      throw new Error(`round ${round}, frame ${Buffer.from(frame).toString('hex')}`, { cause: error });
    }
    messages++;
    const again = codec.encode(message);
    expect(codec.decode(again)).toEqual(message);
    // Numbers may have been spelled longer than they need; a second time around nothing changes.
    expect(again.byteLength).toBeLessThanOrEqual(frame.byteLength);
    expect(codec.encode(codec.decode(again))).toEqual(again);
  }
  return messages;
}

it('[FR2] every message survives its way over the wire, in a frame that its bytes alone decide', () => {
  for (const message of CLIENT) {
    const frame = clientMessageCodec.encode(message);
    expect(clientMessageCodec.decode(frame)).toEqual(message);
    expect(clientMessageCodec.encode(clientMessageCodec.decode(frame))).toEqual(frame);
  }
  for (const message of RELAY) {
    const frame = relayMessageCodec.encode(message);
    expect(relayMessageCodec.decode(frame)).toEqual(message);
    expect(relayMessageCodec.encode(relayMessageCodec.decode(frame))).toEqual(frame);
  }
});

it('[FR3] 20,000 mutated frames of a client are messages that stay what they are, or a ProtocolError', () => {
  expect(fuzz(clientMessageCodec, CLIENT_FRAMES, 20_000)).toBeGreaterThan(1_000);
});

it('[FR3] 20,000 mutated frames of a relay are messages that stay what they are, or a ProtocolError', () => {
  expect(fuzz(relayMessageCodec, RELAY_FRAMES, 20_000)).toBeGreaterThan(1_000);
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
    ['a digest whose hash is too short', new Uint8Array([16, 1, 1, ...new Uint8Array(31)])],
    ['more documents to compare than there may be', new Uint8Array([17, 1, 0xa1, 0x9c, 0x01])],
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

  it.each([
    ['2^53', [128, 128, 128, 128, 128, 128, 128, 16]],
    ['2^56 - 1', [255, 255, 255, 255, 255, 255, 255, 127]],
    ['2^64', [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
  ])('[FR3] the number %s is a breach, wherever it stands', (_what, number) => {
    for (const frame of [
      [8, ...number],
      [4, ...number, 1, 0],
      [4, 1, 1, ...number],
      [3, ...number],
    ]) {
      expect(() => clientMessageCodec.decode(Uint8Array.from(frame))).toThrow(ProtocolError);
    }
    expect(() => relayMessageCodec.decode(Uint8Array.from([9, 1, ...number]))).toThrow(ProtocolError);
  });

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])('[FR2] the number %d is not written', (nonce) => {
    expect(() => clientMessageCodec.encode({ type: 'ping', nonce })).toThrow(RangeError);
  });

  it('decoded bytes are views: whoever keeps them copies them', () => {
    const frame = clientMessageCodec.encode({ type: 'update', handle: 1, clientSeq: 1, payload: BYTES });
    const message = clientMessageCodec.decode(frame);
    expect(message.type === 'update' && message.payload.buffer === frame.buffer).toBe(true);
  });
});
