import { expect, it } from 'vitest';
import { RoomSession, type ConnectSocket } from '../shared/sync/index.ts';
import { MemoryOfflineStore } from '../shared/testing/memory-offline-store.ts';
import { createSeededRandom } from '../shared/testing/seeded-random.ts';
import { SocketPair } from '../shared/testing/socket-pair.ts';
import { LogFailure } from './log/log-failure.ts';
import { RelayUnderTest, toServerSocket } from './testing/relay-under-test.ts';
import { createSnapshot } from './log/create-snapshot.ts';

const N = Number(process.env['N'] ?? 40);
const S = Number(process.env['S'] ?? 1);
it('converges', { timeout: 500_000 }, async () => {
  for (let seed = S; seed < S + N; seed++) {
    const random = createSeededRandom(seed);
    const relay = new RelayUnderTest({ compaction: { afterUpdates: 15, afterBytes: 1e6, createSnapshot: async (p) => createSnapshot(p) } });
    const pairs: SocketPair[] = [];
    const connect: ConnectSocket = (_url, events) => {
      const pair = new SocketPair(events);
      pairs.push(pair);
      relay.core.accept(toServerSocket(pair.relay), 'room');
      return pair.client;
    };
    const imm = () => new Promise((r) => setImmediate(r));
    const engines = [1, 2, 3].map((index) => {
      const session = new RoomSession({
        syncUrl: 'ws://x/sync/room',
        tokenSource: { obtain: async () => ({ kind: 'granted', granted: { token: `p${index}.editor.9999999`, expiresAtMs: relay.scheduler.now() + 9e9 } }) },
        store: new MemoryOfflineStore(), connect, scheduler: relay.scheduler, random: random.next, client: 't', sessionId: `session-of-engine-${index}-${seed}`,
      });
      return { session, lease: session.open('file') };
    });
    let isFull = false;
    const wrap = () => { const log = relay.log; const append = log.append.bind(log); log.append = async (b) => { if (isFull) throw new LogFailure('full', 'x'); return append(b); }; };
    wrap();
    await imm();
    for (let op = 0; op < 120; op++) {
      const text = random.pick(engines).lease.replica.doc.getText('content');
      const d = random.next();
      if (d < 0.35) text.insert(random.below(text.length + 1), random.chance(0.02) ? 'L'.repeat(100_000) : `${op}`);
      else if (d < 0.45) { if (text.length > 0) text.delete(random.below(text.length), 1); }
      else if (d < 0.8) { for (const p of pairs) for (let k = random.below(6); k > 0; k--) p.deliverOne(random.pick(['to-client', 'to-relay'])); }
      else if (d < 0.84) random.pick(pairs)?.cut();
      else if (d < 0.86) random.pick(pairs)?.drop(random.pick(['to-client', 'to-relay']));
      else if (d < 0.88) { for (const p of pairs) p.cut(); relay.restart(); wrap(); }
      else if (d < 0.9) isFull = !isFull;
      else relay.scheduler.advance(random.pick([1, 5, 60, 400, 3000]));
      if (random.chance(0.6)) await imm();
    }
    isFull = false;
    for (let round = 0; round < 200; round++) {
      for (const p of pairs) p.deliverAll();
      await imm();
      relay.scheduler.advance(round < 60 ? 2000 : 200);
      if (round > 80 && engines.every(({ lease, session }) => lease.replica.saveState.kind === 'seen-by-all-present' && session.state.kind === 'online')) break;
    }
    const texts = engines.map(({ lease }) => lease.replica.doc.getText('content').toString());
    for (const e of engines) if (e.session.state.kind === 'ended') console.log(JSON.stringify(e.session.state));
    const states = engines.map(({ lease, session }) => [session.state.kind, lease.replica.saveState.kind.replace('seen-by-all-present','on-the-relay')]);
    expect([seed, texts[1] === texts[0], texts[2] === texts[0], states]).toEqual([seed, true, true, states.map(() => ['online', 'on-the-relay'])]);
    const rows = await relay.log.readUpdates({ tenant: 'default', room: 'room', document: 'file' }, { afterSeq: 0, throughSeq: 1e9, maxBytes: 1e12 });
    const { Doc, applyUpdate } = await import('yjs');
    const doc = new Doc();
    for (const row of rows) applyUpdate(doc, row.payload);
    expect(doc.getText('content').toString() === texts[0]).toBe(true);
    for (const e of engines) { e.lease.dispose(); const l = e.session.leave(); for (let k = 0; k < 10; k++) { for (const p of pairs) p.deliverAll(); await imm(); relay.scheduler.advance(1000); } await l; }
  }
});
