import { type Disposable, MutableDisposable, type Scheduler, scheduleEvery } from '../../lifecycle/index.ts';
import type { AwayStore } from './away-store.ts';
import type { PresentPeople } from './late-arrivals.ts';

const NOTE = 'left';
/** How often it is noted while others are here: so exactly is an absence known after a crash, or a page's reload. */
const PERIOD_MS = 5_000;
/** Where nobody else is, nothing happens that would have to be told. */
const ALONE_PERIODS = 60;

/** Of more connections of others it is not kept that they were there. */
const MAX_CONNECTIONS = 1_000;

export interface LastTouch {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** It may have been so much later: the process, or the page, ended without a word. */
  readonly toleranceMs: number;
  /** Presence ids of others who were there. */
  readonly present: readonly number[];
}

export interface InTouchOptions {
  readonly store: AwayStore;
  readonly scheduler: Scheduler;
  /** The others who are here. */
  readonly present: () => PresentPeople;
  readonly onFailure: (error: unknown) => void;
}

/** Keeps when this device was in touch with the relay last. */
export class InTouch implements Disposable {
  private readonly options: InTouchOptions;
  private readonly periods = new MutableDisposable<Disposable>();
  private skipped = 0;
  private wasAlone = false;
  /** By how much the relay's clock is ahead of this device's. */
  private relayAheadMs = 0;

  constructor(options: InTouchOptions) {
    this.options = options;
  }

  /** When an earlier start was in touch last. Rejects as the store does. */
  async read(): Promise<LastTouch | undefined> {
    const note = await this.options.store.read('note', NOTE);
    const atMs = Number(note?.summary);
    if (!(atMs > 0)) return undefined;
    const { isEnd, present } = decode(note?.body ?? '');
    return { atMs, toleranceMs: isEnd ? 0 : PERIOD_MS, present };
  }

  /** The relay has told its time. */
  connected(relayMs: number): void {
    this.relayAheadMs = relayMs - this.options.scheduler.now();
  }

  /** A time of this device by the relay's clock. */
  toRelayMs(ms: number): number {
    return ms + this.relayAheadMs;
  }

  /** This device is in touch from now on. */
  begin(): void {
    this.note(false);
    this.periods.value = scheduleEvery(this.options.scheduler, () => this.periodEnded(), PERIOD_MS);
  }

  /** It was in touch until now. */
  end(): void {
    this.periods.value = undefined;
    this.note(true);
  }

  dispose(): void {
    this.periods.dispose();
  }

  private periodEnded(): void {
    const isAlone = this.options.present().size === 0;
    // Whoever has gone did something until a moment ago.
    if (isAlone && this.wasAlone && ++this.skipped < ALONE_PERIODS) return;
    this.wasAlone = isAlone;
    this.note(false);
  }

  /** `isEnd`: it is the last of a connection. */
  private note(isEnd: boolean): void {
    this.skipped = 0;
    const { store, scheduler, present, onFailure } = this.options;
    const body = JSON.stringify({ isEnd, present: [...present().keys()].slice(0, MAX_CONNECTIONS) });
    const row = { name: NOTE, summary: String(scheduler.now()), body };
    store.write('note', row).catch(onFailure);
  }
}

/** Of a damaged note nothing is known. */
function decode(body: string): { readonly isEnd: boolean; readonly present: readonly number[] } {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null || !('present' in value)) return { isEnd: false, present: [] };
    const ids: readonly unknown[] = Array.isArray(value.present) ? value.present : [];
    const present = ids.filter((id): id is number => typeof id === 'number');
    return { isEnd: 'isEnd' in value && value.isEnd === true, present };
  } catch {
    return { isEnd: false, present: [] };
  }
}
