import type { Observable } from './observable.ts';
import type { Answer, Outcome } from './outcome.ts';

export interface TransferSum {
  readonly files: number;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** The content of one file on its way between this device and the relay. */
export interface TransferView {
  readonly fileId: string;
  readonly direction: 'up' | 'down';
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** What keeps it from going on, for the person. */
  readonly trouble?: string;
  /** It does not go on by itself: `trouble` says why. */
  readonly isRefused?: boolean;
  /** It goes on by itself. */
  readonly waiting?: {
    /** For the person. */
    readonly reason: string;
    /** When it is tried again, in milliseconds since the epoch; undefined when that is not known. */
    readonly nextTryAtMs: number | undefined;
  };
}

/** Contents of files that are no texts, on their way or waiting for it. */
export interface TransfersView {
  readonly up: TransferSum;
  readonly down: TransferSum;
  /** The first of them. */
  readonly files: readonly TransferView[];
}

/** A content that a file had before. */
export interface EarlierContent {
  readonly blob: string;
  readonly sizeBytes: number | undefined;
  /** When another took its place, in milliseconds since the epoch. */
  readonly replacedMs: number;
  /** Who did it; shown as text only. */
  readonly replacedBy: string;
  /** It never was in its place: who wrote it did so without knowing of a later one, and noted it then. */
  readonly isConcurrent?: boolean;
}

/** No larger file is shown. */
export const MAX_SHOWN_BYTES = 5 * 1024 * 1024;

/** The contents of the open room's files that are no texts. */
export interface TransfersModel {
  readonly state: Observable<TransfersView>;
  /** The whole content of a file of at most {@link MAX_SHOWN_BYTES}. */
  readContent(fileId: string): Promise<Answer<Uint8Array<ArrayBuffer>>>;
  /** Lets the person choose where a copy goes. */
  saveCopy(fileId: string): Promise<Outcome>;
  /** Contents that the file had before, the last one first. */
  listEarlier(fileId: string): Promise<Answer<readonly EarlierContent[]>>;
  /** Gives a file a content that it had before; the one that it has stays in the history. */
  bringBack(fileId: string, earlier: EarlierContent): Promise<Outcome>;
}
