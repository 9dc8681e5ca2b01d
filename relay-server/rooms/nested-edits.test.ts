import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { deletionOf, nestedArrays, nestedLists } from '../testing/hostile/deep-structures.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

const KEY = { tenant: 'default', room: 'room', document: 'file' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

async function setUp(...stored: readonly Uint8Array[]) {
  const relay = new RelayUnderTest();
  const updates = stored.map((payload, index) => {
    const session = { subject: 'old', sessionId: 'session-of-before' };
    return { session, clientSeq: index + 1, name: 'Old', timeMs: 1, payload };
  });
  if (updates.length > 0) await relay.log.append([{ key: KEY, epochWhenNew: 'first', updates }]);
  const ada = await relay.join('ada.editor');
  const bob = await relay.join('bob.viewer', 'session-of-bob-0123');
  for (const { client } of [ada, bob]) client.open(1, 'file');
  await relay.settle();
  return { relay, ada: ada.client, bob: bob.client };
}

describe('what is nested', () => {
  it('[UP2] too deep to be deleted is neither stored nor sent on', async () => {
    const { relay, ada, bob } = await setUp();
    ada.update(1, 1, nestedArrays({ clientID: 7, depth: 100_000 }));
    ada.update(1, 2, nestedArrays({ clientID: 8, depth: 200 }));
    ada.update(1, 3, nestedArrays({ clientID: 8, depth: 200, fromClock: 200 }));
    ada.update(1, 4, deletionOf(8));
    await relay.advance(5);
    expect(ada.all('refused').map(({ clientSeq, reason }) => [clientSeq, reason])).toEqual([
      [1, 'malformed'],
      [3, 'malformed'],
    ]);
    expect(ada.last('ack').clientSeq).toBe(4);
    expect(() => bob.textOf(1)).not.toThrow();
    const [row, ...others] = await relay.log.readUpdates(KEY, ALL);
    expect(others).toEqual([]);
    expect(row?.payload.byteLength).toBeLessThan(2_000);
  });

  it('[UP2] [UP7] in something that has not come is sent again until it has', async () => {
    const { relay, ada } = await setUp();
    const inner = nestedArrays({ clientID: 7, depth: 1, fromClock: 1 });
    ada.update(1, 1, inner);
    await relay.advance(5);
    expect(ada.last('refused')).toMatchObject({ clientSeq: 1, reason: 'rate-limited' });
    ada.update(1, 2, nestedArrays({ clientID: 7, depth: 1 }));
    ada.update(1, 3, inner);
    await relay.advance(5);
    expect(ada.last('ack').clientSeq).toBe(3);
    expect(ada.all('refused')).toHaveLength(1);
  });

  it('[UP2] deep is known from what was stored, also after a restart', async () => {
    const { relay, ada } = await setUp();
    ada.update(1, 1, nestedArrays({ clientID: 7, depth: 256 }));
    await relay.advance(5);
    relay.restart();
    const again = (await relay.join('ada.editor', 'session-after-restart')).client;
    again.open(1, 'file');
    await relay.settle();
    again.update(1, 1, nestedArrays({ clientID: 7, depth: 1, fromClock: 256 }));
    again.update(1, 2, nestedArrays({ clientID: 9, depth: 256 }));
    await relay.advance(5);
    expect(again.all('refused')).toMatchObject([{ clientSeq: 1, reason: 'malformed' }]);
    expect(again.last('ack').clientSeq).toBe(2);
  });

  it('[DO5] deeper than what may be sent now, and was stored before, can be read and edited', async () => {
    const doc = new Y.Doc();
    doc.getMap('map').set('key', nestedLists(1_000));
    doc.getText('content').insert(0, 'hello');
    const { relay, ada, bob } = await setUp(Y.encodeStateAsUpdate(doc), nestedArrays({ clientID: 7, depth: 1_000 }));
    expect([ada.textOf(1), bob.textOf(1)]).toEqual(['hello', 'hello']);
    const before = Y.encodeStateVector(doc);
    doc.getText('content').insert(5, '!');
    ada.update(1, 1, Y.encodeStateAsUpdate(doc, before));
    await relay.advance(5);
    expect(ada.last('ack').clientSeq).toBe(1);
    expect(bob.textOf(1)).toBe('hello!');
    expect(relay.problems).toEqual([]);
  });
});
