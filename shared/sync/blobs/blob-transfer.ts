import type { Scheduler } from '../../lifecycle/index.ts';
import { explainRefusal, type RoomRequest, type RoomRequests } from '../administration/index.ts';
import { Backoff } from '../backoff.ts';
import type { TransferLine } from './transfer-line.ts';

export interface BlobTransferOptions {
  readonly requests: RoomRequests;
  /** SHA-256 in lowercase hexadecimal digits. */
  readonly sha256: (bytes: Uint8Array) => Promise<string>;
  readonly scheduler: Scheduler;
  /** Floats in [0, 1). */
  readonly random: () => number;
  /** Shared by everything that goes the same way. The caller keeps the ownership. */
  readonly line: TransferLine;
  /** A piece of which nothing is heard for so long is sent, or asked for, again; a minute if not given. */
  readonly pieceTimeoutMs?: number;
}

export interface TransferProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** How a transfer is watched and ended. */
export interface TransferWatch {
  readonly onProgress?: (progress: TransferProgress) => void;
  /** Asked between pieces; a transfer that is ended goes on where it was when it is begun again. */
  readonly isCancelled?: () => boolean;
}

export type TransferOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'cancelled' }
  /**
   * - `unavailable`: trying again later goes on where it was; the relay cannot be reached, or is busy.
   * - `not-there`: the room does not have the blob, or not all of it yet.
   * - `changed`: the bytes are not, or no longer, those of the blob.
   * - `refused`: the relay does not take it, or does not let this person have it.
   */
  | {
      readonly kind: 'failed';
      readonly reason: 'unavailable' | 'not-there' | 'changed' | 'refused';
      /** For the person. */
      readonly explanation: string;
    };

export type TransferFailure = Extract<TransferOutcome, { kind: 'failed' }>;

export const CANCELLED = { kind: 'cancelled' } as const;

/** Parts on their way at once, of one blob. */
const PARALLEL_PARTS = 2;
const ATTEMPTS = 4;
const RETRY_AFTER_MS = 250;
export const PIECE_TIMEOUT_MS = 60_000;
/** What a relay has of a blob is told in one answer, which may be long. */
export const DESCRIBE_TIMEOUT_MS = 30_000;

export type BlobAnswer =
  | { readonly kind: 'done'; readonly status: number; readonly body: unknown }
  /** `status`: undefined when there was no token, or no answer. */
  | {
      readonly kind: 'refused';
      readonly status: number | undefined;
      readonly body: unknown;
      readonly explanation: string;
      readonly isTransient: boolean;
    };

/** Tries in a row, with longer and longer pauses between them. */
export class Tries {
  private readonly scheduler: Scheduler;
  private readonly backoff: Backoff;

  constructor({ scheduler, random }: Pick<BlobTransferOptions, 'scheduler' | 'random'>) {
    this.scheduler = scheduler;
    this.backoff = new Backoff(random);
  }

  /** Resolves, after a pause, to true; to false at once when there were enough. */
  async again(): Promise<boolean> {
    if (this.backoff.attempt === ATTEMPTS - 1) return false;
    const delayMs = this.backoff.nextDelayMs(RETRY_AFTER_MS);
    // Disposed by itself when it has run.
    await new Promise<void>((resolve) => void this.scheduler.schedule(resolve, delayMs));
    return true;
  }

  /** It goes on: the next failure is the first one again. */
  reset(): void {
    this.backoff.reset();
  }
}

/** Asks again, later and later, while the relay is busy. */
export async function sendPatiently(
  options: BlobTransferOptions,
  request: RoomRequest,
  isCancelled: () => boolean,
): Promise<BlobAnswer> {
  const tries = new Tries(options);
  for (;;) {
    const answer = await sendOnce(options.requests, request);
    const isOver = answer.kind === 'done' || !answer.isTransient || isCancelled();
    if (isOver || !(await tries.again())) return answer;
  }
}

export async function sendOnce(requests: RoomRequests, request: RoomRequest): Promise<BlobAnswer> {
  const answer = await requests.send(request);
  if (!answer.ok) return { kind: 'refused', status: undefined, body: undefined, ...answer };
  const { status, body } = answer;
  if (status >= 200 && status <= 299) return { kind: 'done', status, body };
  return { kind: 'refused', status, body, ...explainRefusal(answer) };
}

export function toFailure(answer: Exclude<BlobAnswer, { kind: 'done' }>): TransferFailure {
  const { explanation } = answer;
  if (answer.isTransient) return { kind: 'failed', reason: 'unavailable', explanation };
  if (answer.status === 404) return { kind: 'failed', reason: 'not-there', explanation };
  return { kind: 'failed', reason: 'refused', explanation };
}

/**
 * Does `work` for each part, some at once, until one gives something: that is given back when what was under way has
 * come to its end. Rejects with what `work` rejects with.
 */
export async function forEachPart<T>(
  parts: readonly number[],
  work: (part: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  const left = parts[Symbol.iterator]();
  let result: T | undefined;
  let isFailed = false;
  const takeParts = async () => {
    for (const part of left) {
      try {
        result ??= await work(part);
      } catch (error) {
        isFailed = true;
        throw error;
      }
      if (result !== undefined || isFailed) return;
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: PARALLEL_PARTS }, takeParts));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
  return result;
}
