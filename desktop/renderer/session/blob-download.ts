import { digest as digestSha256 } from 'lib0/hash/sha256';
import { type Disposable, errorMessage, type Scheduler } from '../../../shared/lifecycle/index.ts';
import type { RoomRequests } from '../../../shared/sync/administration/index.ts';
import {
  type BlobSink,
  type DescribedPart,
  downloadBlob,
  type IncomingParts,
  TransferLine,
  type TransferProgress,
} from '../../../shared/sync/blobs/index.ts';
import type { SharedFile, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { Outcome, TransfersState } from '../../ipc/index.ts';

export interface BlobDownloadOptions {
  readonly requests: RoomRequests;
  readonly index: WorkspaceIndex;
  readonly scheduler: Scheduler;
  /** Is told how far all of them are. */
  readonly onChange: (state: TransfersState) => void;
}

/** A page has all of a file in memory before it can be saved. */
const MAX_BYTES = 1024 * 1024 * 1024;
/** Of what was broken off. */
const MAX_KEPT_BYTES = 128 * 1024 * 1024;
const NOTHING = { files: 0, doneBytes: 0, totalBytes: 0 } as const;

interface Progress {
  readonly fileId: string;
  doneBytes: number;
  totalBytes: number;
}

interface BrokenOff {
  readonly blob: string;
  readonly sink: MemorySink;
  readonly incoming: IncomingParts;
}

/** Fetches contents of files that are no texts into a page, which keeps none of them. */
export class BlobDownload implements Disposable {
  private readonly options: BlobDownloadOptions;
  private readonly running = new Set<Progress>();
  private readonly line: TransferLine;
  /** What was broken off last; whoever asks for the same again goes on from there. */
  private brokenOff: BrokenOff | undefined;
  private isDisposed = false;

  constructor(options: BlobDownloadOptions) {
    this.options = options;
    this.line = new TransferLine(options.scheduler);
  }

  /** The content of a file, and what the file is; no larger than `maxBytes`. */
  async fetch(
    fileId: string,
    maxBytes = MAX_BYTES,
  ): Promise<Outcome<{ readonly file: SharedFile; readonly bytes: Uint8Array<ArrayBuffer> }>> {
    const { index, requests, scheduler } = this.options;
    const file = index.get(fileId);
    const blob = file?.blob;
    if (!file || file.kind === 'text') return refuse('The file is not in the room any more.');
    if (blob === undefined) return refuse('The room does not have the content of this file yet.');
    if (!window.isSecureContext) {
      return refuse('This page was not loaded by https, so that it cannot check what it fetches. Use the Tutti app.');
    }
    const before = this.brokenOff?.blob === blob ? this.brokenOff : undefined;
    this.brokenOff = undefined;
    const { sink, incoming } = before ?? { sink: new MemorySink(), incoming: new Map() };
    sink.maxBytes = maxBytes;
    const progress: Progress = { fileId, doneBytes: 0, totalBytes: file.sizeBytes ?? 0 };
    this.running.add(progress);
    this.tell();
    try {
      const options = { requests, scheduler, random: Math.random, sha256, line: this.line };
      const watch = {
        isCancelled: () => this.isDisposed || index.get(fileId)?.blob !== blob,
        onProgress: (at: TransferProgress) => {
          Object.assign(progress, at);
          this.tell();
        },
      };
      const outcome = await downloadBlob(options, blob, sink, watch, incoming);
      if (outcome.kind === 'failed' && outcome.reason === 'unavailable' && sink.bytes.byteLength <= MAX_KEPT_BYTES)
        this.brokenOff = { blob, sink, incoming };
      if (outcome.kind === 'done') return { ok: true, value: { file, bytes: sink.bytes } };
      return refuse(outcome.kind === 'failed' ? outcome.explanation : 'The file has another content by now.');
    } catch (error) {
      return refuse(`The file could not be fetched: ${errorMessage(error)}`);
    } finally {
      this.running.delete(progress);
      this.tell();
    }
  }

  dispose(): void {
    this.brokenOff = undefined;
    this.isDisposed = true;
  }

  private tell(): void {
    if (this.isDisposed) return;
    const files = [...this.running].map((progress) => ({ direction: 'down', ...progress }) as const);
    const sum = (read: (progress: Progress) => number) => files.reduce((total, each) => total + read(each), 0);
    const doneBytes = sum((each) => each.doneBytes);
    const totalBytes = sum((each) => each.totalBytes);
    this.options.onChange({ up: NOTHING, down: { files: files.length, doneBytes, totalBytes }, files });
  }
}

class MemorySink implements BlobSink {
  bytes = new Uint8Array(0);
  maxBytes = 0;
  private readonly there = new Set<number>();

  async begin(sizeBytes: number): Promise<string | undefined> {
    if (sizeBytes > this.maxBytes) return 'The file is too large for a browser. Open the link in the Tutti app.';
    if (this.bytes.byteLength !== sizeBytes) this.bytes = new Uint8Array(sizeBytes);
    return undefined;
  }

  async has(_part: DescribedPart, offset: number): Promise<boolean> {
    return this.there.has(offset);
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.bytes.set(bytes, offset);
    this.there.add(offset);
  }

  hash(): Promise<string> {
    return sha256(this.bytes);
  }
}

async function sha256(bytes: Uint8Array): Promise<string> {
  // A page that is served by plain HTTP has to do without what the browser has of its own.
  const digest = window.isSecureContext
    ? new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)))
    : digestSha256(bytes);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function refuse<T>(explanation: string): Outcome<T> {
  return { ok: false, explanation };
}
