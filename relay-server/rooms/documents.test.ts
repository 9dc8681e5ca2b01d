import * as Y from 'yjs';
import { describe, expect, it, vi } from 'vitest';
import { inflate } from '../../shared/sync/inflate.ts';
import { createTypist } from '../testing/raw-client.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

const KEY = { tenant: 'default', room: 'room', document: 'file' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

function createTypistOf(words: string) {
  const typist = createTypist(77);
  for (const word of words) typist.type(word);
  return typist;
}

describe('documents and synchronisation', () => {
  it('[DO5] [SY1] opens a document that nobody wrote as empty, and numbers its updates from 1', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    await relay.settle();
    expect(ada.client.last('opened')).toMatchObject({ handle: 1, headSeq: 0, access: 'write' });
    expect(ada.client.all('sync')).toMatchObject([
      { handle: 1, throughSeq: 0, isLast: true, payload: new Uint8Array(0) },
    ]);
    const { epoch } = ada.client.last('opened');
    ada.client.update(1, 1, createTypist(1).type('x'));
    await relay.advance(5);
    const bob = await relay.join('bob.editor');
    bob.client.open(1, 'file');
    await relay.settle();
    expect(bob.client.last('opened')).toMatchObject({ epoch, headSeq: 1 });
    expect(bob.client.textOf(1)).toBe('x');
  });

  it('[SY2] answers a valid cursor with the tail, a state vector with the difference, nothing with everything', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    await relay.settle();
    const typist = createTypist(1);
    const updates = ['one ', 'two ', 'three '].map((word) => typist.type(word));
    for (const [index, update] of updates.entries()) {
      ada.client.update(1, index + 1, update);
      await relay.advance(5);
    }
    const { epoch } = ada.client.last('opened');
    const bob = await relay.join('bob.editor');
    bob.client.open(1, 'file', { epoch, afterSeq: 2 });
    await relay.settle();
    expect(bob.client.last('sync').payload).toEqual(updates[2]);
    const half = new Y.Doc();
    for (const update of updates.slice(0, 2)) Y.applyUpdate(half, update);
    bob.client.open(2, 'file', { epoch: 'another', afterSeq: 2, stateVector: Y.encodeStateVector(half) });
    await relay.settle();
    Y.applyUpdate(half, bob.client.last('sync').payload);
    expect(half.getText('content').toString()).toBe('one two three ');
    expect(bob.client.last('sync').payload.byteLength).toBeLessThan(Y.encodeStateAsUpdate(typist.doc).byteLength + 20);
    bob.client.open(3, 'file');
    await relay.settle();
    expect(bob.client.textOf(3)).toBe('one two three ');
  });

  it('[SY6] begins a new epoch when somebody who may write knows more than the log: an older copy was restored', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    await relay.settle();
    ada.client.update(1, 1, createTypist(1).type('hello'));
    await relay.advance(5);
    const { epoch } = ada.client.last('opened');
    const vera = await relay.join('vera.viewer');
    vera.client.open(1, 'file', { epoch, afterSeq: 99 });
    await relay.settle();
    expect(vera.client.textOf(1)).toBe('hello');
    expect(ada.client.all('document-closed')).toEqual([]);
    const bob = await relay.join('bob.editor');
    bob.client.open(1, 'file', { epoch, afterSeq: 99 });
    await relay.settle();
    for (const { client } of [ada, bob, vera]) {
      expect(client.all('document-closed')).toMatchObject([{ reason: 'reopen' }]);
      client.open(2, 'file', { epoch, afterSeq: 1 });
    }
    await relay.settle();
    for (const { client } of [ada, bob, vera]) {
      expect(client.last('opened').epoch).not.toBe(epoch);
      expect(client.textOf(2)).toBe('hello');
    }
  });

  it('[SY2] does not believe a cursor that its state vector belies: the log was restored and has gone on', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    await relay.settle();
    const typist = createTypist(1);
    for (const [index, word] of ['a', 'b', 'c', 'd'].entries()) {
      ada.client.update(1, index + 1, typist.type(word));
      await relay.advance(5);
    }
    const { epoch } = ada.client.last('opened');
    // Of another time: three updates of somebody whose edits are gone.
    const stateVector = Y.encodeStateVector(createTypistOf('xyz').doc);
    const bob = await relay.join('bob.editor');
    bob.client.open(1, 'file', { epoch, afterSeq: 3, stateVector });
    await relay.settle();
    expect(bob.client.textOf(1)).toBe('abcd');
  });

  it('[CH2] sends a document whose snapshot is too large for one message from its log', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    await relay.settle();
    ada.client.update(1, 1, createTypist(1).type('hello'));
    await relay.advance(5);
    const snapshotId = await relay.snapshots.write(KEY, 1, createTypist(2).type('a snapshot'));
    await relay.log.setSnapshot(KEY, { seq: 1, snapshotId, byteLength: 40_000_000 }, undefined);
    const bob = await relay.join('bob.editor');
    bob.client.open(1, 'file');
    await relay.settle();
    expect(bob.client.textOf(1)).toBe('hello');
  });

  it('[UP1] closes on an update without a number', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    ada.client.update(1, 0, createTypist(1).type('hello'));
    await relay.advance(5);
    expect(ada.closes).toEqual([4409]);
  });

  it('keeps nothing of documents that were opened, never written, and closed', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    const asked: string[] = [];
    const readDocument = relay.log.readDocument.bind(relay.log);
    relay.log.readDocument = async (key) => {
      asked.push(key.document);
      return readDocument(key);
    };
    for (let handle = 1; handle <= 2; handle++) {
      ada.client.open(handle, 'empty');
      await relay.settle();
      ada.client.send({ type: 'close', handle });
      await relay.settle();
    }
    // Loaded anew each time.
    expect(asked.filter((name) => name === 'empty').length).toBeGreaterThanOrEqual(2);
  });

  it('[CP1] compresses what is worth it for those who can inflate, and for nobody else', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    await relay.settle();
    const { type, doc } = createTypist(1);
    ada.client.update(1, 1, type('All work and no play makes Jack a dull boy. '.repeat(2_000)));
    await relay.advance(5);
    const plain = await relay.join('bob.editor');
    const able = relay.connect();
    able.client.hello('carl.editor', 'session-0000000001', ['deflate']);
    await relay.settle();
    for (const { client } of [plain, able]) {
      client.open(1, 'file');
      client.open(2, 'nothing');
    }
    await vi.waitFor(async () => {
      await relay.settle();
      expect(able.client.all('opened')).toHaveLength(2);
    });
    expect(plain.client.all('deflated-sync')).toEqual([]);
    const [answer] = able.client.all('deflated-sync');
    expect(able.client.all('sync')).toMatchObject([{ handle: 2, isLast: true }]);
    expect(answer).toMatchObject({ handle: 1, throughSeq: 1, isLast: true });
    expect(answer?.payload.byteLength).toBeLessThan(5_000);
    const copy = new Y.Doc();
    Y.applyUpdate(copy, inflate(answer?.payload ?? new Uint8Array(0), answer?.byteLength ?? 0));
    expect(copy.getText('content').toString()).toBe(doc.getText('content').toString());
  });

  it('[SY4] tells what the relay holds: contiguous clocks only, also after a restart', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    await relay.settle();
    const typist = createTypist(5);
    const [first, second, third] = [typist.type('abc'), typist.type('de'), typist.type('f')];
    ada.client.update(1, 1, first ?? third);
    ada.client.update(1, 3, third);
    await relay.advance(5);
    relay.restart();
    const bob = await relay.join('bob.editor');
    bob.client.open(1, 'file');
    await relay.settle();
    expect([...Y.decodeStateVector(bob.client.last('opened').stateVector)]).toEqual([[5, 3]]);
    bob.client.update(1, 1, second);
    await relay.advance(5);
    bob.client.open(2, 'file');
    await relay.settle();
    expect([...Y.decodeStateVector(bob.client.last('opened').stateVector)]).toEqual([[5, 6]]);
  });

  it('[SY3] moves the cursor by updates, and by a notice when nothing else comes', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    const bob = await relay.join('bob.editor');
    for (const { client } of [ada, bob]) client.open(1, 'file');
    await relay.settle();
    const typist = createTypist(1);
    ada.client.update(1, 1, typist.type('a'));
    await relay.advance(5);
    ada.client.update(1, 2, typist.type('b'));
    await relay.advance(5);
    expect(bob.client.all('update').map(({ committedSeq }) => committedSeq)).toEqual([0, 1]);
    expect(bob.client.all('committed')).toEqual([]);
    await relay.advance(300);
    expect(bob.client.all('committed')).toEqual([{ type: 'committed', handle: 1, seq: 2 }]);
    expect(ada.client.all('committed')).toEqual([{ type: 'committed', handle: 1, seq: 2 }]);
    await relay.advance(1000);
    expect(bob.client.all('committed')).toHaveLength(1);
  });

  it('[DO1] [DO2] closes on a handle used twice or never opened; ignores one that was closed', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    ada.client.send({ type: 'close', handle: 1 });
    ada.client.send({ type: 'close', handle: 1 });
    ada.client.send({ type: 'applied', handle: 1, seq: 1 });
    ada.client.update(1, 1, createTypist(1).type('late'));
    await relay.advance(5);
    expect(ada.closes).toEqual([]);
    expect(ada.client.all('refused')).toEqual([]);
    ada.client.open(1, 'file');
    await relay.settle();
    expect(ada.closes).toEqual([4409]);
    const bob = await relay.join('bob.editor');
    bob.client.update(3, 1, createTypist(1).type('x'));
    await relay.settle();
    expect(bob.closes).toEqual([4409]);
  });

  it('[DO5] answers a document that cannot be read with unreadable; other documents are not touched', async () => {
    const relay = new RelayUnderTest();
    const sound = { session: { subject: 's', sessionId: 'i' }, name: 'n', timeMs: 1 };
    await relay.log.append([
      {
        key: { ...KEY, document: 'bad' },
        epochWhenNew: 'e',
        updates: [{ ...sound, clientSeq: 1, payload: new Uint8Array([9, 9, 9]) }],
      },
      { key: KEY, epochWhenNew: 'e', updates: [{ ...sound, clientSeq: 1, payload: createTypist(1).type('fine') }] },
    ]);
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'bad');
    ada.client.open(2, 'file');
    await relay.settle();
    expect(ada.client.last('document-closed')).toMatchObject({ handle: 1, reason: 'unreadable' });
    expect(ada.client.textOf(2)).toBe('fine');
    expect(relay.problems).toHaveLength(1);
    ada.client.update(1, 1, createTypist(2).type('ignored'));
    await relay.advance(5);
    expect(ada.closes).toEqual([]);
    expect(await relay.log.readUpdates({ ...KEY, document: 'bad' }, ALL)).toHaveLength(1);
  });

  it('[CH1] carries a large update and a large document in chunks, and lets small edits pass between', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    const bob = await relay.join('bob.editor');
    for (const { client } of [ada, bob]) client.open(1, 'file');
    await relay.settle();
    const text = 'large '.repeat(50_000);
    ada.client.update(1, 1, createTypist(1).type(text));
    await relay.advance(5);
    expect(bob.client.textOf(1)).toBe(text);
    await relay.advance(300);
    expect(bob.client.last('committed').seq).toBe(1);
    const carl = await relay.join('carl.editor');
    carl.client.open(1, 'file');
    await relay.settle();
    expect(carl.client.textOf(1)).toBe(text);
    expect(carl.client.last('sync')).toMatchObject({ isLast: true, throughSeq: 1 });
  });

  it('keeps a document that was written to when its last reader leaves, and unloads it later', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    await relay.settle();
    ada.client.update(1, 1, createTypist(1).type('bye'));
    ada.pair.client.close(1000, '');
    await relay.settle();
    await relay.advance(5);
    expect(await relay.log.readUpdates(KEY, ALL)).toHaveLength(1);
    await relay.advance(60_000);
    expect(relay.core.connectionCount).toBe(0);
  });
});
