import { describe, expect, it } from 'vitest';
import { LogFailure } from '../log/log-failure.ts';
import { createTypist } from '../testing/raw-client.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

const KEY = { tenant: 'default', room: 'room', document: 'file' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

async function setUp() {
  const relay = new RelayUnderTest();
  const ada = await relay.join('ada.editor');
  const bob = await relay.join('bob.editor', 'session-of-bob-0123');
  for (const { client } of [ada, bob]) client.open(1, 'file');
  await relay.settle();
  return { relay, ada, bob, typist: createTypist(1) };
}

describe('updates that come together', () => {
  it('[UP8] get one number, are stored and sent on as one, and are acked by the last', async () => {
    const { relay, ada, bob, typist } = await setUp();
    for (const [clientSeq, letter] of [
      [1, 'a'],
      [2, 'b'],
      [5, 'c'],
    ] as const)
      ada.client.update(1, clientSeq, typist.type(letter));
    await relay.advance(5);
    expect(bob.client.all('update')).toHaveLength(1);
    expect(bob.client.textOf(1)).toBe('abc');
    expect(ada.client.all('ack')).toEqual([{ type: 'ack', handle: 1, clientSeq: 5, seq: 1 }]);
    expect(await relay.log.readUpdates(KEY, ALL)).toMatchObject([{ seq: 1, clientSeq: 5, name: 'Name of ada' }]);
    expect(ada.client.last('opened').stateVector).toEqual(new Uint8Array([0]));
    const carl = await relay.join('carl.viewer');
    carl.client.open(1, 'file');
    await relay.settle();
    expect(carl.client.last('opened').stateVector).toEqual(new Uint8Array([1, 1, 3]));
    expect(carl.client.textOf(1)).toBe('abc');
  });

  it('[UP5] [UP8] each is taken once, also by a relay that was started anew', async () => {
    const { relay, ada, typist } = await setUp();
    const updates = ['a', 'b', 'c'].map((letter) => typist.type(letter));
    const sendAll = (client: typeof ada.client) => {
      for (const [index, update] of updates.entries()) client.update(1, index + 1, update);
    };
    sendAll(ada.client);
    await relay.settle();
    // Before it is stored, on another connection of the session.
    const again = await relay.join('ada.editor');
    again.client.open(1, 'file');
    sendAll(again.client);
    await relay.advance(5);
    await relay.settle();
    expect(again.client.last('ack')).toMatchObject({ clientSeq: 3, seq: 1 });
    relay.restart();
    const later = await relay.join('ada.editor');
    later.client.open(1, 'file');
    sendAll(later.client);
    await relay.advance(5);
    expect(later.client.last('ack')).toMatchObject({ clientSeq: 3, seq: 1 });
    expect(await relay.log.readUpdates(KEY, ALL)).toHaveLength(1);
  });

  it('[UP2] [UP6] [UP8] one that is refused takes no other with it', async () => {
    const { relay, ada, bob, typist } = await setUp();
    ada.client.update(1, 1, typist.type('a'));
    ada.client.update(1, 2, new Uint8Array([9, 9, 9]));
    ada.client.update(1, 3, typist.type('b'));
    await relay.advance(5);
    expect(ada.client.all('refused')).toMatchObject([{ clientSeq: 2, reason: 'malformed' }]);
    expect(ada.client.all('ack')).toEqual([{ type: 'ack', handle: 1, clientSeq: 3, seq: 1 }]);
    expect(bob.client.textOf(1)).toBe('ab');
  });

  it('[UP7] [UP8] all are refused when they cannot be stored', async () => {
    const { relay, ada, typist } = await setUp();
    relay.log.append = () => Promise.reject(new LogFailure('full', 'no room'));
    for (const clientSeq of [1, 2, 3]) ada.client.update(1, clientSeq, typist.type('x'));
    await relay.advance(5);
    expect(ada.client.all('refused').map(({ clientSeq, reason }) => [clientSeq, reason])).toEqual([
      [1, 'storage-full'],
      [2, 'storage-full'],
      [3, 'storage-full'],
    ]);
    expect(ada.client.all('ack')).toEqual([]);
  });

  it('[UP8] those of several people stay apart, and so do large ones', async () => {
    const { relay, ada, bob, typist } = await setUp();
    const other = createTypist(2);
    ada.client.update(1, 1, typist.type('a'));
    bob.client.update(1, 1, other.type('b'));
    ada.client.update(1, 2, typist.type('x'.repeat(20_000)));
    ada.client.update(1, 3, typist.type('c'));
    await relay.advance(5);
    const rows = await relay.log.readUpdates(KEY, ALL);
    expect(rows.map(({ session, clientSeq }) => `${session.subject} ${clientSeq}`).sort()).toEqual([
      'ada 1',
      'ada 2',
      'ada 3',
      'bob 1',
    ]);
    expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });
});
