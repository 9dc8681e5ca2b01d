import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { contentOf, open, reconnect, startOpened, write } from '../testing/opened-document.ts';
import { settle } from '../testing/scripted-relay.ts';
import { startSession } from '../testing/session-under-test.ts';

describe('opening', () => {
  it('[DO3][SY3] is caught up with the last sync, and remembers how far it has everything', async () => {
    const { session, relay, scheduler, store } = await startSession();
    const { replica, text } = open(session);
    await settle();
    relay.latest.welcome();
    expect(session.state.kind).toBe('catching-up');
    expect(relay.latest.last('open')).toMatchObject({ document: 'file', epoch: '', afterSeq: 0 });
    relay.latest.answerOpen(write('hello').doc, { seq: 4 });
    await replica.whenSynced;
    expect(text.toString()).toBe('hello');
    expect(replica.access).toBe('write');
    expect(session.state.kind).toBe('online');
    scheduler.advance(500);
    await settle();
    expect(store.disk.documentOf('file').cursor).toEqual({ epoch: 'e1', seq: 4 });
    expect(relay.latest.last('applied')).toMatchObject({ seq: 4 });
  });

  it('opens one replica for many leases, and closes it with the last', async () => {
    const { session, relay } = await startSession();
    relay.latest.welcome();
    const first = open(session);
    const second = open(session);
    await settle();
    expect(first.replica).toBe(second.replica);
    const handle = relay.latest.answerOpen();
    first.lease.dispose();
    expect(relay.latest.ofType('close')).toEqual([]);
    second.lease.dispose();
    expect(relay.latest.ofType('close')).toEqual([{ type: 'close', handle }]);
  });

  it('[LM2] refuses names that the relay would not take', async () => {
    const { session } = await startSession();
    expect(() => session.open('../etc')).toThrow(RangeError);
  });

  it('[DO1] uses each handle once and opens a thousand documents', async () => {
    const { session, relay } = await startSession();
    for (let index = 0; index < 1000; index++) open(session, `file-${index}`);
    await settle();
    relay.latest.welcome();
    const handles = relay.latest.ofType('open').map(({ handle }) => handle);
    expect(new Set(handles).size).toBe(1000);
  });

  it('[DO4] takes updates that arrive before the document is opened', async () => {
    const { session, relay } = await startSession();
    const { text } = open(session);
    await settle();
    relay.latest.welcome();
    const { doc, updates } = write('a', 'b');
    const { handle } = relay.latest.last('open');
    relay.latest.send({ type: 'update', handle, author: 2, committedSeq: 1, payload: updates[1] ?? new Uint8Array() });
    relay.latest.answerOpen(doc, { seq: 2 });
    await settle();
    expect(text.toString()).toBe('ab');
  });

  it('[DO6] opens again with a new handle when the relay asks for it', async () => {
    const { relay, handle } = await startOpened();
    relay.latest.send({ type: 'document-closed', handle, reason: 'reopen', explanation: '' });
    expect(relay.latest.last('open').handle).not.toBe(handle);
  });

  it('[DO5] tells the person when the relay cannot read a document, and tries again later', async () => {
    const { relay, handle, scheduler, problems, session } = await startOpened();
    relay.latest.send({
      type: 'document-closed',
      handle,
      reason: 'unreadable',
      explanation: 'The disk of the relay failed.',
    });
    expect(problems).toMatchObject([{ kind: 'document-closed', document: 'file' }]);
    expect(session.state.kind).toBe('online');
    scheduler.advance(5000);
    expect(relay.latest.ofType('open')).toHaveLength(2);
  });

  it('[LM1] tries again less and less often while too many documents are open', async () => {
    const { relay, scheduler } = await startOpened();
    const refuse = () => {
      const { handle } = relay.latest.last('open');
      relay.latest.send({ type: 'document-closed', handle, reason: 'too-many-documents', explanation: 'Too many.' });
    };
    const countOpens = () => relay.latest.ofType('open').length;
    refuse();
    scheduler.advance(5_000);
    expect(countOpens()).toBe(2);
    refuse();
    scheduler.advance(9_000);
    expect(countOpens()).toBe(2);
    scheduler.advance(1_000);
    expect(countOpens()).toBe(3);
  });
});

describe('edits and acks', () => {
  it('[UP1][UP4] goes from saving to this device, the relay, and everybody', async () => {
    const { relay, replica, text, session } = await startOpened();
    text.insert(0, 'x');
    expect(replica.saveState.kind).toBe('saving');
    const update = relay.latest.last('update');
    await settle();
    expect(replica.saveState.kind).toBe('on-this-device');
    const { handle, clientSeq } = update;
    relay.latest.send({ type: 'ack', handle, clientSeq, seq: 1 });
    expect(replica.saveState.kind).toBe('on-the-relay');
    const identity = { subject: 'ada', name: 'Ada', role: 'owner' } as const;
    relay.latest.send({ type: 'presence', entries: [{ presenceId: 2, isGone: false, identity, state: undefined }] });
    relay.latest.send({
      type: 'seen',
      handle,
      entries: [
        { presenceId: 2, seq: 1 },
        { presenceId: 3, seq: 0 },
      ],
    });
    expect(replica.saveState.kind).toBe('seen-by-all-present');
    expect(session.participants.size).toBe(1);
  });

  it('[UP4] forgets in the store what is acked', async () => {
    const { relay, store, text, handle } = await startOpened();
    text.insert(0, 'x');
    text.insert(1, 'y');
    const [first, second] = relay.latest.ofType('update');
    await settle();
    expect(store.disk.documentOf('file').unacked.size).toBe(2);
    relay.latest.send({ type: 'ack', handle, clientSeq: first?.clientSeq ?? 0, seq: 1 });
    await settle();
    expect(store.disk.documentOf('file').unacked.size).toBe(1);
    relay.latest.send({ type: 'ack', handle, clientSeq: second?.clientSeq ?? 0, seq: 2 });
    await settle();
    expect(store.disk.documentOf('file').unacked.size).toBe(0);
  });

  it('waits, before leaving, for the relay to have every edit, but not longer than told', async () => {
    const { relay, session, text, handle, scheduler } = await startOpened();
    await session.whenDelivered(1000);
    const outcomes: string[] = [];
    const wait = (name: string) => session.whenDelivered(1000).then(() => outcomes.push(name));
    text.insert(0, 'x');
    void wait('acked');
    await settle();
    expect(outcomes).toEqual([]);
    relay.latest.send({ type: 'ack', handle, clientSeq: relay.latest.last('update').clientSeq, seq: 1 });
    await settle();
    expect(outcomes).toEqual(['acked']);
    text.insert(1, 'y');
    void wait('late');
    scheduler.advance(999);
    await settle();
    expect(outcomes).toEqual(['acked']);
    scheduler.advance(1);
    await settle();
    expect(outcomes).toEqual(['acked', 'late']);
    void wait('lost');
    relay.latest.pair.cut();
    await settle();
    expect(outcomes).toEqual(['acked', 'late', 'lost']);
    await session.whenDelivered(1000);
  });

  it('[SY4] sends again, merged and under a new number, what was not acked when the connection ended', async () => {
    const test = await startOpened();
    const { relay, text, handle } = test;
    text.insert(0, 'a');
    text.insert(1, 'b');
    const first = relay.latest.ofType('update')[0];
    const durable = write();
    Y.applyUpdate(durable.doc, first?.payload ?? new Uint8Array());
    relay.latest.send({ type: 'ack', handle, clientSeq: first?.clientSeq ?? 0, seq: 1 });
    const before = relay.latest.last('update').clientSeq;
    await settle();
    await reconnect(test);
    text.insert(2, 'c');
    expect(relay.latest.ofType('update')).toEqual([]);
    relay.latest.answerOpen(durable.doc, { seq: 1 });
    const resent = relay.latest.ofType('update');
    expect(resent).toHaveLength(1);
    expect(resent[0]?.clientSeq).toBeGreaterThan(before);
    expect(
      contentOf(
        resent.map(({ payload }) => payload),
        durable.doc,
      ),
    ).toBe('abc');
  });

  it('[SY4] sends what the relay lost although it was acked', async () => {
    const test = await startOpened();
    const { relay, text, handle } = test;
    text.insert(0, 'acked');
    relay.latest.send({ type: 'ack', handle, clientSeq: relay.latest.last('update').clientSeq, seq: 1 });
    await settle();
    await reconnect(test);
    relay.latest.answerOpen(new Y.Doc());
    expect(contentOf(relay.latest.ofType('update').map(({ payload }) => payload))).toBe('acked');
  });

  it('[SY4] sends nothing when the relay lacks nothing', async () => {
    const test = await startOpened();
    const { relay, text, handle, doc } = test;
    text.insert(0, 'acked');
    relay.latest.send({ type: 'ack', handle, clientSeq: relay.latest.last('update').clientSeq, seq: 1 });
    await settle();
    await reconnect(test);
    relay.latest.answerOpen(doc, { seq: 1 });
    expect(relay.latest.ofType('update')).toEqual([]);
  });

  it('[SY6] compares everything after a new epoch, deletions too, and keeps the old cursor until the relay has it', async () => {
    const test = await startOpened();
    const { relay, text, handle, scheduler, store } = test;
    text.insert(0, 'keep-gone');
    const inserted = relay.latest.last('update').payload;
    text.delete(4, 5);
    relay.latest.send(
      { type: 'ack', handle, clientSeq: relay.latest.last('update').clientSeq, seq: 2 },
      { type: 'committed', handle, seq: 2 },
    );
    scheduler.advance(500);
    await settle();
    expect(store.disk.documentOf('file').cursor).toEqual({ epoch: 'e1', seq: 2 });
    await reconnect(test);
    const restored = new Y.Doc();
    Y.applyUpdate(restored, inserted);
    relay.latest.answerOpen(restored, { epoch: 'e2', seq: 1 });
    const resent = relay.latest.ofType('update');
    expect(
      contentOf(
        resent.map(({ payload }) => payload),
        restored,
      ),
    ).toBe('keep');
    scheduler.advance(500);
    await settle();
    expect(store.disk.documentOf('file').cursor).toEqual({ epoch: 'e1', seq: 2 });
    const last = relay.latest.last('update');
    relay.latest.send({ type: 'ack', handle: last.handle, clientSeq: last.clientSeq, seq: 2 });
    scheduler.advance(500);
    await settle();
    expect(store.disk.documentOf('file').cursor).toEqual({ epoch: 'e2', seq: 1 });
  });

  it('[UP7] tries again under a new number when the relay was busy, and not by itself when the edit is refused', async () => {
    const { relay, text, handle, scheduler, replica, problems } = await startOpened();
    text.insert(0, 'a');
    const first = relay.latest.last('update');
    relay.latest.send({
      type: 'refused',
      handle,
      clientSeq: first.clientSeq,
      reason: 'rate-limited',
      explanation: 'slower',
    });
    text.insert(1, 'b');
    expect(relay.latest.ofType('update')).toHaveLength(1);
    scheduler.advance(1000);
    const retried = relay.latest.last('update');
    expect(retried.clientSeq).toBeGreaterThan(first.clientSeq);
    expect(contentOf([retried.payload])).toBe('ab');
    await settle();
    expect(replica.saveState.kind).toBe('on-this-device');
    relay.latest.send({
      type: 'refused',
      handle,
      clientSeq: retried.clientSeq,
      reason: 'malformed',
      explanation: 'broken',
    });
    text.insert(2, 'c');
    const third = relay.latest.last('update');
    relay.latest.send({ type: 'ack', handle, clientSeq: third.clientSeq, seq: 1 });
    scheduler.advance(60_000);
    expect(relay.latest.last('update')).toEqual(third);
    expect(replica.saveState).toEqual({ kind: 'refused', explanation: 'broken' });
    expect(problems).toMatchObject([{ kind: 'update-refused', document: 'file' }]);
  });

  it('[UP6] keeps the edits of somebody who may only read, and sends them when they may write', async () => {
    const test = await startSession();
    const { text, replica } = open(test.session);
    await settle();
    test.relay.latest.welcome();
    test.relay.latest.answerOpen(new Y.Doc(), { access: 'read' });
    text.insert(0, 'proposal');
    await settle();
    expect(replica.saveState.kind).toBe('refused');
    expect(test.relay.latest.ofType('update')).toEqual([]);
    await reconnect(test);
    test.relay.latest.answerOpen();
    expect(contentOf(test.relay.latest.ofType('update').map(({ payload }) => payload))).toBe('proposal');
  });

  it('[CH1][FR5] sends a large edit in chunks', async () => {
    const { relay, text } = await startOpened();
    text.insert(0, 'x'.repeat(500_000));
    text.insert(0, 'y');
    relay.latest.answerPings();
    const [large, small] = relay.latest.ofType('update');
    expect(relay.latest.longestFrameBytes).toBeLessThanOrEqual(64 * 1024);
    expect(large?.clientSeq).toBeLessThan(small?.clientSeq ?? 0);
    expect(contentOf([large, small].map((update) => update?.payload ?? new Uint8Array()))).toHaveLength(500_001);
  });

  it('[LM1] keeps an edit that is larger than the relay takes, and says so', async () => {
    const { relay, text, replica, problems } = await startOpened();
    text.insert(0, 'x'.repeat(2_000_000));
    text.insert(0, 'y');
    await settle();
    expect(relay.latest.ofType('update')).toHaveLength(1);
    expect(replica.saveState.kind).toBe('refused');
    expect(problems).toMatchObject([{ kind: 'update-refused' }]);
  });
});

describe('what others write', () => {
  it('[SY3] applies many updates of one turn in one transaction and stores them all', async () => {
    const { relay, handle, doc, text, store } = await startOpened();
    let transactions = 0;
    doc.on('update', () => transactions++);
    const { updates } = write(...Array.from('hello world'));
    relay.latest.send(
      ...updates.map(
        (payload, index) => ({ type: 'update', handle, author: 2, committedSeq: index, payload }) as const,
      ),
    );
    await settle();
    expect(text.toString()).toBe('hello world');
    expect(transactions).toBe(1);
    expect(contentOf(store.disk.documentOf('file').rows.map(({ payload }) => payload))).toBe('hello world');
    expect(relay.latest.ofType('update')).toEqual([]);
  });

  it('[SY3] ignores committed numbers before the last sync', async () => {
    const { session, relay, scheduler, store } = await startSession();
    open(session);
    await settle();
    relay.latest.welcome();
    const { handle } = relay.latest.last('open');
    const { doc, updates } = write('a');
    relay.latest.send({ type: 'update', handle, author: 2, committedSeq: 9, payload: updates[0] ?? new Uint8Array() });
    relay.latest.send({ type: 'committed', handle, seq: 9 });
    relay.latest.answerOpen(doc, { seq: 3 });
    scheduler.advance(1000);
    await settle();
    expect(store.disk.documentOf('file').cursor).toEqual({ epoch: 'e1', seq: 3 });
  });

  it('[PR5] says how far it has stored, at most once per half second', async () => {
    const { relay, handle, scheduler } = await startOpened();
    for (let seq = 1; seq <= 5; seq++) relay.latest.send({ type: 'committed', handle, seq });
    scheduler.advance(499);
    await settle();
    expect(relay.latest.ofType('applied')).toEqual([]);
    scheduler.advance(1);
    await settle();
    expect(relay.latest.ofType('applied')).toEqual([{ type: 'applied', handle, seq: 5 }]);
  });

  it('reports a damaged update, opens the document again once, and goes on', async () => {
    const { relay, handle, text, problems, session } = await startOpened();
    relay.latest.send({ type: 'update', handle, author: 2, committedSeq: 1, payload: new Uint8Array([9, 9, 9]) });
    await settle();
    expect(problems).toMatchObject([{ kind: 'malformed-document', document: 'file' }]);
    expect(relay.latest.last('open')).toMatchObject({ epoch: '', afterSeq: 0 });
    relay.latest.answerOpen(write('fine').doc, { seq: 2 });
    expect(text.toString()).toBe('fine');
    expect(session.state.kind).toBe('online');
    relay.latest.send({
      type: 'update',
      handle: relay.latest.last('open').handle,
      author: 2,
      committedSeq: 3,
      payload: new Uint8Array([9, 9, 9]),
    });
    await settle();
    expect(relay.latest.ofType('open')).toHaveLength(2);
    expect(text.toString()).toBe('fine');
  });
});
