import type { Outcome } from './workspace-status.ts';

/** Contents of files that are no texts, on their way in one direction. */
export interface TransferSum {
  readonly files: number;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface WaitingTransfer {
  /** For the person. */
  readonly reason: string;
  /** When it is tried again, in milliseconds since the epoch; undefined when that is not known. */
  readonly nextTryAtMs: number | undefined;
}

/** What is on its way between this device and the relay, or waits for it. */
export interface TransfersState {
  readonly up: TransferSum;
  readonly down: TransferSum;
  /** The first of them. */
  readonly files: readonly {
    readonly fileId: string;
    readonly direction: 'up' | 'down';
    readonly doneBytes: number;
    readonly totalBytes: number;
    /** What keeps it from going on, for the person. */
    readonly trouble?: string;
    /** It does not go on by itself: `trouble` says why. */
    readonly isRefused?: boolean;
    /** It goes on by itself. */
    readonly waiting?: WaitingTransfer;
  }[];
}

/** Requests about the content of a file that is no text. */
export interface BlobChannels {
  /** The whole of a small file, to be shown. */
  'blob:read': {
    readonly request: { readonly fileId: string };
    readonly response: Outcome<Uint8Array<ArrayBuffer>>;
  };
  /** The whole of a file of at most 64 MiB, to be put into a copy of all files. */
  'blob:read-whole': {
    readonly request: { readonly fileId: string };
    readonly response: Outcome<Uint8Array<ArrayBuffer>>;
  };
  /** Lets the person choose where a copy goes. False: they changed their mind. */
  'blob:save-copy': { readonly request: { readonly fileId: string }; readonly response: Outcome<boolean> };
}
