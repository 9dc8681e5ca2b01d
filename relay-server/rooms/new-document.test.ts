import { describe, expect, it } from 'vitest';
import { LogFailure } from '../log/log-failure.ts';
import { ClusterUnderTest, HEAD_POLL_INTERVAL_MS } from '../testing/cluster-under-test.ts';
import { createTypist } from '../testing/raw-client.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

const KEY = { tenant: 'default', room: 'room', document: 'file' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
const BY_ANA = { atMs: 1, kind: 'role-changed', actor: 'ana', actorName: 'Ana', target: '', detail: '' } as const;
/** Longer than a commit, a notice or the patience with a gap takes; far shorter than the next look at the log. */
const SHORT_WHILE_MS = 300;

async function startWithTwo(roleOfAda: string, roleOfBob: string) {
  const cluster = new ClusterUnderTest(2);
  const ada = await cluster.join(0, `ada.${roleOfAda}`);
  const bob = await cluster.join(1, `bob.${roleOfBob}`);
  const pass = async (ms: number) => {
    await cluster.settleAll();
    await cluster.advance(ms);
    await cluster.settleAll();
  };
  return { cluster, ada: ada.client, bob: bob.client, pass };
}

describe('a new document on two nodes', () => {
  it('[SY1] is in one epoch from its opening on, and those who write it at once need not open it again', async () => {
    const { cluster, ada, bob, pass } = await startWithTwo('editor', 'editor');
    for (const client of [ada, bob]) client.open(1, 'file');
    await cluster.settleAll();
    const { epoch } = ada.last('opened');
    expect(bob.last('opened').epoch).toBe(epoch);
    expect(await cluster.log.readDocument(KEY)).toMatchObject({ epoch, headSeq: 0 });
    const [typistA, typistB] = [createTypist(1), createTypist(2)];
    for (let clientSeq = 1; clientSeq <= 3; clientSeq++) {
      ada.update(1, clientSeq, typistA.type('x'));
      bob.update(1, clientSeq, typistB.type('y'));
      await pass(5);
    }
    await pass(SHORT_WHILE_MS);
    expect(await cluster.log.readDocument(KEY)).toMatchObject({ epoch, headSeq: 6 });
    expect([ada.textOf(1), bob.textOf(1)]).toEqual(['yyy', 'xxx']);
    for (const client of [ada, bob]) {
      expect(client.last('ack').clientSeq).toBe(3);
      expect(client.all('document-closed')).toEqual([]);
    }
  });

  it('[SY1] is found by one who opens it late, with what was written meanwhile', async () => {
    const { cluster, ada, bob, pass } = await startWithTwo('editor', 'editor');
    ada.open(1, 'file');
    await cluster.settleAll();
    const settle = cluster.log.settleEpoch.bind(cluster.log);
    const gate = Promise.withResolvers<void>();
    cluster.log.settleEpoch = async (key, epoch) => {
      await gate.promise;
      return settle(key, epoch);
    };
    const read = cluster.log.readDocument.bind(cluster.log);
    // Bob's node has looked a moment before Ada's opened it.
    cluster.log.readDocument = async () => undefined;
    bob.open(1, 'file');
    await cluster.settleAll();
    cluster.log.readDocument = read;
    ada.update(1, 1, createTypist(1).type('x'));
    await pass(5);
    gate.resolve();
    await pass(SHORT_WHILE_MS);
    expect(bob.last('opened').epoch).toBe(ada.last('opened').epoch);
    expect(bob.textOf(1)).toBe('x');
    expect(bob.all('document-closed')).toEqual([]);
    expect(cluster.problems).toEqual([]);
  });

  it('[DO5] [SY1] leaves nothing behind when those who may only read it open it', async () => {
    const { cluster, ada, bob } = await startWithTwo('viewer', 'commenter');
    for (let handle = 1; handle <= 20; handle++) {
      ada.open(handle, `file-${handle}`);
      bob.open(handle, `file-${handle}`);
    }
    await cluster.settleAll();
    expect([ada, bob].map((client) => client.all('opened').length)).toEqual([20, 20]);
    const keys = Array.from({ length: 20 }, (_, index) => ({ ...KEY, document: `file-${index + 1}` }));
    expect((await cluster.log.readHeads(keys)).filter((head) => head !== undefined)).toEqual([]);
  });

  it('[SY1] [DO6] is not said to have been restored to readers of a node where nobody may write', async () => {
    const { cluster, ada, bob, pass } = await startWithTwo('viewer', 'editor');
    ada.open(1, 'file');
    await cluster.settleAll();
    bob.open(1, 'file');
    await pass(HEAD_POLL_INTERVAL_MS);
    expect(ada.last('document-closed')).toMatchObject({ handle: 1, reason: 'reopen' });
    expect(ada.last('document-closed').explanation).toContain('begun to write');
    ada.open(2, 'file');
    await cluster.settleAll();
    await cluster.log.replaceEpoch(KEY, bob.last('opened').epoch, 'restored');
    await pass(HEAD_POLL_INTERVAL_MS);
    expect(ada.last('document-closed')).toMatchObject({ handle: 2, reason: 'reopen' });
    expect(ada.last('document-closed').explanation).toContain('was restored');
  });

  it('[SY1] [DO6] is opened again by readers who came before the first writer, and by no one else', async () => {
    const { cluster, ada, bob, pass } = await startWithTwo('viewer', 'editor');
    ada.open(1, 'file');
    await cluster.settleAll();
    bob.open(1, 'file');
    const carl = (await cluster.join(0, 'carl.editor')).client;
    carl.open(1, 'file');
    await pass(HEAD_POLL_INTERVAL_MS);
    expect(ada.all('document-closed')).toMatchObject([{ handle: 1, reason: 'reopen' }]);
    ada.open(2, 'file');
    await pass(SHORT_WHILE_MS);
    const { epoch } = bob.last('opened');
    expect([ada.last('opened').epoch, carl.last('opened').epoch]).toEqual([epoch, epoch]);
    for (const client of [bob, carl]) expect(client.all('document-closed')).toEqual([]);
  });

  it('[SY1] [AC2] is settled when one who has it open may write from then on', async () => {
    const { cluster, ada, bob, pass } = await startWithTwo('viewer', 'viewer');
    for (const client of [ada, bob]) client.open(1, 'file');
    await cluster.settleAll();
    const role = { kind: 'set-role', subject: 'ada', role: 'editor' } as const;
    const { version } = await cluster.directory.change(KEY, role, BY_ANA);
    const issuer = cluster.joinBackplane();
    issuer.publish(KEY, { kind: 'access', version });
    await pass(5);
    issuer.dispose();
    const { epoch } = ada.last('opened');
    expect(await cluster.log.readDocument(KEY)).toMatchObject({ epoch, headSeq: 0 });
    ada.update(1, 1, createTypist(1).type('x'));
    await pass(5);
    expect(ada.last('ack').seq).toBe(1);
    expect(ada.all('document-closed')).toEqual([]);
  });

  it('[DO5] is opened all the same when the database is full', async () => {
    const { cluster, ada, pass } = await startWithTwo('editor', 'editor');
    cluster.log.settleEpoch = () => Promise.reject(new LogFailure('full', 'the disk is full'));
    ada.open(1, 'file');
    await pass(5);
    expect(ada.last('opened')).toMatchObject({ headSeq: 0, access: 'write' });
  });
});

it('[DO5] writes nothing for the opening of a new document when there is one node', async () => {
  const relay = new RelayUnderTest();
  const { client } = await relay.join('ada.editor');
  client.open(1, 'file');
  await relay.settle();
  expect(client.last('opened').headSeq).toBe(0);
  expect(await relay.log.readDocument(KEY)).toBeUndefined();
  expect(await relay.log.readUpdates(KEY, ALL)).toEqual([]);
});
