import { describe, expect, it } from 'vitest';
import { DIGEST_FEATURE, type DocumentDigest } from '../../shared/protocol/index.ts';
import { ClusterUnderTest } from '../testing/cluster-under-test.ts';
import { createTypist, type RawClient } from '../testing/raw-client.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

function digestOf(seq: number, state = 1, text = 1): DocumentDigest {
  return { seq, state: new Uint8Array(16).fill(state), text: new Uint8Array(16).fill(text) };
}

function say(client: RawClient, digest: DocumentDigest, handle = 1): void {
  client.send({ type: 'digest', handle, ...digest });
}

function idOf(client: RawClient): number {
  return client.last('welcome').presenceId;
}

async function start() {
  const relay = new RelayUnderTest();
  const join = async (token: string, features: readonly string[] = [DIGEST_FEATURE], handle = 1) => {
    const joined = relay.connect();
    joined.client.hello(token, `session-of-${token.replaceAll('.', '-')}-01`, features);
    await relay.settle();
    joined.client.open(handle, 'file');
    await relay.settle();
    return joined;
  };
  const ada = await join('ada.editor');
  ada.client.update(1, 1, createTypist(1).type('x'));
  await relay.advance(300);
  return { relay, join, ada };
}

describe('digests', () => {
  it('[DG3] go to the others who can hear them, the latest of a tick alone, whatever their role', async () => {
    const { relay, join, ada } = await start();
    const bob = await join('bob.viewer');
    const old = await join('old.editor', []);
    for (const text of [1, 2, 3]) say(ada.client, digestOf(1, 1, text));
    await relay.advance(50);
    const entries = [{ presenceId: idOf(ada.client), digest: digestOf(1, 1, 3) }];
    expect(bob.client.all('digests')).toEqual([{ type: 'digests', handle: 1, entries }]);
    say(bob.client, digestOf(1, 1, 3));
    await relay.advance(50);
    expect(ada.client.last('digests').entries).toEqual([{ presenceId: idOf(bob.client), digest: digestOf(1, 1, 3) }]);
    expect(bob.client.all('digests')).toHaveLength(1);
    expect(old.client.all('digests')).toEqual([]);
    // Said once more there is nothing new in it.
    say(ada.client, digestOf(1, 1, 3));
    await relay.advance(50);
    expect(bob.client.all('digests')).toHaveLength(1);
  });

  it('[DG3] [DG4] are told to who comes later, until their author closes the document or goes', async () => {
    const { relay, join, ada } = await start();
    const bob = await join('bob.editor');
    say(ada.client, digestOf(1));
    say(bob.client, digestOf(1));
    await relay.advance(50);
    const carl = await join('carl.editor', undefined, 4);
    expect(carl.client.last('digests')).toEqual({
      type: 'digests',
      handle: 4,
      entries: [ada, bob].map(({ client }) => ({ presenceId: idOf(client), digest: digestOf(1) })),
    });
    ada.client.send({ type: 'close', handle: 1 });
    await relay.advance(50);
    expect(carl.client.last('digests').entries).toEqual([{ presenceId: idOf(ada.client), digest: undefined }]);
    bob.pair.cut();
    await relay.advance(50);
    expect(carl.client.last('digests').entries).toEqual([{ presenceId: idOf(bob.client), digest: undefined }]);
    const dora = await join('dora.editor');
    expect(dora.client.all('digests')).toEqual([]);
  });

  it('[DG3] beyond what is committed, of a document that is closed, or too fast are left out', async () => {
    const { relay, join, ada } = await start();
    const bob = await join('bob.editor');
    say(ada.client, digestOf(2));
    await relay.advance(50);
    expect(bob.client.all('digests')).toEqual([]);
    for (let count = 0; count < 501; count++) say(ada.client, digestOf(1, count % 256, 9));
    await relay.advance(50);
    expect(bob.client.last('digests').entries).toEqual([
      { presenceId: idOf(ada.client), digest: digestOf(1, 499 % 256, 9) },
    ]);
    await relay.advance(1_000);
    say(ada.client, digestOf(1, 5, 5));
    await relay.advance(50);
    expect(bob.client.last('digests').entries).toMatchObject([{ digest: digestOf(1, 5, 5) }]);
    ada.client.send({ type: 'close', handle: 1 });
    say(ada.client, digestOf(1, 6, 6));
    await relay.advance(50);
    expect(bob.client.last('digests').entries).toMatchObject([{ digest: undefined }]);
    expect(ada.closes).toEqual([]);
    say(ada.client, digestOf(1), 77);
    await relay.settle();
    expect(ada.closes).toEqual([4409]);
  });

  it('[DG4] end with the epoch in which their numbers count', async () => {
    const { relay, join, ada } = await start();
    const bob = await join('bob.editor');
    say(ada.client, digestOf(1));
    await relay.advance(50);
    const key = { tenant: 'default', room: 'room', document: 'file' };
    const { epoch } = bob.client.last('opened');
    await relay.log.replaceEpoch(key, epoch, 'another');
    // Somebody comes who claims to have more than the log has.
    const carl = relay.connect();
    carl.client.hello('carl.editor', 'session-of-carl-000001', [DIGEST_FEATURE]);
    await relay.settle();
    carl.client.open(1, 'file', { epoch, afterSeq: 9 });
    await relay.advance(50);
    expect(bob.client.last('document-closed')).toMatchObject({ handle: 1, reason: 'reopen' });
    bob.client.open(2, 'file');
    await relay.advance(50);
    expect(bob.client.last('opened')).toMatchObject({ handle: 2, epoch: 'another' });
    expect(bob.client.all('digests').filter(({ handle }) => handle === 2)).toEqual([]);
  });
});

describe('digests on two nodes', () => {
  async function startCluster() {
    const cluster = new ClusterUnderTest(2);
    const join = async (node: number, name: string) => {
      const { client, pair } = await cluster.join(node, `${name}.editor`, `session-of-${name}-000001`, [
        DIGEST_FEATURE,
      ]);
      client.open(1, 'file');
      await cluster.settleAll();
      return { client, pair };
    };
    const pass = async () => {
      for (let round = 0; round < 3; round++) {
        await cluster.advance(50);
        await cluster.settleAll();
      }
    };
    const ada = await join(0, 'ada');
    ada.client.update(1, 1, createTypist(1).type('x'));
    await cluster.advance(300);
    await cluster.settleAll();
    return { cluster, join, pass, ada };
  }

  it('[DG3] [DG4] come to everybody, and go with who said them', async () => {
    const { join, pass, ada } = await startCluster();
    const bob = await join(1, 'bob');
    say(ada.client, digestOf(1));
    say(bob.client, digestOf(1, 2, 2));
    await pass();
    expect(bob.client.last('digests').entries).toEqual([{ presenceId: idOf(ada.client), digest: digestOf(1) }]);
    expect(ada.client.last('digests').entries).toEqual([{ presenceId: idOf(bob.client), digest: digestOf(1, 2, 2) }]);
    ada.pair.cut();
    await pass();
    expect(bob.client.last('digests').entries).toEqual([{ presenceId: idOf(ada.client), digest: undefined }]);
  });

  it('[DG3] said before the other node had the document, or lost on the way, are told when somebody there says one', async () => {
    const { cluster, join, pass, ada } = await startCluster();
    say(ada.client, digestOf(1));
    await pass();
    const bob = await join(1, 'bob');
    expect(bob.client.all('digests')).toEqual([]);
    say(bob.client, digestOf(1));
    await pass();
    expect(bob.client.last('digests').entries).toEqual([{ presenceId: idOf(ada.client), digest: digestOf(1) }]);
    say(ada.client, digestOf(1, 7, 7));
    await cluster.advance(50);
    cluster.hub.loseAll();
    await pass();
    expect(bob.client.last('digests').entries).toMatchObject([{ digest: digestOf(1) }]);
    say(ada.client, digestOf(1, 7, 7));
    await pass();
    expect(bob.client.last('digests').entries).toMatchObject([{ digest: digestOf(1, 7, 7) }]);
    expect(cluster.problems).toEqual([]);
  });
});
