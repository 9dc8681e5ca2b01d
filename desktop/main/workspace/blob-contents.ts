import type { FileHandle } from 'node:fs/promises';
import { type Event, Emitter } from '../../../shared/lifecycle/index.ts';

/** Whether a content is where it is wanted. */
export type BlobState =
  | { readonly kind: 'there' }
  /** It comes by itself; see `onDidSettle`. `trouble`: what keeps it from coming for now, for the person. */
  | { readonly kind: 'waits'; readonly trouble?: string }
  /** It does not come until somebody does something about it. `explanation` is for the person. */
  | { readonly kind: 'refused'; readonly explanation: string };

/** Asks for a content. */
export interface BlobWish {
  /** SHA-256 of the content. */
  readonly blob: string;
  /** The file that it is for. */
  readonly fileId: string;
  /** As far as it is known. */
  readonly sizeBytes?: number;
  /** Asked now and then; false gives the wish up. */
  readonly isWanted: () => boolean;
}

export interface BlobUpload extends BlobWish {
  readonly sizeBytes: number;
  /** Opens where the content is; the file is closed by who asked. Undefined when nothing is there any more. */
  readonly open: () => Promise<FileHandle | undefined>;
}

/** Contents of files that are no shared text, as a folder's mirror needs them. To ask again is harmless. */
export interface BlobContents {
  /** Brings a content to the relay. */
  upload(upload: BlobUpload): BlobState;
  /** Brings a content to this device. */
  fetch(wish: BlobWish): BlobState;
  /** A content that {@link fetch} says is there. Rejects when it is damaged, at the latest at its end. */
  read(blob: string): AsyncIterable<Uint8Array>;
  /** What was refused is tried again when it is asked for again. */
  retryRefused(): void;
  /** Names a content of which something may be different now. */
  readonly onDidSettle: Event<string>;
}

/** Contents neither come nor go. */
export const NO_BLOBS: BlobContents = {
  upload: () => ({ kind: 'waits' }),
  fetch: () => ({ kind: 'waits' }),
  read: () => {
    throw new Error('there are no contents');
  },
  retryRefused: () => undefined,
  onDidSettle: new Emitter<string>().event,
};
