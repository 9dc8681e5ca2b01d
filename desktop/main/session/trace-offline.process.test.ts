import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSeededRandom, type SeededRandom } from '../../../shared/testing/seeded-random.ts';
import { readConcurrentTrace } from '../../../shared/testing/traces.ts';
import { roomToken } from '../../testing/relay-process.ts';
import { Engine, type OpenText } from '../testing/engine.ts';
import { SeverableNetwork } from '../testing/severable-network.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { startTestRelay } from '../testing/test-relay.ts';
import { type WrittenTransaction, writeTrace } from '../testing/trace-authors.ts';
import { connectWebSocket } from './web-socket.ts';

const ROOM = 'offline';
const DOCUMENT = 'paper';
const SEEDS = [1, 2, 3];
/** Chances of each transaction, in thousandths. */
const LEAVES = 4;
const RESTARTS = 1;
const LONGEST_STRETCH = 2_000;
const UPDATES_PER_TURN = 64;

interface Stay {
  readonly engine: Engine;
  readonly document: OpenText;
}

/** Somebody's window, whose engine is without a network at times and is ended and started at others. */
class Author {
  offlineStretches = 0;
  restarts = 0;
  private readonly network: SeverableNetwork;
  private readonly start: (network: SeverableNetwork) => Promise<Engine>;
  private current: Stay | undefined;
  private stretchLeft = 0;
  private made = 0;

  constructor(start: (network: SeverableNetwork) => Promise<Engine>) {
    this.start = start;
    this.network = new SeverableNetwork(connectWebSocket);
  }

  get document(): OpenText {
    if (!this.current) throw new Error('the author has not come yet');
    return this.current.document;
  }

  async come(): Promise<void> {
    const engine = await this.start(this.network);
    this.current = { engine, document: engine.open(DOCUMENT) };
    await this.document.replica.whenLoaded;
  }

  async type({ update, seenClock }: WrittenTransaction, otherId: number, random: SeededRandom): Promise<void> {
    if (this.needs(otherId, seenClock)) this.comeBack();
    else if (!this.network.isSevered && random.below(1_000) < LEAVES) this.leave(random);
    else if (this.network.isSevered && --this.stretchLeft <= 0) this.comeBack();
    if (random.below(1_000) < RESTARTS) await this.restart();
    await this.whenSeen(otherId, seenClock);
    Y.applyUpdate(this.document.replica.doc, update, 'window');
    if (++this.made % UPDATES_PER_TURN === 0) await new Promise(setImmediate);
  }

  comeBack(): void {
    if (!this.network.isSevered) return;
    this.network.mend();
    this.current?.engine.session.retryNow();
  }

  private leave(random: SeededRandom): void {
    this.network.sever();
    this.stretchLeft = 1 + random.below(LONGEST_STRETCH);
    this.offlineStretches++;
  }

  private async restart(): Promise<void> {
    this.restarts++;
    await this.current?.engine.close();
    await this.come();
  }

  /** Whether so much of the other's has not come yet. */
  needs(clientId: number, clock: number): boolean {
    return Y.getState(this.document.replica.doc.store, clientId) < clock;
  }

  private async whenSeen(clientId: number, clock: number): Promise<void> {
    if (!this.needs(clientId, clock)) return;
    const { doc } = this.document.replica;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (this.needs(clientId, clock)) return;
        doc.off('update', look);
        resolve();
      };
      doc.on('update', look);
    });
  }
}

it.each(SEEDS)('merges friendsforever by two authors who are offline for random stretches, seed %i', async (seed) => {
  const random = createSeededRandom(seed);
  const trace = await readConcurrentTrace('friendsforever');
  const { clientIds, transactions } = writeTrace(trace, [1_000 + seed, 2_000_000 + seed]);
  const folder = temporaryFolder();
  const relay = await startTestRelay(join(folder, 'relay'));
  const token = await roomToken(relay.dataFolder, ROOM, 'editor', 'Ana');
  const syncUrl = relay.syncUrl(ROOM);
  const authors = clientIds.map(
    (_, agent) =>
      new Author(({ connect }) => Engine.start({ syncUrl, token, storage: join(folder, `${agent}.sqlite`), connect })),
  );
  await Promise.all(authors.map((author) => author.come()));

  for (const transaction of transactions) {
    const otherId = clientIds[transaction.agent === 0 ? 1 : 0];
    // What this one has to have seen may be with the other one still.
    const other = authors[1 - transaction.agent];
    const author = authors[transaction.agent];
    if (!author || !other) throw new Error('the trace is of two authors');
    if (author.needs(otherId, transaction.seenClock)) other.comeBack();
    await author.type(transaction, otherId, random);
  }
  for (const author of authors) author.comeBack();
  await Promise.all(authors.map(({ document }) => document.whenText(trace.endContent)));
  await Promise.all(authors.map(({ document }) => document.whenOnTheRelay()));
  for (const { offlineStretches, restarts } of authors) {
    expect(offlineStretches).toBeGreaterThan(3);
    expect(restarts).toBeGreaterThan(0);
  }

  const newcomer = await Engine.start({ syncUrl, token, storage: join(folder, 'new.sqlite') });
  const joined = newcomer.open(DOCUMENT);
  await joined.replica.whenSynced;
  expect(joined.text.toString()).toBe(trace.endContent);
});
