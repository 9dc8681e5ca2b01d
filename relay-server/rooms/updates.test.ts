import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { LogFailure } from '../log/log-failure.ts';
import type { UpdateLog } from '../log/update-log.ts';
import { createTypist } from '../testing/raw-client.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

const KEY = { tenant: 'default', room: 'room', document: 'file' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

describe('updates and acks', () => {
  it('[UP3] [UP4] sends an update on at once and acks it only when it is in the log', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    const bob = await relay.join('bob.editor');
    ada.client.open(1, 'file');
    bob.client.open(9, 'file');
    await relay.settle();
    ada.client.update(1, 1, createTypist(1).type('hello'));
    await relay.settle();
    expect(bob.client.textOf(9)).toBe('hello');
    expect(bob.client.last('update')).toMatchObject({
      handle: 9,
      author: ada.client.last('welcome').presenceId,
      committedSeq: 0,
    });
    expect(ada.client.all('ack')).toEqual([]);
    expect(await relay.log.readUpdates(KEY, ALL)).toEqual([]);
    await relay.advance(5);
    expect(ada.client.all('ack')).toEqual([{ type: 'ack', handle: 1, clientSeq: 1, seq: 1 }]);
    expect(await relay.log.readUpdates(KEY, ALL)).toMatchObject([
      { seq: 1, clientSeq: 1, name: 'Name of ada', session: { subject: 'ada', sessionId: 'session-0123456789' } },
    ]);
  });

  it('[UP4] acks a batch with one cumulative ack, and commits all documents at once', async () => {
    let appends = 0;
    const relay = new RelayUnderTest();
    const log = relay.log;
    const append = log.append.bind(log);
    log.append = async (batch) => {
      appends++;
      return append(batch);
    };
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    ada.client.open(2, 'other');
    await relay.settle();
    const typist = createTypist(1);
    for (let clientSeq = 1; clientSeq <= 10; clientSeq++) {
      ada.client.update(1, clientSeq, typist.type('x'));
      await relay.settle();
    }
    ada.client.update(2, 11, createTypist(2).type('y'));
    await relay.advance(5);
    expect(ada.client.all('ack')).toEqual([
      { type: 'ack', handle: 1, clientSeq: 10, seq: 10 },
      { type: 'ack', handle: 2, clientSeq: 11, seq: 1 },
    ]);
    expect(appends).toBe(1);
  });

  it('[UP5] takes the same update of a session once, also on another connection and after a restart', async () => {
    const relay = new RelayUnderTest();
    const update = createTypist(1).type('hello');
    const first = await relay.join('ada.editor');
    first.client.open(1, 'file');
    await relay.settle();
    first.client.update(1, 7, update);
    await relay.settle();
    // The same engine on a new connection, while the first copy is still on its way to the log.
    const second = await relay.join('ada.editor');
    second.client.open(1, 'file');
    second.client.update(1, 7, update);
    await relay.advance(5);
    await relay.advance(5);
    second.client.update(1, 7, update);
    await relay.advance(5);
    expect(second.client.last('ack')).toMatchObject({ clientSeq: 7, seq: 1 });
    relay.restart();
    const third = await relay.join('ada.editor');
    third.client.open(1, 'file');
    third.client.update(1, 7, update);
    await relay.advance(5);
    expect(third.client.all('ack')).toEqual([{ type: 'ack', handle: 1, clientSeq: 7, seq: 1 }]);
    expect(await relay.log.readUpdates(KEY, ALL)).toHaveLength(1);
    // Another session of the same person counts for itself.
    const fourth = await relay.join('ada.editor', 'session-of-another-start');
    fourth.client.open(1, 'file');
    fourth.client.update(1, 7, createTypist(2).type('again'));
    await relay.advance(5);
    expect(fourth.client.last('ack')).toMatchObject({ clientSeq: 7, seq: 2 });
  });

  it('[UP2] refuses a malformed update to its author; nobody else notices', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    const bob = await relay.join('bob.editor');
    for (const { client } of [ada, bob]) client.open(1, 'file');
    await relay.advance(100);
    const heard = bob.client.received.length;
    const sound = createTypist(1).type('hello');
    ada.client.update(1, 1, new Uint8Array([1, 2, 3]));
    ada.client.update(1, 2, new Uint8Array([...sound, 0]));
    ada.client.update(1, 3, new Uint8Array(0));
    await relay.advance(300);
    expect(ada.client.all('refused').map(({ clientSeq, reason }) => [clientSeq, reason])).toEqual([
      [1, 'malformed'],
      [2, 'malformed'],
      [3, 'malformed'],
    ]);
    expect(bob.client.received.length).toBe(heard);
    expect(await relay.log.readUpdates(KEY, ALL)).toEqual([]);
    ada.client.update(1, 4, sound);
    await relay.advance(5);
    expect(bob.client.textOf(1)).toBe('hello');
    expect(ada.client.last('ack')).toMatchObject({ clientSeq: 4, seq: 1 });
  });

  it('[UP6] refuses updates by role and by document', async () => {
    const relay = new RelayUnderTest();
    const viewer = await relay.join('vera.viewer');
    const commenter = await relay.join('carl.commenter');
    for (const { client } of [viewer, commenter]) {
      client.open(1, 'file');
      client.open(2, 'comments');
    }
    await relay.settle();
    expect(viewer.client.all('opened').map(({ access }) => access)).toEqual(['read', 'read']);
    expect(commenter.client.all('opened').map(({ access }) => access)).toEqual(['read', 'write']);
    for (const { client } of [viewer, commenter]) {
      client.update(1, 1, createTypist(1).type('no'));
      client.update(2, 2, createTypist(2).type('yes'));
    }
    await relay.advance(5);
    expect(viewer.client.all('refused').map(({ reason }) => reason)).toEqual(['read-only', 'read-only']);
    expect(commenter.client.all('refused').map(({ handle, reason }) => [handle, reason])).toEqual([[1, 'read-only']]);
    expect(commenter.client.all('ack')).toMatchObject([{ handle: 2, clientSeq: 2 }]);
  });

  it('[LM1] refuses an update above the limit', async () => {
    const relay = new RelayUnderTest({ maxUpdateBytes: 1000 });
    const ada = await relay.join('ada.editor');
    expect(ada.client.last('welcome').maxUpdateBytes).toBe(1000);
    ada.client.open(1, 'file');
    ada.client.update(1, 1, createTypist(1).type('x'.repeat(1000)));
    await relay.advance(5);
    expect(ada.client.last('refused')).toMatchObject({ clientSeq: 1, reason: 'too-large' });
  });

  it('[UP7] refuses what the log does not take, claims nothing of it, and takes it later', async () => {
    const relay = new RelayUnderTest();
    const log: UpdateLog = relay.log;
    const append = log.append.bind(log);
    let isFull = true;
    log.append = async (batch) => {
      if (isFull) throw new LogFailure('full', 'no space');
      return append(batch);
    };
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    const update = createTypist(1).type('hello');
    ada.client.update(1, 1, update);
    await relay.advance(5);
    expect(ada.client.last('refused')).toMatchObject({ clientSeq: 1, reason: 'storage-full' });
    expect(relay.problems).toHaveLength(1);
    const bob = await relay.join('bob.editor');
    bob.client.open(1, 'file');
    await relay.settle();
    expect(Y.decodeStateVector(bob.client.last('opened').stateVector).size).toBe(0);
    isFull = false;
    ada.client.update(1, 2, update);
    await relay.advance(5);
    expect(ada.client.last('ack')).toMatchObject({ clientSeq: 2, seq: 1 });
  });

  it('[UP7] a document whose log is damaged does not take down others of the same commit', async () => {
    const relay = new RelayUnderTest();
    const log: UpdateLog = relay.log;
    const append = log.append.bind(log);
    log.append = async (batch) => {
      if (batch.some(({ key }) => key.document === 'bad')) throw new LogFailure('corrupted', 'damaged');
      return append(batch);
    };
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'bad');
    ada.client.open(2, 'good');
    await relay.settle();
    ada.client.update(1, 1, createTypist(1).type('lost'));
    ada.client.update(2, 2, createTypist(1).type('kept'));
    await relay.advance(5);
    expect(ada.client.all('refused')).toMatchObject([{ handle: 1, reason: 'storage-failed' }]);
    expect(ada.client.all('ack')).toMatchObject([{ handle: 2, clientSeq: 2 }]);
  });

  it('limits how fast one connection writes, without harming what it wrote', async () => {
    const relay = new RelayUnderTest({
      limits: { updates: { capacity: 3, refillPerSecond: 1 }, updateBytes: { capacity: 1e6, refillPerSecond: 1e6 } },
    });
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    await relay.settle();
    const typist = createTypist(1);
    for (let clientSeq = 1; clientSeq <= 5; clientSeq++) ada.client.update(1, clientSeq, typist.type('x'));
    await relay.advance(5);
    expect(ada.client.all('refused').map(({ clientSeq, reason }) => [clientSeq, reason])).toEqual([
      [4, 'rate-limited'],
      [5, 'rate-limited'],
    ]);
    expect(ada.client.last('ack').clientSeq).toBe(3);
  });
});
