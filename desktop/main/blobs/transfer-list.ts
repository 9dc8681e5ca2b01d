import type { IncomingParts } from '../../../shared/sync/blobs/index.ts';
import type { TransfersState, WaitingTransfer } from '../../ipc/index.ts';
import type { BlobUpload, BlobWish } from '../workspace/blob-contents.ts';

export type Direction = 'up' | 'down';

/** One content on its way. */
export interface Transfer {
  readonly direction: Direction;
  readonly blob: string;
  /** By the file that each is for. */
  readonly wishes: Map<string, BlobWish>;
  /** Where it can be read, of one that goes up. */
  readonly sources: Set<BlobUpload>;
  doneBytes: number;
  totalBytes: number;
  /** What was done when it began to rest last. */
  restedAtBytes: number;
  isRunning: boolean;
  /** What has come, in this process, of parts that were broken off. */
  readonly incoming: IncomingParts;
  /** Why it waits for its next try, for the person; undefined when it does not. */
  resting: string | undefined;
  /** What keeps it from coming, for the person. */
  trouble: string | undefined;
  toldTrouble: string | undefined;
}

/** A transfer that is tried no more. */
export interface RefusedTransfer {
  readonly transfer: Transfer;
  /** For the person. */
  readonly explanation: string;
}

export interface TransferCircumstances {
  readonly refused: Iterable<RefusedTransfer>;
  readonly isAway: WaitingTransfer | undefined;
  /** Of those that rest, in milliseconds since the epoch. */
  readonly nextTryAtMs: number | undefined;
}

/** The windows are told of no more files than these; the sums have all. */
const MAX_DESCRIBED = 200;

/** Whether anybody still wants a content. */
export function isWanted({ wishes }: Transfer): boolean {
  return [...wishes.values()].some((wish) => wish.isWanted());
}

/** Contents that are on their way or wait for it, in the order in which they were asked for. */
export class TransferList {
  private readonly transfers = new Map<string, Transfer>();
  /** Since nothing was on its way, by direction: so that sums do not go back when one is done. */
  private readonly done: Record<Direction, number> = { up: 0, down: 0 };

  get all(): Iterable<Transfer> {
    return this.transfers.values();
  }

  /** The one that is there, or a new one. */
  add(direction: Direction, blob: string, wish: BlobWish | BlobUpload): Transfer {
    const key = `${direction} ${blob}`;
    const transfer = this.transfers.get(key) ?? createTransfer(direction, blob, wish.sizeBytes ?? 0);
    transfer.wishes.set(wish.fileId, wish);
    if ('open' in wish) {
      for (const source of transfer.sources) if (source.fileId === wish.fileId) transfer.sources.delete(source);
      transfer.sources.add(wish);
    }
    this.transfers.set(key, transfer);
    return transfer;
  }

  /** Those that may begin, while no more than `atOnce` of this direction run. What nobody wants any more is dropped. */
  startable(direction: Direction, atOnce: number): readonly Transfer[] {
    const own = [...this.transfers.values()].filter((transfer) => transfer.direction === direction);
    const running = new Set([...this.transfers.values()].filter(({ isRunning }) => isRunning).map(({ blob }) => blob));
    let free = atOnce - own.filter(({ isRunning }) => isRunning).length;
    const started: Transfer[] = [];
    for (const transfer of own) {
      if (transfer.isRunning) continue;
      if (!isWanted(transfer)) this.remove(transfer, false);
      // Both ways at once would write to one file.
      else if (free > 0 && transfer.resting === undefined && !running.has(transfer.blob)) {
        started.push(transfer);
        running.add(transfer.blob);
        free--;
      }
    }
    return started;
  }

  remove(transfer: Transfer, isDone: boolean): void {
    const { direction, blob, totalBytes } = transfer;
    if (this.transfers.get(`${direction} ${blob}`) === transfer) this.transfers.delete(`${direction} ${blob}`);
    if (isDone) this.done[direction] += totalBytes;
    if (![...this.transfers.values()].some((other) => other.direction === direction)) this.done[direction] = 0;
  }

  /**
   * `refused`: those that are tried no more, with the reasons for the person. `isAway`: why nothing goes on, when nothing
   * does.
   */
  describe({ refused, isAway, nextTryAtMs }: TransferCircumstances): TransfersState {
    const files = [...this.transfers.values()].flatMap((transfer) => {
      const { trouble, resting } = transfer;
      const waiting = isAway ?? (resting === undefined ? undefined : { reason: resting, nextTryAtMs });
      const told = { ...(trouble === undefined ? {} : { trouble }), ...(waiting === undefined ? {} : { waiting }) };
      return describeFiles(transfer, told);
    });
    const given = [...refused].flatMap(({ transfer, explanation }) =>
      describeFiles(transfer, { trouble: explanation, isRefused: true }),
    );
    return { up: this.sum('up'), down: this.sum('down'), files: [...given, ...files].slice(0, MAX_DESCRIBED) };
  }

  private sum(direction: Direction): TransfersState['up'] {
    const own = [...this.transfers.values()].filter((other) => other.direction === direction && isWanted(other));
    const add = (read: (transfer: Transfer) => number) => own.reduce((sum, transfer) => sum + read(transfer), 0);
    if (own.length === 0) return { files: 0, doneBytes: 0, totalBytes: 0 };
    const done = this.done[direction];
    return {
      files: own.length,
      doneBytes: done + add(({ doneBytes }) => doneBytes),
      totalBytes: done + add(({ totalBytes }) => totalBytes),
    };
  }
}

function describeFiles(
  { wishes, direction, doneBytes, totalBytes }: Transfer,
  told: Pick<TransfersState['files'][number], 'trouble' | 'isRefused' | 'waiting'>,
): TransfersState['files'] {
  return [...wishes.values()]
    .filter((wish) => wish.isWanted())
    .map(({ fileId }) => ({ fileId, direction, doneBytes, totalBytes, ...told }));
}

function createTransfer(direction: Direction, blob: string, totalBytes: number): Transfer {
  return {
    direction,
    blob,
    wishes: new Map(),
    sources: new Set(),
    doneBytes: 0,
    totalBytes,
    restedAtBytes: 0,
    isRunning: false,
    incoming: new Map(),
    resting: undefined,
    trouble: undefined,
    toldTrouble: undefined,
  };
}
