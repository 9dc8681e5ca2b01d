import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { MemoryOfflineStore } from '../testing/memory-offline-store.ts';
import { contentOf, open, reconnect, startOpened, write } from '../testing/opened-document.ts';
import { settle } from '../testing/scripted-relay.ts';
import { startSession } from '../testing/session-under-test.ts';
import { OfflineStoreError } from './index.ts';

describe('what the relay may have lost', () => {
  it('[UP3] sends a deletion that others made a moment before the connection ended', async () => {
    const test = await startOpened();
    const { relay, handle, text, scheduler } = test;
    const { doc, updates } = write('keep gone');
    const before = new Y.Doc();
    Y.applyUpdate(before, Y.encodeStateAsUpdate(doc));
    doc.getText('content').delete(4, 5);
    for (const payload of updates) relay.latest.send({ type: 'update', handle, author: 2, committedSeq: 1, payload });
    await settle();
    expect(text.toString()).toBe('keep');
    await reconnect(test);
    relay.latest.answerOpen(before, { seq: 1 });
    const resent = relay.latest.ofType('update').map(({ payload }) => payload);
    expect(contentOf(resent, before)).toBe('keep');
    const { handle: newHandle, clientSeq } = relay.latest.last('update');
    relay.latest.send({ type: 'ack', handle: newHandle, clientSeq, seq: 2 });
    scheduler.advance(1000);
    await settle();
    await reconnect(test);
    relay.latest.answerOpen(before, { seq: 2 });
    expect(relay.latest.ofType('update')).toEqual([]);
  });

  it('[UP3] does not send old deletions of others again', async () => {
    const test = await startOpened();
    const { relay, handle, scheduler } = test;
    const { doc, updates } = write('keep gone');
    doc.getText('content').delete(4, 5);
    for (const payload of updates) relay.latest.send({ type: 'update', handle, author: 2, committedSeq: 1, payload });
    await settle();
    scheduler.advance(10_000);
    relay.latest.send({ type: 'pong', nonce: 1 });
    scheduler.advance(1);
    relay.latest.send({ type: 'pong', nonce: 2 });
    await reconnect(test);
    relay.latest.answerOpen(doc, { seq: 2 });
    expect(relay.latest.ofType('update')).toEqual([]);
  });

  it('[SY4] sends what still waits for structs that are missing here', async () => {
    const test = await startOpened();
    const { relay, handle } = test;
    const { updates } = write('a', 'b');
    relay.latest.send({ type: 'update', handle, author: 2, committedSeq: 0, payload: updates[1] ?? new Uint8Array() });
    await settle();
    await reconnect(test);
    relay.latest.answerOpen(new Y.Doc());
    const resent = relay.latest.ofType('update').map(({ payload }) => payload);
    expect(contentOf([updates[0] ?? new Uint8Array(), ...resent])).toBe('ab');
  });
});

describe('the store', () => {
  it('brings back at the next start what was typed without a relay, and sends it', async () => {
    const store = new MemoryOfflineStore();
    const first = await startSession({ store });
    open(first.session).text.insert(0, 'offline');
    await first.session.leave();

    const second = await startSession({ store, sessionId: 'session-9876543210' });
    const { text, replica } = open(second.session);
    await replica.whenLoaded;
    expect(text.toString()).toBe('offline');
    expect(replica.saveState.kind).toBe('on-this-device');
    second.relay.latest.welcome();
    second.relay.latest.answerOpen();
    const update = second.relay.latest.last('update');
    expect(contentOf([update.payload])).toBe('offline');
    second.relay.latest.send({ type: 'ack', handle: update.handle, clientSeq: update.clientSeq, seq: 1 });
    await settle();
    expect(await store.listUnacked()).toEqual([]);
  });

  it('sends what an earlier start left, although nobody opens the document', async () => {
    const store = new MemoryOfflineStore();
    const first = await startSession({ store });
    open(first.session).text.insert(0, 'left over');
    await first.session.leave();

    const { relay } = await startSession({ store, sessionId: 'session-9876543210' });
    relay.latest.welcome();
    await settle();
    const handle = relay.latest.answerOpen();
    const update = relay.latest.last('update');
    relay.latest.send({ type: 'ack', handle, clientSeq: update.clientSeq, seq: 1 });
    expect(relay.latest.ofType('close')).toEqual([{ type: 'close', handle }]);
  });

  it('keeps a document that was closed with unsent edits until the relay has them', async () => {
    const { lease, text, relay, handle } = await startOpened();
    text.insert(0, 'x');
    lease.dispose();
    expect(relay.latest.ofType('close')).toEqual([]);
    relay.latest.send({ type: 'ack', handle, clientSeq: relay.latest.last('update').clientSeq, seq: 1 });
    expect(relay.latest.ofType('close')).toHaveLength(1);
  });

  it('keeps edits in memory while the disk is full, says so once, and stores them later', async () => {
    const { store, text, replica, problems, scheduler, relay } = await startOpened();
    store.writeError = new OfflineStoreError('disk-full', 'The disk is full. Free some space.');
    text.insert(0, 'x');
    await settle();
    text.insert(1, 'y');
    scheduler.advance(2000);
    await settle();
    expect(replica.saveState.kind).toBe('saving');
    expect(relay.latest.ofType('update')).toHaveLength(2);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toHaveProperty('kind', 'store-failed');
    expect(problems[0]).toHaveProperty('explanation', expect.stringContaining('Free some space'));
    store.writeError = undefined;
    scheduler.advance(60_000);
    await settle();
    expect(replica.saveState.kind).toBe('on-this-device');
    expect(problems.at(-1)?.kind).toBe('store-recovered');
    expect(contentOf(store.disk.documentOf('file').rows.map(({ payload }) => payload))).toBe('xy');
  });

  it('does not save a cursor beyond what is stored', async () => {
    const { store, relay, handle, scheduler } = await startOpened();
    scheduler.advance(500);
    await settle();
    store.writeError = new OfflineStoreError('disk-full', 'The disk is full.');
    const { updates } = write('a');
    relay.latest.send({ type: 'update', handle, author: 2, committedSeq: 0, payload: updates[0] ?? new Uint8Array() });
    relay.latest.send({ type: 'committed', handle, seq: 1 });
    scheduler.advance(500);
    await settle();
    expect(store.disk.documentOf('file').cursor).toEqual({ epoch: 'e1', seq: 0 });
    expect(relay.latest.ofType('applied')).toEqual([]);
    store.writeError = undefined;
    scheduler.advance(60_000);
    await settle();
    expect(store.disk.documentOf('file').cursor).toEqual({ epoch: 'e1', seq: 1 });
  });

  it('works in memory when the stored document cannot be read', async () => {
    const store = new MemoryOfflineStore();
    store.loadError = new OfflineStoreError('corrupted', 'The file is damaged.');
    const { relay, text, replica, problems, handle } = await startOpened({ store });
    expect(problems).toMatchObject([{ kind: 'store-failed', document: 'file' }]);
    text.insert(0, 'x');
    expect(replica.saveState.kind).toBe('saving');
    relay.latest.send({ type: 'ack', handle, clientSeq: relay.latest.last('update').clientSeq, seq: 1 });
    expect(replica.saveState.kind).toBe('on-the-relay');
  });

  it('never stores a Yjs clientID for itself', async () => {
    const store = new MemoryOfflineStore();
    const first = await startSession({ store });
    const before = open(first.session);
    before.text.insert(0, 'x');
    const { clientID } = before.doc;
    await first.session.leave();
    const second = await startSession({ store, sessionId: 'session-9876543210' });
    const { doc, replica } = open(second.session);
    await replica.whenLoaded;
    expect(doc.clientID).not.toBe(clientID);
  });
});
