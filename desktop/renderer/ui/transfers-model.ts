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

/** Who did something to a content, and when, in milliseconds since the epoch. The name is shown as text only. */
export interface ContentAct {
  readonly by: string;
  readonly atMs: number;
}

/** What became of a content of a file. */
export type ContentFate =
  | { readonly kind: 'counts' }
  | ({ readonly kind: 'replaced' } & ContentAct)
  /** Who wrote it did so without knowing of a later one, and noted it then. */
  | { readonly kind: 'late' }
  /** Another one counts, by which it was not replaced knowingly. */
  | { readonly kind: 'passed-over' };

/** A content that a file has or had. */
export interface FileContent {
  readonly blob: string;
  readonly sizeBytes: number | undefined;
  /** Who brought it; undefined when that is not known, as of the first one. */
  readonly written: ContentAct | undefined;
  readonly fate: ContentFate;
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
  /** Contents of the file that are known: the one that counts, then the others, the last one first. */
  listContents(fileId: string): Promise<Answer<readonly FileContent[]>>;
  /** Gives a file a content that it had before; the one that it has stays in the history. */
  bringBack(fileId: string, earlier: FileContent): Promise<Outcome>;
}
