import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BLOB_PART_BYTES } from '../../workspace/index.ts';
import { systemScheduler } from '../../lifecycle/index.ts';
import { type RelayAnswer, type RelayRequest, RoomRequests } from '../administration/index.ts';
import {
  type BlobSink,
  downloadBlob,
  type IncomingParts,
  TransferLine,
  type TransferProgress,
  uploadBlob,
} from './index.ts';

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const BYTES = new Uint8Array(2 * BLOB_PART_BYTES + 5).map((_, index) => index % 251);
const BLOB = hashOf(BYTES);
const PARTS = [0, 1, 2].map((part) => BYTES.slice(part * BLOB_PART_BYTES, (part + 1) * BLOB_PART_BYTES));
const HASHES = PARTS.map(hashOf);
const COMPLETE = {
  state: 'complete',
  sizeBytes: BYTES.byteLength,
  parts: HASHES.map((sha256, part) => ({ part, sha256 })),
};

type Answer = (request: RelayRequest) => RelayAnswer | undefined;

/** What of a part a request sends: all of it, or a piece. */
function pieceOf({ method, headers, bytes = new Uint8Array(0) }: RelayRequest) {
  if (method === 'PUT') return { bytes, offset: 0, sizeBytes: bytes.byteLength };
  if (method !== 'PATCH') return undefined;
  const [offset, sizeBytes] = [Number(headers?.['Upload-Offset']), Number(headers?.['Upload-Length'])];
  return { bytes, offset, sizeBytes };
}

/** What is asked is answered by `answer`, or else as a relay does that has `stored`. */
function start(answer: Answer = () => undefined, stored = new Map<number, Uint8Array>()) {
  const asked: string[] = [];
  const waits: number[] = [];
  let isWhole = false;
  /** By their hash. */
  const partial = new Map<string, Uint8Array>();
  const takePiece = (part: number, request: RelayRequest): RelayAnswer | undefined => {
    const sha256 = request.headers?.['X-Content-SHA256'] ?? '';
    const piece = pieceOf(request);
    if (!piece) return undefined;
    const before = partial.get(sha256) ?? new Uint8Array(0);
    const receivedBytes = before.byteLength;
    if (piece.offset !== receivedBytes) return { status: 409, body: { error: 'wrong-offset', receivedBytes } };
    const bytes = Buffer.concat([before, piece.bytes]);
    partial.set(sha256, bytes);
    if (bytes.byteLength < piece.sizeBytes) return { status: 202, body: { receivedBytes: bytes.byteLength } };
    partial.delete(sha256);
    expect(sha256).toBe(hashOf(bytes));
    stored.set(part, bytes);
    asked.push(`PART ${part}`);
    return { status: 204, body: undefined };
  };
  const describe = (): RelayAnswer => {
    const parts = [...stored].map(([part, bytes]) => ({ part, sha256: hashOf(bytes) }));
    if (isWhole) return { status: 200, body: COMPLETE };
    return parts.length > 0 ? { status: 200, body: { state: 'uploading', parts } } : { status: 404, body: {} };
  };
  const relay = (request: RelayRequest): RelayAnswer => {
    const part = Number(/parts\/(\d+)$/.exec(request.url)?.[1] ?? -1);
    const bytes = stored.get(part);
    const taken = takePiece(part, request);
    if (taken) return taken;
    if (request.method === 'POST') {
      expect(request.body).toEqual({ sizeBytes: BYTES.byteLength, parts: HASHES });
      const missing = [0, 1, 2].filter((number) => !stored.has(number));
      isWhole = missing.length === 0;
      return isWhole ? { status: 204, body: undefined } : { status: 409, body: { error: 'parts-missing', missing } };
    }
    if (part < 0) return describe();
    if (!bytes) return { status: 404, body: {} };
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers?.['Range'] ?? '') ?? [];
    if (from === undefined) return { status: 200, body: bytes };
    return { status: 206, body: bytes.subarray(Number(from), Number(to) + 1) };
  };
  const requests = new RoomRequests({
    relayUrl: 'https://relay',
    room: 'r',
    tokens: { obtain: async () => ({ kind: 'granted', granted: { token: 't', expiresAtMs: 9 } }) },
    send: async (request) => {
      const path = request.url.slice('https://relay/api/rooms/r/blobs/'.length + 64);
      if (!pieceOf(request)) asked.push(`${request.method} ${path}`);
      return answer(request) ?? relay(request);
    },
  });
  const scheduler = {
    ...systemScheduler,
    schedule: (task: () => void, delayMs: number) => {
      waits.push(delayMs);
      return systemScheduler.schedule(task, 0);
    },
  };
  const options = {
    requests,
    sha256: async (bytes: Uint8Array) => hashOf(bytes),
    scheduler,
    random: () => 0,
    line: new TransferLine({ elapsedMs: () => 0 }),
  };
  return { options, partial, asked, waits, stored, makeWhole: () => (isWhole = true) };
}

const SOURCE = {
  sizeBytes: BYTES.byteLength,
  read: async (offset: number, byteLength: number) => BYTES.slice(offset, offset + byteLength),
};

class Sink implements BlobSink {
  bytes = new Uint8Array(0);
  readonly written: number[] = [];
  readonly kept: ReadonlySet<number>;

  constructor(kept: readonly number[] = []) {
    this.kept = new Set(kept);
  }

  async begin(sizeBytes: number): Promise<string | undefined> {
    this.bytes = new Uint8Array(sizeBytes);
    for (const part of this.kept) this.bytes.set(PARTS[part] ?? new Uint8Array(0), part * BLOB_PART_BYTES);
    return undefined;
  }

  async has({ part }: { readonly part: number }): Promise<boolean> {
    return this.kept.has(part);
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.written.push(offset / BLOB_PART_BYTES);
    this.bytes.set(bytes, offset);
  }

  async hash(): Promise<string> {
    return hashOf(this.bytes);
  }
}

function allStored(): Map<number, Uint8Array> {
  return new Map(PARTS.map((bytes, part) => [part, bytes]));
}

describe('an upload', () => {
  it('that is too large ends before much of it was sent', async () => {
    const tooLarge = { status: 413, body: { error: 'blob-too-large', explanation: 'Files of at most 1 MiB.' } };
    const { options, stored } = start((request) => {
      return pieceOf(request) && request.url.endsWith('/parts/2') ? tooLarge : undefined;
    });
    const outcome = await uploadBlob(options, BLOB, SOURCE);
    expect(outcome).toEqual({ kind: 'failed', reason: 'refused', explanation: 'Files of at most 1 MiB.' });
    expect([...stored.keys()]).toEqual([]);
  });

  it('[BL2] sends what the relay lacks and makes it whole, telling how far it is', async () => {
    const { options, asked } = start(() => undefined, new Map([[1, PARTS[1] ?? new Uint8Array(0)]]));
    const progress: TransferProgress[] = [];
    expect(await uploadBlob(options, BLOB, SOURCE, { onProgress: (at) => progress.push(at) })).toEqual({
      kind: 'done',
    });
    expect(asked.toSorted()).toEqual(['GET ', 'PART 0', 'PART 2', 'POST ']);
    expect(progress.length).toBeGreaterThan(5);
    expect(progress).toEqual(progress.toSorted((a, b) => a.doneBytes - b.doneBytes));
    expect(progress.at(-1)).toEqual({ doneBytes: BYTES.byteLength, totalBytes: BYTES.byteLength });
  });

  it('of what is there is over at once', async () => {
    const { options, asked, makeWhole } = start(() => undefined, allStored());
    makeWhole();
    expect(await uploadBlob(options, BLOB, SOURCE)).toEqual({ kind: 'done' });
    expect(asked).toEqual(['GET ']);
  });

  it('sends again what the relay has lost or has other bytes of', async () => {
    let posts = 0;
    const { options, asked, stored } = start(
      ({ method }) => {
        if (method === 'POST' && ++posts === 1) stored.delete(2);
        return undefined;
      },
      new Map([[0, new Uint8Array([1])]]),
    );
    expect(await uploadBlob(options, BLOB, SOURCE)).toEqual({ kind: 'done' });
    expect(asked.filter((request) => request === 'PART 0')).toHaveLength(1);
    expect(asked.filter((request) => request === 'PART 2')).toHaveLength(2);
    const hopeless = start(({ method }) =>
      method === 'POST' ? { status: 409, body: { error: 'parts-missing', missing: [0, 99, 'x'] } } : undefined,
    );
    const outcome = await uploadBlob(hopeless.options, BLOB, SOURCE);
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'unavailable' });
    expect(hopeless.asked.filter((request) => request.startsWith('POST'))).toHaveLength(3);
  });

  it('waits for a busy relay, and says when it cannot go on', async () => {
    let refusals = 3;
    const busy = start((request) =>
      pieceOf(request) && refusals-- > 0 ? { status: 429, body: { explanation: 'Too many.' } } : undefined,
    );
    expect(await uploadBlob(busy.options, BLOB, SOURCE)).toEqual({ kind: 'done' });
    expect(busy.waits).toHaveLength(3);
    expect(Math.min(...busy.waits)).toBeGreaterThan(0);
    const away = start(() => {
      throw new Error('gone');
    });
    expect(await uploadBlob(away.options, BLOB, SOURCE)).toMatchObject({ kind: 'failed', reason: 'unavailable' });
    const answers = [
      [403, 'refused'],
      [413, 'refused'],
      [409, 'refused'],
    ] as const;
    for (const [status, reason] of answers) {
      const refused = start((request) =>
        pieceOf(request) ? { status, body: { explanation: 'No room.' } } : undefined,
      );
      const outcome = await uploadBlob(refused.options, BLOB, SOURCE);
      expect(outcome).toEqual({ kind: 'failed', reason, explanation: 'No room.' });
      expect(refused.asked.filter((request) => request.startsWith('POST'))).toEqual([]);
    }
    const changed = start(({ method }) => (method === 'POST' ? { status: 422, body: {} } : undefined));
    expect(await uploadBlob(changed.options, BLOB, SOURCE)).toMatchObject({ kind: 'failed', reason: 'changed' });
  });

  it('goes on within a part from what the relay has of it, and says when that is lost', async () => {
    let cuts = 0;
    const [first = new Uint8Array(0)] = PARTS;
    // The answer to a piece is lost; another relay, which has none of it, answers for a while.
    const world = start((request) => {
      const piece = pieceOf(request);
      if (!piece || !request.url.endsWith('parts/0') || piece.offset === 0 || ++cuts > 2) return undefined;
      if (cuts === 2) return { status: 409, body: { error: 'wrong-offset', receivedBytes: 0 } };
      const sha256 = request.headers?.['X-Content-SHA256'] ?? '';
      world.partial.set(sha256, first.slice(0, piece.offset + piece.bytes.byteLength));
      throw new Error('gone');
    });
    const progress: number[] = [];
    const watch = { onProgress: ({ doneBytes }: TransferProgress) => void progress.push(doneBytes) };
    expect(await uploadBlob(world.options, BLOB, SOURCE, watch)).toEqual({ kind: 'done' });
    expect(progress.some((bytes, index) => bytes < (progress[index - 1] ?? 0))).toBe(true);
    expect(progress.at(-1)).toBe(BYTES.byteLength);
    expect(cuts).toBeGreaterThan(2);
  });

  it('sends parts as a whole to a relay that takes no pieces, or never has what it took', async () => {
    const old = start(({ method }) => (method === 'PATCH' ? { status: 405, body: {} } : undefined));
    expect(await uploadBlob(old.options, BLOB, SOURCE)).toEqual({ kind: 'done' });
    const forgetful = start(({ method, headers }) =>
      method === 'PATCH' && headers?.['Upload-Offset'] !== '0'
        ? { status: 409, body: { error: 'wrong-offset', receivedBytes: 0 } }
        : method === 'PATCH'
          ? { status: 202, body: { receivedBytes: 4096 } }
          : undefined,
    );
    expect(await uploadBlob(forgetful.options, BLOB, SOURCE)).toEqual({ kind: 'done' });
  });

  it('ends between two parts when that is asked for, and rejects when its file cannot be read', async () => {
    const { options, asked } = start();
    let parts = 0;
    const watch = { onProgress: () => void parts++, isCancelled: () => parts > 0 };
    expect(await uploadBlob(options, BLOB, SOURCE, watch)).toEqual({ kind: 'cancelled' });
    expect(asked.some((request) => request.startsWith('POST'))).toBe(false);
    const unreadable = {
      ...SOURCE,
      read: async () => {
        throw new Error('EIO');
      },
    };
    await expect(uploadBlob(start().options, BLOB, unreadable)).rejects.toThrow('EIO');
  });
});

describe('a download', () => {
  function whole(answer?: Answer) {
    const world = start(answer, allStored());
    world.makeWhole();
    return world;
  }

  it('[BL3] fetches what is not there yet and compares all of it', async () => {
    const { options } = whole();
    const sink = new Sink([1]);
    const progress: TransferProgress[] = [];
    const outcome = await downloadBlob(options, BLOB, sink, { onProgress: (at) => progress.push(at) });
    expect(outcome).toEqual({ kind: 'done' });
    expect(new Set(sink.written)).toEqual(new Set([0, 2]));
    expect(hashOf(sink.bytes)).toBe(BLOB);
    expect(progress.at(-1)).toEqual({ doneBytes: BYTES.byteLength, totalBytes: BYTES.byteLength });
  });

  it('[BL3] takes no part that is damaged, and no whole of other parts', async () => {
    const other = PARTS[1]?.slice().reverse() ?? new Uint8Array(0);
    const wrong = [other, other.slice(1), new Uint8Array(0), undefined];
    for (const body of wrong) {
      const { options } = whole(({ url }) => (url.endsWith('parts/1') ? { status: 200, body } : undefined));
      const sink = new Sink();
      expect(await downloadBlob(options, BLOB, sink)).toMatchObject({ kind: 'failed', reason: 'changed' });
      expect(sink.written).not.toContain(1);
    }
    const parts = COMPLETE.parts.with(1, { part: 1, sha256: hashOf(other) });
    const lying = whole(({ url }) => {
      if (url.endsWith('parts/1')) return { status: 200, body: other };
      return /parts/.test(url) ? undefined : { status: 200, body: { ...COMPLETE, parts } };
    });
    expect(await downloadBlob(lying.options, BLOB, new Sink())).toMatchObject({ kind: 'failed', reason: 'changed' });
  });

  it('goes on within a part when it is tried again', async () => {
    let left = 6;
    const { options } = whole((request) => {
      if (/parts/.test(request.url) && left-- <= 0) throw new Error('gone');
      return undefined;
    });
    const [sink, incoming]: [Sink, IncomingParts] = [new Sink(), new Map()];
    expect(await downloadBlob(options, BLOB, sink, {}, incoming)).toMatchObject({ reason: 'unavailable' });
    const kept = new Map([...incoming].map(([part, { arrivedBytes }]) => [part, arrivedBytes]));
    expect(kept.size).toBeGreaterThan(0);
    const asked = new Map<number, string>();
    const again = whole(({ url, headers }) => {
      const part = Number(/parts\/(\d)/.exec(url)?.[1] ?? -1);
      if (part >= 0 && !asked.has(part)) asked.set(part, headers?.['Range'] ?? '');
      return undefined;
    });
    const rest = new Sink(sink.written);
    expect(await downloadBlob(again.options, BLOB, rest, {}, incoming)).toEqual({ kind: 'done' });
    for (const [part, bytes] of kept) expect(asked.get(part)).toMatch(new RegExp(`^bytes=${bytes}-`));
  });

  it('says what is not there, or what is no relay', async () => {
    const missing = await downloadBlob(start().options, BLOB, new Sink());
    expect(missing).toMatchObject({ kind: 'failed', reason: 'not-there' });
    const half = start(() => undefined, new Map([[0, new Uint8Array([1])]]));
    expect(await downloadBlob(half.options, BLOB, new Sink())).toMatchObject({ kind: 'failed', reason: 'not-there' });
    const bodies = [
      undefined,
      {},
      { ...COMPLETE, sizeBytes: -1 },
      { ...COMPLETE, sizeBytes: BYTES.byteLength * 2 },
      { ...COMPLETE, parts: COMPLETE.parts.slice(1) },
      { ...COMPLETE, parts: COMPLETE.parts.toReversed() },
      { ...COMPLETE, parts: [{ part: 0, sha256: 'x' }] },
      { ...COMPLETE, state: 'other' },
    ];
    for (const body of bodies) {
      const { options } = start(() => ({ status: 200, body }));
      expect(await downloadBlob(options, BLOB, new Sink())).toMatchObject({ kind: 'failed', reason: 'refused' });
    }
  });

  it('ends when there is no place for it, or when that is asked for', async () => {
    const { options, asked } = whole();
    const sink = new Sink();
    sink.begin = async () => 'The disk is full.';
    const refused = { kind: 'failed', reason: 'refused', explanation: 'The disk is full.' };
    expect(await downloadBlob(options, BLOB, sink)).toEqual(refused);
    expect(asked).toEqual(['GET ']);
    const cancelled = await downloadBlob(whole().options, BLOB, new Sink(), { isCancelled: () => true });
    expect(cancelled).toEqual({ kind: 'cancelled' });
  });
});
