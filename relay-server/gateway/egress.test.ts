import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { relayMessageCodec } from '../../shared/protocol/index.ts';
import { StalledSocket } from '../testing/stalled-socket.ts';
import { BulkTurns } from './bulk-turns.ts';
import { Egress } from './egress.ts';
import { SlowReader } from './slow-reader.ts';

function sync(handle: number, bytes: number) {
  return { type: 'sync', handle, throughSeq: 1, isLast: true, payload: new Uint8Array(bytes).fill(handle) } as const;
}

/** The client reads everything there is. */
async function readAll(socket: StalledSocket, egress: Egress): Promise<void> {
  while (egress.backlogBytes > 0) {
    socket.drain();
    egress.pump();
    await nextTurn();
  }
}

describe('egress', () => {
  it('[CH1] a small message overtakes a large one on its way', async () => {
    const socket = new StalledSocket();
    const egress = new Egress(socket, new ManualScheduler(), new BulkTurns());
    egress.send(sync(1, 5_000_000), 'bulk');
    egress.send({ type: 'ack', handle: 2, clientSeq: 1, seq: 1 }, 'control');
    egress.sendFrame(relayMessageCodec.encode({ type: 'committed', handle: 3, seq: 1 }), 'edits');
    socket.drain();
    egress.pump();
    socket.drain();
    expect(socket.client.received.map(({ type }) => type)).toEqual(['ack', 'committed']);
    await readAll(socket, egress);
    expect(socket.client.received.map(({ type }) => type)).toEqual(['ack', 'committed', 'sync']);
    expect(socket.client.last('sync').payload).toHaveLength(5_000_000);
  });

  it('keeps the order within a lane, and says when a message is out', async () => {
    const socket = new StalledSocket();
    const egress = new Egress(socket, new ManualScheduler(), new BulkTurns());
    const out: number[] = [];
    for (const handle of [1, 2, 3]) egress.send(sync(handle, 200_000), 'bulk', () => out.push(handle));
    expect(out).toEqual([]);
    await readAll(socket, egress);
    expect(out).toEqual([1, 2, 3]);
    expect(socket.client.all('sync').map(({ handle }) => handle)).toEqual([1, 2, 3]);
  });

  it('a message sent from within another one’s end goes out too', () => {
    const socket = new StalledSocket();
    const egress = new Egress(socket, new ManualScheduler(), new BulkTurns());
    egress.send(sync(1, 10), 'bulk', () => egress.send({ type: 'pong', nonce: 5 }, 'control'));
    socket.drain();
    expect(socket.client.received.map(({ type }) => type)).toEqual(['sync', 'pong']);
    expect(egress.backlogBytes).toBe(0);
  });

  it.each([1, 2, 61_440, 10 * 61_440, 82 * 61_440])(
    '[CH1] sends the last piece also when it is as short as what frames add, after %i bytes',
    async (bytes) => {
      for (let more = 0; more < 60; more += 7) {
        const socket = new StalledSocket();
        const egress = new Egress(socket, new ManualScheduler(), new BulkTurns());
        egress.send(sync(1, bytes + more), 'bulk');
        await readAll(socket, egress);
        expect(socket.client.last('sync').payload).toHaveLength(bytes + more);
      }
    },
  );

  it('holds no more in the socket than its share', () => {
    const socket = new StalledSocket();
    const egress = new Egress(socket, new ManualScheduler(), new BulkTurns());
    egress.send(sync(1, 5_000_000), 'bulk');
    expect(socket.bufferedBytes).toBeLessThan(400 * 1024);
    egress.clear();
    expect(egress.backlogBytes).toBe(socket.bufferedBytes);
  });
});

describe('a slow reader', () => {
  function setUp() {
    const socket = new StalledSocket();
    const scheduler = new ManualScheduler();
    const egress = new Egress(socket, scheduler);
    const reader = new SlowReader(egress, scheduler);
    const queue = (bytes: number) => {
      for (let sent = 0; sent < bytes; sent += 50_000) egress.send(sync(1, 50_000), 'edits');
      return reader.assess();
    };
    return { socket, egress, scheduler, reader, queue };
  }

  it('is fine with a large document to fetch', () => {
    const { egress, reader } = setUp();
    egress.send(sync(1, 20_000_000), 'bulk');
    expect(reader.assess()).toBe('fine');
  });

  it('lags from 1 MiB of live messages, and recovers when it has read them', () => {
    const { socket, egress, reader, queue } = setUp();
    expect(queue(1_000_000)).toBe('fine');
    expect(queue(600_000)).toBe('lagging');
    expect(reader.isLagging).toBe(true);
    const verdicts = new Set<string>();
    while (egress.backlogBytes > 0) {
      socket.drain();
      egress.pump();
      verdicts.add(reader.assess());
    }
    expect([...verdicts]).toEqual(['lagging', 'recovered', 'fine']);
    expect(reader.isLagging).toBe(false);
  });

  it('is hopeless above 8 MiB, or after 30 seconds without progress', () => {
    expect(setUp().queue(9_000_000)).toBe('hopeless');
    const { socket, egress, scheduler, reader, queue } = setUp();
    queue(3_000_000);
    scheduler.advance(29_000);
    socket.drain();
    egress.pump();
    expect(reader.assess()).toBe('lagging');
    scheduler.advance(30_000);
    expect(reader.assess()).toBe('lagging');
    scheduler.advance(1);
    expect(reader.assess()).toBe('hopeless');
  });

  it('is hopeless when it leaves a large document lying for 30 seconds, too', () => {
    const { socket, egress, scheduler, reader } = setUp();
    egress.send(sync(1, 20_000_000), 'bulk');
    expect(reader.assess()).toBe('fine');
    scheduler.advance(29_000);
    socket.drain();
    egress.pump();
    expect(reader.assess()).toBe('fine');
    scheduler.advance(30_001);
    expect(reader.assess()).toBe('hopeless');
  });

  it('is hopeless when it asks for tiny answers and reads none, long before they fill the memory', () => {
    const { egress, reader } = setUp();
    let asked = 0;
    while (reader.assess() !== 'hopeless') egress.send({ type: 'pong', nonce: ++asked }, 'control');
    expect(asked).toBeLessThan(150_000);
  });
});

// Time that grows with their square would exceed the test's.
it('takes many waiting messages out in time that grows with their number only', () => {
  const socket = new StalledSocket();
  const egress = new Egress(socket, new ManualScheduler(), new BulkTurns());
  for (let nonce = 0; nonce < 300_000; nonce++) egress.send({ type: 'pong', nonce }, 'control');
  while (egress.backlogBytes > 0) {
    socket.bufferedBytes = 0;
    egress.pump();
  }
  expect(egress.takenBytes).toBeGreaterThan(0);
});

describe('[CH4] large messages to a client that answers pings', () => {
  function setUp(scheduler = new ManualScheduler()) {
    const socket = new StalledSocket();
    const markers: number[] = [];
    const egress: Egress = new Egress(
      Object.assign(socket, { ping: (marker = 0) => void markers.push(marker) }),
      scheduler,
      new BulkTurns(),
    );
    onTestFinished(() => egress.clear());
    const answer = () => {
      for (const marker of markers.splice(0)) egress.noteAnswer(marker);
    };
    /** The system takes all there is; the client has not got it. */
    const swallow = async () => {
      for (let turn = 0; turn < 50; turn++) {
        socket.drain();
        egress.pump();
        await nextTurn();
      }
    };
    return { socket, egress, scheduler, markers, answer, swallow };
  }

  it('go on as the client answers, and are complete', async () => {
    const { socket, egress, markers, answer, swallow } = setUp();
    egress.send(sync(1, 5_000_000), 'bulk');
    await swallow();
    expect(egress.takenBytes).toBeGreaterThanOrEqual(16 * 1024);
    expect(egress.takenBytes).toBeLessThan(32 * 1024);
    for (let round = 0; markers.length > 0 && round < 200; round++) {
      answer();
      await swallow();
    }
    expect([egress.backlogBytes, socket.client.last('sync').payload.byteLength]).toEqual([0, 5_000_000]);
  });

  it('hold up nothing live, however long the answer takes', async () => {
    const { socket, egress, swallow } = setUp();
    egress.send(sync(1, 5_000_000), 'bulk');
    await swallow();
    const { takenBytes } = egress;
    egress.sendFrame(relayMessageCodec.encode({ type: 'committed', handle: 3, seq: 1 }), 'edits');
    egress.send({ type: 'pong', nonce: 5 }, 'control');
    socket.drain();
    expect(socket.client.received.map(({ type }) => type)).toEqual(['committed', 'pong']);
    expect(egress.takenBytes - takenBytes).toBeLessThan(20);
  });

  it('are not held up for good by a client that never answers', async () => {
    const { socket, egress, scheduler, swallow } = setUp();
    egress.send(sync(1, 5_000_000), 'bulk');
    await swallow();
    scheduler.advance(4_999);
    await swallow();
    expect(egress.takenBytes).toBeLessThan(400 * 1024);
    scheduler.advance(1);
    await swallow();
    expect(socket.client.last('sync').payload).toHaveLength(5_000_000);
  });

  it('wait longer for a client that has answered before, and not for good', async () => {
    const { socket, egress, scheduler, markers, answer, swallow } = setUp();
    egress.send(sync(1, 5_000_000), 'bulk');
    await nextTurn();
    expect(markers.length).toBeGreaterThan(0);
    answer();
    await swallow();
    const { takenBytes } = egress;
    scheduler.advance(59_000);
    await swallow();
    expect(egress.takenBytes).toBe(takenBytes);
    answer();
    await swallow();
    expect(egress.takenBytes).toBeGreaterThan(takenBytes);
    scheduler.advance(59_999);
    await swallow();
    expect(socket.client.all('sync')).toEqual([]);
    scheduler.advance(1);
    await swallow();
    expect(socket.client.last('sync').payload).toHaveLength(5_000_000);
  });

  it('are forgotten with the connection', async () => {
    const { egress, scheduler, swallow } = setUp();
    egress.send(sync(1, 5_000_000), 'bulk');
    egress.clear();
    scheduler.advance(10_000);
    await swallow();
    expect([egress.backlogBytes, scheduler.pendingCount]).toEqual([0, 0]);
  });
});
