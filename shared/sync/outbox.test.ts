import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { Outbox, type OutboxTicket } from './outbox.ts';
import { countStructs, MAX_UPDATE_STRUCTS } from './split-update.ts';

function createWriter() {
  const doc = new Y.Doc();
  let last: Uint8Array = new Uint8Array();
  doc.on('update', (update: Uint8Array) => {
    last = update;
  });
  return (characters: string): Uint8Array => {
    doc.getText('content').insert(doc.getText('content').length, characters);
    return last;
  };
}

function textOf(payloads: readonly Uint8Array[]): string {
  const doc = new Y.Doc();
  for (const payload of payloads) Y.applyUpdate(doc, payload);
  return doc.getText('content').toString();
}

function createOutbox() {
  const marked: number[] = [];
  const outbox = new Outbox((localId) => marked.push(localId));
  const write = createWriter();
  const send = (clientSeq: number) => outbox.takeWaiting(1e6).forEach((batch) => batch.sent(clientSeq));
  const edit = (characters: string): OutboxTicket => outbox.addEdit(write(characters));
  return { outbox, marked, send, edit, write };
}

it('sends what was typed without a relay as one piece', () => {
  const { outbox, edit } = createOutbox();
  for (const key of 'typed on a train') edit(key);
  const [batch, ...others] = outbox.takeWaiting(1e6);
  expect(others).toEqual([]);
  expect(textOf([batch?.payload ?? new Uint8Array()])).toBe('typed on a train');
  expect(countStructs(batch?.payload ?? new Uint8Array())).toBe(1);
});

describe('Outbox', () => {
  it('[UP4] forgets rows only when they are both stored and acked', () => {
    const { outbox, marked, edit, send } = createOutbox();
    const first = edit('a');
    send(1);
    const second = edit('b');
    send(2);
    outbox.acked(2);
    expect(marked).toEqual([]);
    expect(outbox.summarize()).toMatchObject({ isEmpty: false, hasUnstored: false, hasUnacked: false });
    second.stored(2);
    expect(marked).toEqual([]);
    first.stored(1);
    expect(marked).toEqual([2]);
    expect(outbox.summarize().isEmpty).toBe(true);
  });

  it('[UP7] does not count a refused update among the acked', () => {
    const { outbox, marked, edit, send } = createOutbox();
    edit('a').stored(1);
    send(1);
    edit('b').stored(2);
    send(2);
    outbox.refused(1, { explanation: 'broken', isFinal: true });
    outbox.acked(2);
    expect(marked).toEqual([]);
    expect(outbox.summarize().refusal).toMatchObject({ explanation: 'broken', isFinal: true });
    outbox.disconnected();
    expect(outbox.takeWaiting(1e6)).toEqual([]);
  });

  it('does not forget a row that got a later number because its write was tried again', () => {
    const { outbox, marked, edit, send } = createOutbox();
    const first = edit('a');
    send(1);
    const second = edit('b');
    second.stored(1);
    first.stored(2);
    outbox.acked(1);
    expect(marked).toEqual([0]);
    send(2);
    outbox.acked(2);
    expect(marked.at(-1)).toBe(1);
  });

  it('[LM1] splits what waits by the size that the relay takes', () => {
    const { outbox, edit } = createOutbox();
    for (let index = 0; index < 10; index++) edit('x'.repeat(100));
    const batches = outbox.takeWaiting(450);
    expect(batches.length).toBeGreaterThan(2);
    for (const { payload } of batches) expect(payload.byteLength).toBeLessThanOrEqual(450);
    expect(textOf(batches.map(({ payload }) => payload))).toHaveLength(1000);
  });

  it('[SY4] keeps a long time without a relay small, loses nothing, and sends it in one piece', () => {
    const { outbox, marked, edit, send } = createOutbox();
    for (let index = 1; index <= 20_000; index++) edit('x').stored(index);
    const batches = outbox.takeWaiting(16e6);
    expect(batches).toHaveLength(1);
    expect(textOf(batches.map(({ payload }) => payload))).toHaveLength(20_000);
    send(1);
    outbox.acked(1);
    expect(marked).toEqual([20_000]);
  });

  it('[SY4] knows which structs it covers', () => {
    const { outbox, write } = createOutbox();
    const first = write('abc');
    const second = write('de');
    const client = Y.decodeUpdate(first).structs[0]?.id.client ?? 0;
    outbox.addEdit(second);
    expect(outbox.covers(client, 3, 5)).toBe(true);
    expect(outbox.covers(client, 0, 5)).toBe(false);
  });

  it('[UP2] sends no more structs in one update than the relay decodes in one turn, and acks a row when all of it is', () => {
    const { outbox, marked } = createOutbox();
    const doc = new Y.Doc();
    const tickets: OutboxTicket[] = [];
    doc.on('update', (update: Uint8Array) => tickets.push(outbox.addEdit(update)));
    const text = doc.getText('content');
    const typeBackwards = (count: number) =>
      doc.transact(() => {
        for (let left = count; left > 0; left--) text.insert(0, 'x');
      });
    typeBackwards(30_000);
    typeBackwards(30_000);
    typeBackwards(MAX_UPDATE_STRUCTS + 10_000);
    for (const [index, ticket] of tickets.entries()) ticket.stored(index + 1);

    const batches = outbox.takeWaiting(1e9);
    expect(batches.map(({ payload }) => countStructs(payload))).toEqual([30_000, 30_000, 50_000, 10_000]);
    for (const [index, batch] of batches.entries()) batch.sent(index + 1);
    expect(textOf(batches.map(({ payload }) => payload))).toBe(text.toString());
    outbox.acked(3);
    expect(marked).toEqual([2]);
    outbox.acked(4);
    expect(marked).toEqual([2, 3]);
    expect(outbox.summarize().isEmpty).toBe(true);
  });

  it('splits what an earlier start stored in one row, and what the relay lacks', () => {
    const { outbox, marked } = createOutbox();
    const doc = new Y.Doc();
    doc.transact(() => {
      for (let left = 60_000; left > 0; left--) doc.getText('content').insert(0, 'x');
    });
    outbox.addStored([{ localId: 7, payload: Y.encodeStateAsUpdate(doc) }]);
    outbox.addRepeated(Y.encodeStateAsUpdate(doc));
    const batches = outbox.takeWaiting(1e9);
    expect(batches.map(({ payload }) => countStructs(payload))).toEqual([50_000, 10_000, 50_000, 10_000]);
    for (const [index, batch] of batches.entries()) batch.sent(index + 1);
    outbox.acked(1);
    expect(marked).toEqual([6]);
    outbox.acked(2);
    expect(marked).toEqual([6, 7]);
  });

  it('acks no row of which a part was merged with later rows that wait', () => {
    const { outbox, marked } = createOutbox();
    const doc = new Y.Doc();
    const tickets: OutboxTicket[] = [];
    doc.on('update', (update: Uint8Array) => tickets.push(outbox.addEdit(update)));
    const text = doc.getText('content');
    doc.transact(() => {
      for (let left = MAX_UPDATE_STRUCTS + 10; left > 0; left--) text.insert(0, 'x');
    });
    // So many that neighbours become one entry.
    for (let count = 0; count < 600; count++) text.insert(0, 'y');
    for (const [index, ticket] of tickets.entries()) ticket.stored(index + 1);
    const batches = outbox.takeWaiting(1e9);
    for (const [index, batch] of batches.entries()) batch.sent(index + 1);
    outbox.acked(1);
    expect(countStructs(batches[0]?.payload ?? new Uint8Array())).toBe(MAX_UPDATE_STRUCTS);
    expect(marked.filter((row) => row >= 1)).toEqual([]);
    outbox.acked(batches.length);
    expect(marked.at(-1)).toBe(tickets.length);
  });
});
