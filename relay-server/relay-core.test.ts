import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { clientMessageCodec, PROTOCOL_LIMITS } from '../shared/protocol/index.ts';
import { LogFailure } from './log/log-failure.ts';
import type { UpdateLog } from './log/update-log.ts';
import { createTypist } from './testing/raw-client.ts';
import { RelayUnderTest } from './testing/relay-under-test.ts';

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
    expect(bob.client.last('update')).toMatchObject({ handle: 9, author: ada.client.last('welcome').presenceId, committedSeq: 0 });
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
      return await append(batch);
    };
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    ada.client.open(2, 'other');
    await relay.settle();
    const typist = createTypist(1);
    for (let clientSeq = 1; clientSeq <= 10; clientSeq++) ada.client.update(1, clientSeq, typist.type('x'));
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
      return await append(batch);
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
      return await append(batch);
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

describe('documents and synchronisation', () => {
  it('[DO5] [SY1] opens a document that nobody wrote as empty, and numbers its updates from 1', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    await relay.settle();
    expect(ada.client.last('opened')).toMatchObject({ handle: 1, headSeq: 0, access: 'write' });
    expect(ada.client.all('sync')).toMatchObject([{ handle: 1, throughSeq: 0, isLast: true, payload: new Uint8Array(0) }]);
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
    for (const [index, update] of updates.entries()) ada.client.update(1, index + 1, update);
    await relay.advance(5);
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
    // A cursor beyond the head is of another time.
    bob.client.open(4, 'file', { epoch, afterSeq: 99 });
    await relay.settle();
    expect(bob.client.textOf(4)).toBe('one two three ');
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
      { key: { ...KEY, document: 'bad' }, epochWhenNew: 'e', updates: [{ ...sound, clientSeq: 1, payload: new Uint8Array([9, 9, 9]) }] },
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
    expect(relay.scheduler.pendingCount).toBe(0);
    expect(relay.core.connectionCount).toBe(0);
  });
});

describe('presence', () => {
  it('[PR2] [PR3] stamps identities, sends everybody after welcome, and changes once per tick', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.owner');
    const bob = await relay.join('bob.viewer');
    const adaId = ada.client.last('welcome').presenceId;
    expect(bob.client.received[1]?.type).toBe('presence');
    expect(bob.client.all('presence')[0]?.entries).toContainEqual({
      presenceId: adaId,
      isGone: false,
      identity: { subject: 'ada', name: 'Name of ada', role: 'owner' },
      state: undefined,
    });
    await relay.advance(50);
    const heard = bob.client.all('presence').length;
    for (const value of [1, 2, 3]) ada.client.send({ type: 'presence', state: new Uint8Array([value]) });
    await relay.advance(50);
    expect(bob.client.all('presence').slice(heard)).toEqual([
      { type: 'presence', entries: [{ presenceId: adaId, isGone: false, identity: undefined, state: new Uint8Array([3]) }] },
    ]);
  });

  it('[PR4] tells the others when somebody is gone', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.owner');
    const bob = await relay.join('bob.viewer');
    await relay.advance(50);
    const adaId = ada.client.last('welcome').presenceId;
    ada.pair.cut();
    await relay.advance(50);
    expect(bob.client.last('presence').entries).toEqual([{ presenceId: adaId, isGone: true, identity: undefined, state: undefined }]);
  });

  it('[PR5] passes on how far others have stored a document, never further than it is', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    const bob = await relay.join('bob.editor');
    for (const { client } of [ada, bob]) client.open(1, 'file');
    await relay.settle();
    ada.client.update(1, 1, createTypist(1).type('x'));
    await relay.advance(5);
    bob.client.send({ type: 'applied', handle: 1, seq: 99 });
    await relay.advance(50);
    const seen = [{ presenceId: bob.client.last('welcome').presenceId, seq: 1 }];
    expect(ada.client.all('seen')).toEqual([{ type: 'seen', handle: 1, entries: seen }]);
    expect(bob.client.all('seen')).toEqual([]);
    const carl = await relay.join('carl.editor');
    carl.client.open(4, 'file');
    await relay.settle();
    expect(carl.client.last('seen')).toEqual({ type: 'seen', handle: 4, entries: seen });
  });

  it('rooms know nothing of each other', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor', undefined, 'one');
    const bob = await relay.join('bob.editor', undefined, 'two');
    for (const { client } of [ada, bob]) client.open(1, 'file');
    await relay.settle();
    ada.client.update(1, 1, createTypist(1).type('secret'));
    ada.client.send({ type: 'presence', state: new Uint8Array([1]) });
    await relay.advance(500);
    expect(bob.client.textOf(1)).toBe('');
    expect(bob.client.all('presence').flatMap(({ entries }) => entries.map(({ identity }) => identity?.subject))).not.toContain('ada');
    expect(bob.client.all('update')).toEqual([]);
  });
});

describe('the connection', () => {
  it('[VH1] takes nothing before hello, hello once, and waits 10 seconds for it', async () => {
    const relay = new RelayUnderTest();
    const early = relay.connect();
    early.client.open(1, 'file');
    await relay.settle();
    expect(early.closes).toEqual([4409]);
    const twice = await relay.join('ada.editor');
    twice.client.hello('ada.editor');
    await relay.settle();
    expect(twice.closes).toEqual([4409]);
    expect(twice.client.last('goodbye')).toMatchObject({ closeCode: 4409, retryAfterMs: 0 });
    const silent = relay.connect();
    await relay.advance(9_999);
    expect(silent.closes).toEqual([]);
    await relay.advance(1);
    expect(silent.closes).toEqual([4408]);
  });

  it('[VH1] takes what came right after hello once the token was checked', async () => {
    const relay = new RelayUnderTest();
    const { client } = relay.connect();
    client.hello('ada.editor');
    client.open(1, 'file');
    client.update(1, 1, createTypist(1).type('quick'));
    await relay.advance(0);
    await relay.advance(5);
    expect(client.last('ack')).toMatchObject({ clientSeq: 1, seq: 1 });
  });

  it('[VH2] closes with 4426 without a common version', async () => {
    const relay = new RelayUnderTest();
    const { client, closes } = relay.connect();
    client.send({ type: 'hello', version: 9, oldestVersion: 2, token: 'ada.editor', sessionId: 'session-0123456789', client: '', features: [] });
    await relay.settle();
    expect(closes).toEqual([4426]);
    expect(client.last('goodbye').explanation).toContain('1 to 1');
  });

  it('[VH3] closes with 4401 without a valid token', async () => {
    const relay = new RelayUnderTest();
    const { closes } = await relay.join('nobody');
    expect(closes).toEqual([4401]);
  });

  it('[VH4] speaks newer clients the version both know, without features it lacks', async () => {
    const relay = new RelayUnderTest();
    const { client } = relay.connect();
    client.send({ type: 'hello', version: 5, oldestVersion: 1, token: 'ada.editor', sessionId: 'session-0123456789', client: '', features: ['zstd'] });
    await relay.settle();
    expect(client.last('welcome')).toMatchObject({ version: 1, features: [], room: 'room', subject: 'ada', role: 'editor' });
  });

  it('[VH5] renews the token of the same subject, applies its role, and closes when it ends', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor.60');
    ada.client.open(1, 'file');
    await relay.advance(30_000);
    ada.client.send({ type: 'renew', token: 'ada.viewer.120' });
    await relay.settle();
    expect(ada.client.last('renewed').role).toBe('viewer');
    ada.client.update(1, 1, createTypist(1).type('x'));
    await relay.settle();
    expect(ada.client.last('refused').reason).toBe('read-only');
    for (let elapsedMs = 30_000; elapsedMs < 120_000; elapsedMs += 30_000) {
      expect(ada.closes).toEqual([]);
      ada.client.send({ type: 'ping', nonce: 1 });
      await relay.advance(30_000);
    }
    expect(ada.closes).toEqual([4401]);
    const bob = await relay.join('bob.editor');
    bob.client.send({ type: 'renew', token: 'eve.editor' });
    await relay.settle();
    expect(bob.closes).toEqual([4401]);
  });

  it('a token that runs for months does not end at once', async () => {
    const relay = new RelayUnderTest({ heartbeatIntervalMs: 1e12 });
    const ada = await relay.join(`ada.editor.${90 * 24 * 3600}`);
    await relay.advance(60 * 24 * 3_600_000);
    expect(ada.closes).toEqual([]);
    await relay.advance(31 * 24 * 3_600_000);
    expect(ada.closes).toEqual([4401]);
  });

  it('[HB1] [HB2] answers pings and closes after 2.5 silent intervals', async () => {
    const relay = new RelayUnderTest({ heartbeatIntervalMs: 10_000 });
    const ada = await relay.join('ada.editor');
    await relay.advance(20_000);
    ada.client.send({ type: 'ping', nonce: 77 });
    await relay.settle();
    expect(ada.client.last('pong').nonce).toBe(77);
    await relay.advance(24_999);
    expect(ada.closes).toEqual([]);
    await relay.advance(1);
    expect(ada.closes).toEqual([1013]);
  });

  it.each([
    ['an unknown code', new Uint8Array([99])],
    ['an empty frame', new Uint8Array(0)],
    ['left-over bytes', new Uint8Array([...clientMessageCodec.encode({ type: 'ping', nonce: 1 }), 0])],
    ['a cut field', new Uint8Array([8])],
  ])('[FR3] closes with 4409 on %s', async (_what, frame) => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    const bob = await relay.join('bob.editor');
    ada.client.sendRaw(frame);
    await relay.settle();
    expect(ada.closes).toEqual([4409]);
    expect(bob.closes).toEqual([]);
  });

  it('[FR5] closes with 4413 on an oversized frame', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.sendRaw(new Uint8Array(PROTOCOL_LIMITS.maxFrameBytes + 1));
    await relay.settle();
    expect(ada.closes).toEqual([4413]);
  });

  it('[CH2] takes no hello inside chunks', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    const hello = clientMessageCodec.encode({ type: 'hello', version: 1, oldestVersion: 1, token: 'x', sessionId: 'session-0123456789', client: '', features: [] });
    ada.client.send({ type: 'chunk', stream: 1, totalBytes: hello.byteLength, offset: 0, payload: hello });
    await relay.settle();
    expect(ada.closes).toEqual([4409]);
  });

  it('closes on a state vector that is none', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file', { stateVector: new Uint8Array([200]) });
    await relay.settle();
    expect(ada.closes).toEqual([4409]);
  });

  it('[CC1] drains: acks what it took, then says goodbye with a hint', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    await relay.settle();
    ada.client.update(1, 1, createTypist(1).type('x'));
    await relay.settle();
    await relay.core.drain(1000);
    await relay.settle();
    expect(ada.client.received.slice(-2).map(({ type }) => type)).toEqual(['ack', 'goodbye']);
    expect(ada.client.last('goodbye')).toMatchObject({ closeCode: 1012 });
    expect(ada.client.last('goodbye').retryAfterMs).toBeGreaterThan(0);
    expect(ada.closes).toEqual([1012]);
  });
});
