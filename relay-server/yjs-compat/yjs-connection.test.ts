import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';
import { YjsClient, type YjsClientOptions } from '../testing/yjs-client.ts';

/** Sync step 1 and 2, an update, awareness, and a query. */
const SAMPLES = [
  [0, 0, 4, 1, 200, 3, 7],
  [0, 1, 13, 1, 1, 200, 1, 0, 4, 1, 1, 116, 1, 120, 0, 0],
  [0, 2, 14, 1, 1, 200, 1, 0, 4, 1, 1, 116, 2, 120, 121, 0],
  [1, 8, 1, 9, 1, 4, 123, 34, 97, 125],
  [3],
] as const;

async function join(relay: RelayUnderTest, token: string, options: Partial<YjsClientOptions> = {}): Promise<YjsClient> {
  const client = new YjsClient(relay, { token, ...options });
  await relay.advance(10);
  return client;
}

describe('a y-websocket connection', () => {
  it.each([
    ['no token', { token: '' }, 4401],
    ['a token that is not valid', { token: 'nonsense' }, 4401],
    ['a token of 9 KiB', { token: 'x'.repeat(9 * 1024) }, 4401],
    ['a document name outside of LM2', { token: 'ada.editor', document: 'a.b' }, 4404],
    ['a room name outside of LM2', { token: 'ada.editor', room: 'a%20b' }, 4404],
  ])('[YW1] with %s is told why, and closed for good', async (_what, options, code) => {
    const relay = new RelayUnderTest();
    const client = await join(relay, options.token, options);
    expect(client.closes).toEqual([{ code, reason: client.denials[0] }]);
    expect(client.syncMessages).toEqual([]);
    expect(relay.core.connectionCount).toBe(0);
  });

  it('[YW1] is asked to come back when tokens cannot be checked', async () => {
    const admit = async () => {
      throw new Error('the database is away');
    };
    const relay = new RelayUnderTest({ doorkeeper: { admit } });
    const failing = await join(relay, 'ada.editor');
    expect(failing.closes.map(({ code }) => code)).toEqual([1013]);
    expect(relay.problems).toHaveLength(1);
    const stuck = new RelayUnderTest({ doorkeeper: { admit: () => new Promise(() => {}) } });
    const waiting = await join(stuck, 'ada.editor');
    await stuck.advance(10_000);
    expect(waiting.closes.map(({ code }) => code)).toEqual([1013]);
  });

  it('[YW1] gets no answer from a relay that has ended meanwhile', async () => {
    const relay = new RelayUnderTest({ doorkeeper: { admit: () => new Promise(() => {}) } });
    const client = await join(relay, 'ada.editor');
    relay.core.dispose();
    await relay.settle();
    expect(client.closes).toEqual([]);
  });

  it('[YW10] ends with its token', async () => {
    const relay = new RelayUnderTest();
    const client = await join(relay, 'ada.editor.60');
    await relay.advance(59_000);
    expect(client.closes).toEqual([]);
    await relay.advance(1_000);
    expect(client.closes.map(({ code }) => code)).toEqual([4401]);
    expect(client.denials.at(-1)).toContain('expired');
    expect(relay.core.connectionCount).toBe(0);
  });

  it('[YW11] is heard of by pings, and ends when it does not answer', async () => {
    const relay = new RelayUnderTest();
    const client = await join(relay, 'ada.editor');
    for (let beat = 0; beat < 5; beat++) await relay.advance(15_000);
    expect([client.pings, client.closes]).toEqual([5, []]);
    client.isAlive = false;
    for (let beat = 0; beat < 3; beat++) await relay.advance(15_000);
    expect(client.closes.map(({ code }) => code)).toEqual([1013]);
  });

  it('[YW11] is sent a message in every heartbeat, without which a stock client gives up', async () => {
    const relay = new RelayUnderTest();
    const client = await join(relay, 'ada.editor');
    await relay.advance(1_000);
    let frames = 0;
    for (let beat = 0; beat < 3; beat++) {
      await relay.settle();
      relay.scheduler.advance(15_000);
      frames += client.pair.pendingCount('to-client');
    }
    expect(frames).toBe(3);
  });

  it('[YW10] ends with 1012 when the relay does, also before it was let in', async () => {
    const relay = new RelayUnderTest();
    const client = await join(relay, 'ada.editor');
    client.text.insert(0, 'kept');
    client.pair.deliverAll();
    const draining = relay.core.drain(0);
    const late = await join(relay, 'ben.editor');
    await draining;
    await relay.settle();
    expect([client.closes[0]?.code, late.closes[0]?.code]).toEqual([1012, 1012]);
    relay.restart();
    expect((await join(relay, 'ben.editor')).text.toJSON()).toBe('kept');
  });

  it('[YW10] is sent away at a time of its own while the relay drains, and may write until then', async () => {
    const relay = new RelayUnderTest();
    const clients = Array.from({ length: 24 }, (_, index) => new YjsClient(relay, { token: `p${index}.editor` }));
    await relay.advance(10);
    const draining = relay.core.drain(3_000);
    let stayed = clients;
    for (let second = 1; second <= 3; second++) {
      stayed[0]?.text.insert(0, `${second}`);
      await relay.advance(1_000);
      const staying = stayed.filter(({ closes }) => closes.length === 0);
      expect(stayed.length - staying.length).toBeGreaterThan(3);
      stayed = staying;
    }
    await draining;
    expect(stayed).toEqual([]);
    for (const { closes } of clients) expect(closes).toEqual([{ code: 1012, reason: 'The relay is restarting.' }]);
    relay.restart();
    const late = await join(relay, 'late.editor');
    expect([...late.text.toJSON()].toSorted()).toEqual(['1', '2', '3']);
  });

  it('[YW11] leaves live edits out while a client reads too slowly, and sends them once it reads again', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    await relay.advance(50);
    const reader = await join(relay, 'slow.viewer');
    reader.isStalled = true;
    for (let edit = 0; edit < 60; edit++) {
      ada.text.insert(0, 'x'.repeat(50_000));
      await relay.advance(5);
    }
    expect(reader.text.length).toBe(0);
    reader.drain();
    await relay.settle();
    expect(reader.text.length).toBeLessThan(60 * 50_000);
    for (let round = 0; round < 20; round++) {
      await relay.advance(1);
      reader.drain();
    }
    await relay.advance(50);
    expect(reader.text.length).toBe(60 * 50_000);
    ada.text.insert(0, 'y');
    reader.isStalled = false;
    await relay.advance(50);
    expect([reader.text.length, reader.closes]).toEqual([60 * 50_000 + 1, []]);
  });

  it('[YW11] ends a client that takes nothing at all', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    const slow = await join(relay, 'slow.editor');
    slow.isStalled = true;
    for (let edit = 0; edit < 30; edit++) ada.text.insert(0, 'x'.repeat(60_000));
    await relay.settle();
    for (let beat = 0; beat < 4; beat++) await relay.advance(15_000);
    expect(slow.closes.map(({ code }) => code)).toEqual([1013]);
  });

  it('[YW2] reads 3,000 damaged messages without failing', async () => {
    const random = createSeededRandom(3);
    const relay = new RelayUnderTest();
    const witness = await join(relay, 'ada.editor');
    witness.text.insert(0, 'sound');
    const codes = new Set<number>();
    for (let round = 0; round < 300; round++) {
      const client = await join(relay, 'eve.editor');
      for (let message = 0; message < 10; message++) {
        const sample = random.pick(SAMPLES);
        const damaged = Uint8Array.from(sample.slice(0, 1 + random.below(sample.length)));
        damaged[random.below(damaged.length)] = random.below(256);
        client.sendRaw(damaged);
      }
      await relay.settle();
      for (const { code } of client.closes) codes.add(code);
      client.leave();
    }
    expect([...codes]).toEqual([4409]);
    expect(relay.problems).toEqual([]);
    await relay.advance(50);
    expect((await join(relay, 'ben.editor')).text.toJSON()).toBe('sound');
  });

  it('[YW5] ends a client that floods', async () => {
    const relay = new RelayUnderTest();
    const client = await join(relay, 'ada.editor');
    for (let message = 0; message < 20_100; message++) client.queryAwareness();
    await relay.settle();
    expect(client.closes.map(({ code }) => code)).toEqual([1013]);
  });
});
