import { BLOB_PART_BYTES } from '../../workspace/index.ts';
import { type BlobDescription, type DescribedPart, partSize, readDescription } from './blob-description.ts';
import {
  type BlobTransferOptions,
  CANCELLED,
  forEachPart,
  sendPatiently,
  toFailure,
  type TransferFailure,
  type TransferOutcome,
  type TransferWatch,
} from './blob-transfer.ts';

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

const PART_TIMEOUT_MS = 60_000;

/**
 * Fetches a blob of the room, as far as `sink` does not have it, and compares the hash of each part and of the whole: it
 * is done when the sink has exactly the blob. Rejects with what `sink` rejects with.
 */
export async function downloadBlob(
  options: BlobTransferOptions,
  blob: string,
  sink: BlobSink,
  { onProgress, isCancelled = () => false }: TransferWatch = {},
): Promise<TransferOutcome> {
  const described = await describe(options, blob, isCancelled);
  if ('kind' in described) return described;
  const { sizeBytes, parts } = described;
  const refusal = await sink.begin(sizeBytes);
  if (refusal !== undefined) return { kind: 'failed', reason: 'refused', explanation: refusal };
  let doneBytes = 0;
  const numbers = parts.map(({ part }) => part);
  const ended = await forEachPart(numbers, async (part): Promise<TransferOutcome | undefined> => {
    const wanted = parts[part];
    if (!wanted || isCancelled()) return CANCELLED;
    const failure = await fetchPart(options, blob, wanted, sizeBytes, sink, isCancelled);
    if (failure) return failure;
    doneBytes += partSize(part, sizeBytes);
    onProgress?.({ doneBytes, totalBytes: sizeBytes });
    return undefined;
  });
  if (ended) return ended;
  return (await sink.hash()) === blob ? { kind: 'done' } : damaged('What the relay has of this file is not the file.');
}

async function describe(
  options: BlobTransferOptions,
  blob: string,
  isCancelled: () => boolean,
): Promise<TransferFailure | Extract<BlobDescription, { state: 'complete' }>> {
  const answer = await sendPatiently(options, { path: `blobs/${blob}` }, isCancelled);
  if (answer.kind !== 'done') return toFailure(answer);
  const described = readDescription(answer.body);
  if (!described) return { kind: 'failed', reason: 'refused', explanation: options.requests.strange };
  if (described.state === 'complete') return described;
  return { kind: 'failed', reason: 'not-there', explanation: 'The file has not been sent as a whole yet.' };
}

async function fetchPart(
  options: BlobTransferOptions,
  blob: string,
  wanted: DescribedPart,
  sizeBytes: number,
  sink: BlobSink,
  isCancelled: () => boolean,
): Promise<TransferFailure | undefined> {
  const { part, sha256 } = wanted;
  const byteLength = partSize(part, sizeBytes);
  const offset = part * BLOB_PART_BYTES;
  if (await sink.has(wanted, offset, byteLength)) return undefined;
  const request = { path: `blobs/${blob}/parts/${part}`, answerAs: 'bytes', timeoutMs: PART_TIMEOUT_MS } as const;
  const answer = await sendPatiently(options, request, isCancelled);
  if (answer.kind !== 'done') return toFailure(answer);
  const bytes = answer.body;
  if (!(bytes instanceof Uint8Array) || bytes.byteLength !== byteLength || (await options.sha256(bytes)) !== sha256)
    return damaged('A part of the file was damaged on its way.');
  await sink.write(offset, bytes);
  return undefined;
}

function damaged(explanation: string): TransferFailure {
  return { kind: 'failed', reason: 'changed', explanation };
}
