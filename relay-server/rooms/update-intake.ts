import { reportUnexpectedError } from '../../shared/lifecycle/index.ts';
import { mergeUpdates } from '../../shared/sync/merge-updates.ts';
import { type ClockRange, inspectUpdate } from './inspect-update.ts';
import type { Subscription } from './subscription.ts';

/** An update that was inspected; possibly several of one session that came together. */
export interface CheckedUpdate {
  /** Of all that it stands for, rising. */
  readonly clientSeqs: readonly number[];
  readonly payload: Uint8Array;
  readonly ranges: readonly ClockRange[];
}

interface Run {
  readonly subscription: Subscription;
  readonly updates: CheckedUpdate[];
  byteLength: number;
}

/** Merging takes time that grows faster than what is merged. */
const MAX_RUN_UPDATES = 64;
const MAX_RUN_BYTES = 16 * 1024;

/**
 * Joins what one participant sends at once to a document into one update: it is numbered, stored and sent on as one,
 * which costs everybody less (SPEC UP8). Nothing waits longer than what has arrived already takes.
 */
export class UpdateIntake {
  private readonly take: (subscription: Subscription, update: CheckedUpdate) => void;
  private run: Run | undefined;

  constructor(take: (subscription: Subscription, update: CheckedUpdate) => void) {
    this.take = take;
  }

  get isEmpty(): boolean {
    return this.run === undefined;
  }

  add(subscription: Subscription, update: CheckedUpdate): void {
    const { byteLength } = update.payload;
    if (byteLength > MAX_RUN_BYTES) {
      this.flush();
      return this.take(subscription, update);
    }
    const { run } = this;
    if (run && canTake(run, subscription, byteLength)) {
      run.updates.push(update);
      run.byteLength += byteLength;
      return;
    }
    this.flush();
    this.run = { subscription, updates: [update], byteLength };
    // Everything that has come in one piece is taken before it.
    queueMicrotask(() => this.flush());
  }

  /** Passes on what was added. */
  flush(): void {
    const { run } = this;
    if (!run) return;
    this.run = undefined;
    for (const update of join(run.updates)) {
      try {
        this.take(run.subscription, update);
      } catch (error) {
        // Often nobody is there to catch it; and what follows has no part in it.
        reportUnexpectedError(error);
      }
    }
  }
}

function canTake({ subscription, updates, byteLength }: Run, other: Subscription, otherBytes: number): boolean {
  return subscription === other && updates.length < MAX_RUN_UPDATES && byteLength + otherBytes <= MAX_RUN_BYTES;
}

function join(updates: readonly CheckedUpdate[]): readonly CheckedUpdate[] {
  const [first, ...others] = updates;
  if (!first || others.length === 0) return updates;
  try {
    const payload = mergeUpdates(updates.map((update) => update.payload));
    // It goes into the log, where a bad row would spoil the document.
    const inspection = inspectUpdate(payload);
    if (inspection.kind === 'malformed') return updates;
    const clientSeqs = [...first.clientSeqs, ...others.flatMap((other) => other.clientSeqs)];
    return [{ clientSeqs, payload, ranges: inspection.ranges }];
  } catch (error) {
    reportUnexpectedError(error);
    return updates;
  }
}
