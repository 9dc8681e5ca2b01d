import * as Y from 'yjs';
import { expect, it, onTestFinished } from 'vitest';
import { RoomSession } from '../shared/sync/index.ts';
import { createSeededRandom } from '../shared/testing/seeded-random.ts';
import { MemoryDisk, MemoryOfflineStore } from '../shared/testing/memory-offline-store.ts';
import { SocketPair } from '../shared/testing/socket-pair.ts';
import { RelayUnderTest, toServerSocket } from './testing/relay-under-test.ts';

const KEY = { tenant: 'default', room: 'room', document: 'song' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
const FULL_AT_PAGES = 90;

function startEngine(relay: RelayUnderTest, name: string) {
  const session = new RoomSession({
    syncUrl: 'ws://relay.test/sync/room',
    tokenSource: {
      async obtain() {
        return {
          kind: 'granted',
          granted: { token: `${name}.editor.1000000000`, expiresAtMs: Number.MAX_SAFE_INTEGER },
        };
      },
    },
    store: new MemoryOfflineStore(new MemoryDisk()),
    connect: (_url, events) => {
      const pair = new SocketPair(events);
      relay.adopt(pair);
      relay.core.accept(toServerSocket(pair.relay), 'room');
      return pair.client;
    },
    scheduler: relay.scheduler,
    random: createSeededRandom(name.charCodeAt(0)).next,
    client: 'test',
    sessionId: `session-of-the-test-${name}`,
  });
  const lease = session.open(KEY.document);
  onTestFinished(async () => {
    lease.dispose();
    const left = session.leave();
    await relay.advance(10_000);
    await left;
  });
  return { replica: lease.replica, text: lease.replica.doc.getText('content') };
}

it('[UP4] [UP7] a full disk stops the saving and nothing else; what was typed meanwhile is saved when there is room', async () => {
  const relay = new RelayUnderTest({}, FULL_AT_PAGES);
  const ada = startEngine(relay, 'ada');
  const bob = startEngine(relay, 'bob');
  await relay.advance(100);
  for (let line = 0; line < 300; line++) {
    ada.text.insert(ada.text.length, `${line} ${'la '.repeat(300)}\n`);
    await relay.advance(10);
  }
  await relay.advance(1_000);
  expect(relay.problems.length).toBeGreaterThan(0);
  expect(ada.replica.saveState.kind).toBe('on-this-device');
  expect(bob.text.toString()).toBe(ada.text.toString());
  const saved = new Y.Doc();
  for (const { payload } of await relay.log.readUpdates(KEY, ALL)) Y.applyUpdate(saved, payload);
  expect(saved.getText('content').length).toBeLessThan(ada.text.length);

  // The operator makes room and starts it again.
  relay.restart();
  for (let second = 0; second < 120; second++) await relay.advance(1_000);
  expect(ada.replica.saveState.kind).not.toBe('on-this-device');
  expect(bob.text.toString()).toBe(ada.text.toString());
  const log = new Y.Doc();
  for (const { payload } of await relay.log.readUpdates(KEY, ALL)) Y.applyUpdate(log, payload);
  expect(log.getText('content').toString()).toBe(ada.text.toString());
});
