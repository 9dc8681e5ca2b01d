import { describe, expect, it } from 'vitest';
import { ClusterUnderTest, HEAD_POLL_INTERVAL_MS } from '../testing/cluster-under-test.ts';
import { createTypist } from '../testing/raw-client.ts';

const KEY = { tenant: 'default', room: 'room', document: 'file' };
const BY_ANA = { atMs: 1, kind: 'person-revoked', actor: 'ana', actorName: 'Ana', target: '', detail: '' } as const;
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
/** Longer than a commit, a notice or the patience with a gap takes; far shorter than the next look at the log. */
const SHORT_WHILE_MS = 300;

async function setUp(document = 'file') {
  const cluster = new ClusterUnderTest(2);
  const ada = await cluster.join(0, 'ada.editor');
  const bob = await cluster.join(1, 'bob.editor');
  const typist = createTypist(1);
  ada.client.open(1, document);
  await cluster.settleAll();
  // The document is there, so that its epoch is the same for both.
  ada.client.update(1, 1, typist.type('a'));
  await cluster.advance(5);
  bob.client.open(1, document);
  await cluster.settleAll();
  await cluster.advance(SHORT_WHILE_MS);
  await cluster.settleAll();
  return { cluster, ada, bob, typist };
}

describe('a document on two nodes', () => {
  it('[UP3] [SY3] sends an edit on at once, and its commit when it is in the log', async () => {
    const { cluster, ada, bob, typist } = await setUp();
    const heard = bob.client.all('update').length;
    ada.client.update(1, 2, typist.type('b'));
    await cluster.settleAll();
    expect(bob.client.last('update')).toMatchObject({ author: ada.client.last('welcome').presenceId, committedSeq: 1 });
    expect(bob.client.textOf(1)).toBe('ab');
    expect(ada.client.last('ack').seq).toBe(1);
    await cluster.advance(5);
    await cluster.settleAll();
    await cluster.advance(SHORT_WHILE_MS);
    expect(ada.client.last('ack').seq).toBe(2);
    expect(bob.client.last('committed').seq).toBe(2);
    expect(bob.client.all('update')).toHaveLength(heard + 1);
  });

  it('[SY1] numbers the edits of all nodes in one order, and acks each its own', async () => {
    const { cluster, ada, bob, typist } = await setUp();
    ada.client.update(1, 2, typist.type('b'));
    bob.client.update(1, 1, createTypist(2).type('c'));
    await cluster.settleAll();
    bob.client.update(1, 2, createTypist(3).type('d'));
    await cluster.advance(5);
    await cluster.settleAll();
    await cluster.advance(SHORT_WHILE_MS);
    await cluster.settleAll();
    expect((await cluster.log.readUpdates(KEY, ALL)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(ada.client.last('ack')).toMatchObject({ clientSeq: 2, seq: 2 });
    expect(bob.client.last('ack')).toMatchObject({ clientSeq: 2, seq: 4 });
    await cluster.advance(SHORT_WHILE_MS);
    for (const { client } of [ada, bob]) expect(client.last('committed').seq).toBe(4);
    expect(ada.client.textOf(1)).toContain('d');
  });

  it('reads from the log what was lost on the way, before it promises anything beyond', async () => {
    const { cluster, ada, bob, typist } = await setUp();
    ada.client.update(1, 2, typist.type('b'));
    await cluster.settle();
    cluster.hub.loseAll();
    ada.client.update(1, 3, typist.type('c'));
    await cluster.advance(5);
    await cluster.settleAll();
    expect(bob.client.textOf(1)).toBe('a');
    expect(bob.client.all('committed')).toEqual([]);
    await cluster.advance(SHORT_WHILE_MS);
    await cluster.advance(SHORT_WHILE_MS);
    expect(bob.client.textOf(1)).toBe('abc');
    expect(bob.client.last('committed').seq).toBe(3);
  });

  it('finds everything in the log when the backplane carries nothing at all', async () => {
    const { cluster, ada, bob, typist } = await setUp();
    ada.client.update(1, 2, typist.type('b'));
    bob.client.update(1, 1, createTypist(2).type('c'));
    await cluster.advance(5);
    cluster.hub.loseAll();
    await cluster.advance(HEAD_POLL_INTERVAL_MS);
    await cluster.advance(SHORT_WHILE_MS);
    await cluster.advance(SHORT_WHILE_MS);
    expect(ada.client.textOf(1)).toContain('c');
    expect(bob.client.textOf(1)).toContain('ab');
    for (const { client } of [ada, bob]) expect(client.last('committed').seq).toBe(3);
  });

  it('[DO4] [SY3] gives one who opens it what was passed on before and commits after', async () => {
    const { cluster, ada, bob, typist } = await setUp();
    ada.client.update(1, 2, typist.type('b'));
    await cluster.settleAll();
    expect(bob.client.textOf(1)).toBe('ab');
    // Passed on at node 1, not committed yet.
    const carl = await cluster.join(1, 'carl.editor');
    carl.client.open(1, 'file');
    await cluster.settle();
    expect(carl.client.textOf(1)).toBe('a');
    await cluster.advance(5);
    await cluster.settleAll();
    await cluster.advance(SHORT_WHILE_MS);
    await cluster.advance(SHORT_WHILE_MS);
    expect(carl.client.last('committed').seq).toBe(2);
    expect(carl.client.textOf(1)).toBe('ab');
  });

  it('[DO4] [SY3] gives one who opens it what was passed on before and lies beyond a gap', async () => {
    const { cluster, ada, bob, typist } = await setUp();
    ada.client.update(1, 2, typist.type('b'));
    await cluster.settle();
    cluster.hub.loseAll();
    ada.client.update(1, 3, typist.type('c'));
    await cluster.settleAll();
    const gate = Promise.withResolvers<void>();
    const readLast = cluster.log.readLastOfSession.bind(cluster.log);
    cluster.log.readLastOfSession = async (key, session) => {
      await gate.promise;
      return readLast(key, session);
    };
    const carl = await cluster.join(1, 'carl.editor');
    carl.client.open(1, 'file');
    // While it is being opened, both are committed: one was lost, the other was passed on before it was opened.
    await cluster.advance(5);
    await cluster.settleAll();
    gate.resolve();
    await cluster.advance(SHORT_WHILE_MS);
    await cluster.advance(SHORT_WHILE_MS);
    for (const { client } of [bob, carl]) {
      expect(client.last('committed').seq).toBe(3);
      expect(client.textOf(1)).toBe('abc');
    }
  });

  it('[SY2] shows on every node at once what another has committed, without a word between them', async () => {
    const { cluster, ada, typist } = await setUp();
    ada.client.update(1, 2, typist.type('b'));
    await cluster.advance(5);
    cluster.hub.loseAll();
    const carl = await cluster.join(1, 'carl.editor');
    carl.client.open(1, 'file');
    await cluster.settle();
    expect(carl.client.last('opened').headSeq).toBe(2);
    expect(carl.client.textOf(1)).toBe('ab');
  });

  it('[UP5] takes an edit once when its author moves to another node and sends it again', async () => {
    const { cluster, ada, typist } = await setUp();
    const update = typist.type('b');
    ada.client.update(1, 2, update);
    await cluster.settle();
    ada.pair.cut();
    const again = await cluster.join(1, 'ada.editor', 'session-0000000001');
    again.client.open(1, 'file');
    await cluster.settle();
    again.client.update(1, 2, update);
    await cluster.advance(5);
    await cluster.settleAll();
    await cluster.advance(5);
    expect(again.client.last('ack')).toMatchObject({ clientSeq: 2, seq: 2 });
    expect(await cluster.log.readUpdates(KEY, ALL)).toHaveLength(2);
  });

  it('[SY6] begins a new epoch on all nodes when an older copy of the log was restored under them', async () => {
    const { cluster, ada, bob, typist } = await setUp();
    ada.client.update(1, 2, typist.type('b'));
    await cluster.advance(5);
    await cluster.settleAll();
    await cluster.advance(SHORT_WHILE_MS);
    const { epoch } = ada.client.last('opened');
    const readHeads = cluster.log.readHeads.bind(cluster.log);
    // The log without its last row.
    cluster.log.readHeads = async (keys) => (await readHeads(keys)).map((head) => head && { ...head, headSeq: 1 });
    await cluster.advance(HEAD_POLL_INTERVAL_MS);
    await cluster.advance(SHORT_WHILE_MS);
    await cluster.advance(HEAD_POLL_INTERVAL_MS);
    for (const { client } of [ada, bob]) expect(client.all('document-closed')).toMatchObject([{ reason: 'reopen' }]);
    const [head] = await cluster.log.readHeads([KEY]);
    expect(head?.epoch).not.toBe(epoch);
    expect(cluster.problems).toEqual([]);
  });

  it('[DO6] keeps nothing of a document that was closed on everybody, and that nobody opens again', async () => {
    const { cluster, ada, bob } = await setUp();
    const [head] = await cluster.log.readHeads([KEY]);
    await cluster.log.replaceEpoch(KEY, head?.epoch ?? '', 'epoch-of-a-repair');
    await cluster.advance(HEAD_POLL_INTERVAL_MS);
    for (const { client } of [ada, bob]) expect(client.all('document-closed')).toMatchObject([{ reason: 'reopen' }]);
    for (let waitedMs = 0; waitedMs < 40_000; waitedMs += 10_000) {
      for (const { client } of [ada, bob]) client.send({ type: 'ping', nonce: 1 });
      await cluster.advance(10_000);
    }
    const intruder = cluster.joinBackplane();
    // A node that has the document looks into its updates.
    const update = { kind: 'update', document: 'file', origin: 1, author: 1, payload: new Uint8Array([9, 9]) } as const;
    intruder.publish(KEY, update);
    await cluster.settleAll();
    intruder.dispose();
    expect(cluster.problems).toEqual([]);
  });

  it('[UP2] takes no malformed update from the backplane, and nobody notices', async () => {
    const { cluster, bob } = await setUp();
    const heard = bob.client.received.length;
    const intruder = cluster.joinBackplane();
    const update = { kind: 'update', document: 'file', origin: 1, author: 1, payload: new Uint8Array([9, 9]) } as const;
    intruder.publish(KEY, update);
    intruder.publish(KEY, { kind: 'presence', isWhole: true, message: new Uint8Array([200, 1]) });
    await cluster.settleAll();
    intruder.dispose();
    expect(bob.client.received).toHaveLength(heard);
    // Each of the two nodes reports each of the two.
    expect(cluster.problems).toHaveLength(4);
  });
});

describe('people on two nodes', () => {
  it('[PR2] [PR3] [PR4] see each other come, show and go', async () => {
    const { cluster, ada, bob } = await setUp();
    const adaId = ada.client.last('welcome').presenceId;
    const entriesOf = (presenceId: number) =>
      bob.client.all('presence').flatMap(({ entries }) => entries.filter((entry) => entry.presenceId === presenceId));
    expect(entriesOf(adaId)).toMatchObject([{ identity: { subject: 'ada', name: 'Name of ada', role: 'editor' } }]);
    ada.client.send({ type: 'presence', state: new Uint8Array([7]) });
    await cluster.advance(50);
    await cluster.settleAll();
    await cluster.advance(50);
    expect(entriesOf(adaId).at(-1)).toEqual({
      presenceId: adaId,
      isGone: false,
      identity: undefined,
      state: new Uint8Array([7]),
    });
    ada.pair.cut();
    await cluster.advance(50);
    await cluster.settleAll();
    await cluster.advance(50);
    expect(entriesOf(adaId).at(-1)).toMatchObject({ isGone: true });
  });

  it('[PR3] are introduced to one who comes later', async () => {
    const { cluster, ada, bob } = await setUp();
    const carl = await cluster.join(1, 'carl.viewer');
    const subjects = carl.client.all('presence')[0]?.entries.map(({ identity }) => identity?.subject);
    expect(subjects?.sort()).toEqual(['ada', 'bob', 'carl']);
    expect([ada, bob]).toHaveLength(2);
  });

  it('are known to every node that somebody is in the room at, each once', async () => {
    const { cluster } = await setUp();
    await cluster.join(1, 'ada.editor');
    await cluster.advance(50);
    await cluster.settleAll();
    for (const node of [0, 1]) expect(cluster.connectedSubjects(node).toSorted()).toEqual(['ada', 'bob']);
  });

  it('[PR4] are gone when their node dies, once its lease has ended', async () => {
    const { cluster, ada, bob } = await setUp();
    cluster.kill(0);
    cluster.hub.loseAll();
    for (let waitedMs = 0; waitedMs < 25_000; waitedMs += 1_000) {
      bob.client.send({ type: 'ping', nonce: 1 });
      await cluster.advance(1_000);
    }
    expect(bob.client.last('presence').entries).toMatchObject([
      { presenceId: ada.client.last('welcome').presenceId, isGone: true },
    ]);
  });

  it('are told again in full when what was said about them got lost', async () => {
    const { cluster, bob } = await setUp();
    const carl = await cluster.join(0, 'carl.editor');
    await cluster.advance(50);
    cluster.hub.loseAll();
    carl.client.send({ type: 'presence', state: new Uint8Array([1]) });
    await cluster.advance(50);
    // Node 1 hears of somebody whom it does not know, and asks.
    await cluster.settleAll();
    await cluster.settleAll();
    await cluster.advance(50);
    expect(bob.client.last('presence').entries).toMatchObject([
      { identity: { subject: 'carl' }, state: new Uint8Array([1]) },
    ]);
  });

  it('[PR5] see how far the others have stored a document', async () => {
    const { cluster, ada, bob } = await setUp();
    bob.client.send({ type: 'applied', handle: 1, seq: 1 });
    await cluster.advance(50);
    await cluster.settleAll();
    await cluster.advance(50);
    const entries = [{ presenceId: bob.client.last('welcome').presenceId, seq: 1 }];
    expect(ada.client.last('seen').entries).toEqual(entries);
    const carl = await cluster.join(0, 'carl.editor');
    carl.client.open(1, 'file');
    await cluster.settle();
    expect(carl.client.last('seen').entries).toEqual(entries);
  });

  it('are thrown out on every node', async () => {
    const { cluster, bob } = await setUp();
    const carl = await cluster.join(0, 'carl.editor');
    const issuer = cluster.joinBackplane();
    await cluster.directory.change(KEY, { kind: 'revoke-subject', subject: 'carl' }, BY_ANA);
    const { version } = await cluster.directory.change(KEY, { kind: 'revoke-subject', subject: 'bob' }, BY_ANA);
    issuer.publish(KEY, { kind: 'access', version });
    await cluster.settleAll();
    issuer.dispose();
    for (const { client } of [bob, carl]) expect(client.last('goodbye').closeCode).toBe(4403);
  });
});
