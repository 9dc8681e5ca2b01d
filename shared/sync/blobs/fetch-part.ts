import type { DescribedPart } from './blob-description.ts';
import {
  type BlobAnswer,
  type BlobTransferOptions,
  CANCELLED,
  PIECE_TIMEOUT_MS,
  sendOnce,
  toFailure,
  type TransferFailure,
  type TransferOutcome,
  Tries,
} from './blob-transfer.ts';
import type { PartWatch } from './send-part.ts';
import type { LinePlace } from './transfer-line.ts';

/** A part of which something has come. */
export interface IncomingPart {
  readonly bytes: Uint8Array;
  arrivedBytes: number;
}

/** Fetches what is missing of a part, piece by piece as the line allows. Undefined when all of it is there, as described. */
export async function fetchPart(
  options: BlobTransferOptions,
  {
    path,
    wanted,
    incoming,
  }: { readonly path: string; readonly wanted: DescribedPart; readonly incoming: IncomingPart },
  watch: PartWatch,
): Promise<TransferOutcome | undefined> {
  const place = options.line.enter();
  const tries = new Tries(options);
  const { bytes } = incoming;
  try {
    while (incoming.arrivedBytes < bytes.byteLength) {
      const pieceBytes = await place.turn(bytes.byteLength - incoming.arrivedBytes);
      if (watch.isCancelled()) return CANCELLED;
      const answer = await fetchPiece(options, path, incoming, pieceBytes, place);
      if (answer.kind === 'refused') {
        if (!answer.isTransient) return toFailure(answer);
        if (watch.isCancelled()) return CANCELLED;
        if (!(await tries.again())) return toFailure(answer);
      } else if (take(incoming, answer.body, pieceBytes)) {
        tries.reset();
        watch.onArrived(incoming.arrivedBytes);
      } else return damaged('A part of the file was damaged on its way.');
    }
  } finally {
    place.dispose();
  }
  if ((await options.sha256(bytes)) === wanted.sha256) return undefined;
  return damaged('A part of the file was damaged on its way.');
}

export function damaged(explanation: string): TransferFailure {
  return { kind: 'failed', reason: 'changed', explanation };
}

async function fetchPiece(
  { requests, pieceTimeoutMs = PIECE_TIMEOUT_MS }: BlobTransferOptions,
  path: string,
  { bytes, arrivedBytes }: IncomingPart,
  pieceBytes: number,
  place: LinePlace,
): Promise<BlobAnswer> {
  const isWhole = pieceBytes === bytes.byteLength;
  const range = `bytes=${arrivedBytes}-${arrivedBytes + pieceBytes - 1}`;
  const answer = await sendOnce(requests, {
    path,
    answerAs: 'bytes',
    ...(isWhole ? {} : { headers: { Range: range } }),
    idleTimeoutMs: pieceTimeoutMs,
  });
  // For the first one the relay reads the part.
  if (answer.kind === 'done') place.answered(arrivedBytes > 0);
  else place.failed(answer.status === undefined);
  return answer;
}

/** Whether `body` is what was asked for, or all of it, as a relay answers that gives no pieces. */
function take(incoming: IncomingPart, body: unknown, pieceBytes: number): boolean {
  const { bytes, arrivedBytes } = incoming;
  if (!(body instanceof Uint8Array)) return false;
  const isAll = body.byteLength === bytes.byteLength;
  if (!isAll && body.byteLength !== pieceBytes) return false;
  const offset = isAll ? 0 : arrivedBytes;
  bytes.set(body, offset);
  incoming.arrivedBytes = offset + body.byteLength;
  return true;
}
