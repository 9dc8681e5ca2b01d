import { BLOB_PART_BYTES } from '../../workspace/index.ts';
import { type BlobDescription, type DescribedPart, partSize, readDescription } from './blob-description.ts';
import {
  type BlobTransferOptions,
  CANCELLED,
  DESCRIBE_TIMEOUT_MS,
  forEachPart,
  sendPatiently,
  toFailure,
  type TransferFailure,
  type TransferOutcome,
  type TransferWatch,
} from './blob-transfer.ts';
import { damaged, fetchPart, type IncomingPart } from './fetch-part.ts';

/** Where the bytes of a blob go. Nothing of it may be shown as the blob's before {@link downloadBlob} is done. */
export interface BlobSink {
  /** Called once, before all others; rejects, or gives a reason for the person, when there is no place for so much. */
  begin(sizeBytes: number): Promise<string | undefined>;
  /** Whether a part with this hash is there from an earlier attempt. */
  has(part: DescribedPart, offset: number, byteLength: number): Promise<boolean>;
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** SHA-256 of all that is there, in lowercase hexadecimal digits. */
  hash(): Promise<string>;
}

/** Parts of which something has come, kept by whoever tries again in the same process. Empty at first. */
export type IncomingParts = Map<number, IncomingPart>;

/**
 * Fetches a blob of the room, as far as `sink` does not have it, and compares the hash of each part and of the whole: it
 * is done when the sink has exactly the blob. Rejects with what `sink` rejects with. What has come of a part when it is
 * broken off stays in `incoming`.
 */
export async function downloadBlob(
  options: BlobTransferOptions,
  blob: string,
  sink: BlobSink,
  watch: TransferWatch = {},
  incoming: IncomingParts = new Map(),
): Promise<TransferOutcome> {
  const isCancelled = () => watch.isCancelled?.() ?? false;
  const described = await describe(options, blob, isCancelled);
  if ('kind' in described) return described;
  const { sizeBytes, parts } = described;
  const refusal = await sink.begin(sizeBytes);
  if (refusal !== undefined) return { kind: 'failed', reason: 'refused', explanation: refusal };
  const download = new BlobDownload({ options, blob, sizeBytes, sink, watch, incoming });
  const ended = await forEachPart(
    parts.map(({ part }) => part),
    async (part) => {
      const wanted = parts[part];
      return wanted && !isCancelled() ? download.bringPart(wanted, isCancelled) : CANCELLED;
    },
  );
  if (ended) return ended;
  return (await sink.hash()) === blob ? { kind: 'done' } : damaged('What the relay has of this file is not the file.');
}

async function describe(
  options: BlobTransferOptions,
  blob: string,
  isCancelled: () => boolean,
): Promise<TransferFailure | Extract<BlobDescription, { state: 'complete' }>> {
  const request = { path: `blobs/${blob}`, idleTimeoutMs: DESCRIBE_TIMEOUT_MS };
  const answer = await sendPatiently(options, request, isCancelled);
  if (answer.kind !== 'done') return toFailure(answer);
  const described = readDescription(answer.body);
  if (!described) return { kind: 'failed', reason: 'refused', explanation: options.requests.strange };
  if (described.state === 'complete') return described;
  return { kind: 'failed', reason: 'not-there', explanation: 'The file has not been sent as a whole yet.' };
}

interface Download {
  readonly options: BlobTransferOptions;
  readonly blob: string;
  readonly sizeBytes: number;
  readonly sink: BlobSink;
  readonly watch: TransferWatch;
  readonly incoming: IncomingParts;
}

class BlobDownload {
  private readonly download: Download;
  /** How much of each part has arrived. */
  private readonly arrivedBytes = new Map<number, number>();
  private doneBytes = 0;

  constructor(download: Download) {
    this.download = download;
  }

  async bringPart(wanted: DescribedPart, isCancelled: () => boolean): Promise<TransferOutcome | undefined> {
    const { options, blob, sizeBytes, sink, incoming } = this.download;
    const { part } = wanted;
    const byteLength = partSize(part, sizeBytes);
    const offset = part * BLOB_PART_BYTES;
    if (!(await sink.has(wanted, offset, byteLength))) {
      const known = incoming.get(part) ?? { bytes: new Uint8Array(byteLength), arrivedBytes: 0 };
      incoming.set(part, known);
      this.noteArrived(part, known.arrivedBytes);
      const onArrived = (bytes: number) => this.noteArrived(part, bytes);
      const asked = { path: `blobs/${blob}/parts/${part}`, wanted, incoming: known };
      const ended = await fetchPart(options, asked, { onArrived, isCancelled });
      const isBrokenOff = ended?.kind === 'cancelled' || (ended?.kind === 'failed' && ended.reason === 'unavailable');
      if (!isBrokenOff || known.arrivedBytes === 0) incoming.delete(part);
      if (ended) return ended;
      await sink.write(offset, known.bytes);
    }
    this.noteArrived(part, byteLength);
    return undefined;
  }

  private noteArrived(part: number, bytes: number): void {
    const before = this.arrivedBytes.get(part) ?? 0;
    if (before === bytes) return;
    this.arrivedBytes.set(part, bytes);
    this.doneBytes += bytes - before;
    this.download.watch.onProgress?.({ doneBytes: this.doneBytes, totalBytes: this.download.sizeBytes });
  }
}
