import * as encoding from 'lib0/encoding';
import { describe, expect, it } from 'vitest';
import { createTypist } from '../testing/raw-client.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

const KEY = { tenant: 'default', room: 'room', document: 'file' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
const MEBIBYTE = 1024 * 1024;
/** A Yjs update that brings nothing. */
const NOTHING = new Uint8Array([0, 0]);

/** Holds up each reading of a document until the result is called. */
function holdUpReading({ log }: RelayUnderTest): () => void {
  const read = log.readDocument.bind(log);
  const gate = Promise.withResolvers<void>();
  log.readDocument = async (key) => {
    await gate.promise;
    return read(key);
  };
  return gate.resolve;
}

/** Of about so many bytes, as somebody has it who knows many others. */
function largeStateVector(byteLength: number): Uint8Array {
  const encoder = encoding.createEncoder();
  const clients = Math.floor((byteLength - 8) / 16);
  encoding.writeVarUint(encoder, clients);
  for (let client = 0; client < clients; client++) {
    encoding.writeVarUint(encoder, 2 ** 52 + client);
    encoding.writeVarUint(encoder, 2 ** 52);
  }
  return encoding.toUint8Array(encoder);
}

describe('what waits for documents that are being opened', () => {
  it('[LM3] takes 32 MiB of edits of one connection, refuses more, and loses nothing', async () => {
    const relay = new RelayUnderTest();
    const release = holdUpReading(relay);
    const { client, closes } = await relay.join('ada.editor');
    const typist = createTypist(1);
    const updates = Array.from({ length: 34 }, () => typist.type('x'.repeat(MEBIBYTE)));
    client.open(1, 'file');
    for (const [index, update] of updates.entries()) client.update(1, index + 1, update);
    await relay.settle();
    const refused = client.all('refused').map(({ clientSeq, reason }) => [clientSeq, reason]);
    expect(refused).toEqual([
      [32, 'rate-limited'],
      [33, 'rate-limited'],
      [34, 'rate-limited'],
    ]);
    release();
    await relay.advance(50);
    expect(client.last('ack').clientSeq).toBe(31);
    await relay.advance(1_000);
    for (const [index, update] of updates.slice(31).entries()) client.update(1, 40 + index, update);
    await relay.advance(50);
    expect(await relay.log.readUpdates(KEY, ALL)).toHaveLength(34);
    expect(closes).toEqual([]);
  });

  it('[LM3] takes 10,000 edits of one connection, of however many documents', async () => {
    const relay = new RelayUnderTest();
    const release = holdUpReading(relay);
    const { client } = await relay.join('ada.editor');
    let clientSeq = 0;
    for (let handle = 1; handle <= 11; handle++) {
      client.open(handle, `file-${handle}`);
      for (let count = 0; count < 1_000; count++) client.update(handle, ++clientSeq, NOTHING);
    }
    await relay.settle();
    expect(client.all('refused')).toHaveLength(1_000);
    expect(client.last('refused')).toMatchObject({ handle: 11, reason: 'rate-limited' });
    // What was closed does not wait any more.
    client.send({ type: 'close', handle: 5 });
    client.update(11, ++clientSeq, NOTHING);
    release();
    await relay.advance(50);
    expect(client.all('refused')).toHaveLength(1_000);
    expect(client.all('ack').at(-1)).toMatchObject({ handle: 11, clientSeq });
  });

  it('[LM3] keeps nothing of what was closed before its turn came', async () => {
    const relay = new RelayUnderTest();
    const release = holdUpReading(relay);
    const { client, closes } = await relay.join('ada.editor');
    const stateVector = largeStateVector(MEBIBYTE);
    client.open(1, 'first');
    await relay.settle();
    for (let handle = 2; handle <= 70; handle++) {
      client.open(handle, `file-${handle}`, { stateVector });
      client.send({ type: 'close', handle });
      if (handle % 10 === 0) await relay.settle();
    }
    client.open(100, 'last');
    await relay.settle();
    release();
    await relay.settle();
    expect(closes).toEqual([]);
    expect(client.all('opened').map(({ handle }) => handle)).toEqual([1, 100]);
    expect(client.all('document-closed')).toEqual([]);
  });

  it('[LM3] takes 64 MiB of state vectors of one connection, and asks to open more later', async () => {
    const relay = new RelayUnderTest();
    const release = holdUpReading(relay);
    const { client, closes } = await relay.join('ada.editor');
    const stateVector = largeStateVector(MEBIBYTE);
    client.open(1, 'first');
    for (let handle = 2; handle <= 67; handle++) {
      client.open(handle, `file-${handle}`, { stateVector });
      if (handle % 10 === 0) await relay.settle();
    }
    await relay.settle();
    const refused = client.all('document-closed').map(({ handle, reason }) => [handle, reason]);
    expect(refused).toEqual([
      [66, 'too-many-documents'],
      [67, 'too-many-documents'],
    ]);
    release();
    await relay.settle();
    for (let turn = 0; turn < 70; turn++) await relay.advance(1);
    client.open(100, 'file-67', { stateVector });
    await relay.advance(1);
    expect(client.last('opened').handle).toBe(100);
    expect([closes, client.all('opened').length]).toEqual([[], 66]);
  });

  it('[DO1] closes on very many handles that are not counted up', async () => {
    const relay = new RelayUnderTest();
    const { client, closes } = await relay.join('ada.editor');
    for (let count = 0; count <= 100_001; count++) {
      const handle = 300_000 - 2 * count;
      client.open(handle, 'file');
      client.send({ type: 'close', handle });
      if (count % 10_000 === 9_999) {
        expect(closes).toEqual([]);
        await relay.settle();
      }
    }
    await relay.settle();
    expect(closes).toEqual([4409]);
  });
});
