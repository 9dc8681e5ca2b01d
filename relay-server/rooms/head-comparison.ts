import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Scheduler } from '../../shared/lifecycle/index.ts';
import type { ClientMessage, RelayMessage } from '../../shared/protocol/index.ts';
import type { ReadingTurns } from '../history/reading-turns.ts';
import type { UpdateLog } from '../log/update-log.ts';
import type { Outlet } from './outlet.ts';
import { TokenBucket } from './token-bucket.ts';

type Compare = Extract<ClientMessage, { type: 'compare' }>;
type Compared = Extract<RelayMessage, { type: 'compared' }>;

export interface HeadComparisonOptions {
  readonly room: { readonly tenant: string; readonly room: string };
  readonly log: UpdateLog;
  readonly scheduler: Scheduler;
  readonly outlet: Outlet;
  /** Who asks. */
  readonly subject: string;
  /** Of all on this node. */
  readonly turns: ReadingTurns;
  /** Which document stands for the one that was asked for; undefined when it is none of theirs. */
  readonly servedAs: (name: string) => Promise<string | undefined>;
  readonly reportProblem: (error: unknown) => void;
}

/** A database beside the process answers so many in a few milliseconds, in which nothing else is done. */
const KEYS_PER_QUERY = 500;
/** A client asks once when it has come back, which may be often on a bad network. */
const RATE = { capacity: 4, refillPerSecond: 0.1 };
/** Answers of a kilobyte or so go before what is large. */
const SMALL_ANSWER_ENTRIES = 100;

/** Answers one connection's `compare` from the heads in the log (SPEC HD): no document is opened. */
export class HeadComparison {
  private readonly options: HeadComparisonOptions;
  private readonly rate: TokenBucket;
  private isBusy = false;
  private isEnded = false;

  constructor(options: HeadComparisonOptions) {
    this.options = options;
    this.rate = new TokenBucket(RATE, options.scheduler);
  }

  /** One at a time. Never rejects. */
  async answer({ requestId, entries }: Compare): Promise<void> {
    if (this.isBusy || !this.rate.take(1)) return this.send(requestId, 'rate-limited', []);
    this.isBusy = true;
    try {
      const { room, subject, turns } = this.options;
      const person = JSON.stringify([room.tenant, room.room, subject]);
      const others = await turns.take(person, () => this.compareAll(entries));
      this.send(requestId, others ? 'done' : 'rate-limited', others ?? []);
    } catch (error) {
      this.options.reportProblem(error);
      this.send(requestId, 'unreadable', []);
    } finally {
      this.isBusy = false;
    }
  }

  /** The connection has ended: nothing is sent any more. */
  end(): void {
    this.isEnded = true;
  }

  private async compareAll(entries: Compare['entries']): Promise<Compared['entries']> {
    const others: Compared['entries'][number][] = [];
    for (let start = 0; start < entries.length && !this.isEnded; start += KEYS_PER_QUERY) {
      others.push(...(await this.compareSome(entries.slice(start, start + KEYS_PER_QUERY))));
      await nextTurn();
    }
    return others;
  }

  private async compareSome(entries: Compare['entries']): Promise<Compared['entries']> {
    const { room, log, servedAs } = this.options;
    const asked: { readonly entry: Compare['entries'][number]; readonly name: string }[] = [];
    for (const entry of entries) {
      const name = await servedAs(entry.document);
      if (name !== undefined) asked.push({ entry, name });
    }
    const heads = await log.readHeads(asked.map(({ name }) => ({ ...room, document: name })));
    return asked.flatMap(({ entry: { document, epoch, seq } }, index) => {
      const head = heads[index];
      // Nothing was ever written to it, in whatever epoch.
      if ((head?.headSeq ?? 0) === 0 && seq === 0) return [];
      if (head && head.epoch === epoch && head.headSeq === seq) return [];
      return [{ document, epoch: head?.epoch ?? '', headSeq: head?.headSeq ?? 0 }];
    });
  }

  private send(requestId: number, outcome: Compared['outcome'], entries: Compared['entries']): void {
    if (this.isEnded) return;
    const lane = entries.length > SMALL_ANSWER_ENTRIES ? 'bulk' : 'control';
    this.options.outlet.send({ type: 'compared', requestId, outcome, entries }, lane);
  }
}
