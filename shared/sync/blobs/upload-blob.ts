import { BLOB_PART_BYTES, blobPartCount } from '../../workspace/index.ts';
import { type DescribedPart, partSize, readDescription, readMissing } from './blob-description.ts';
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
import { sendPart } from './send-part.ts';

/** The bytes of a blob where they are; they must not change while it is uploaded. */
export interface BlobSource {
  readonly sizeBytes: number;
  /** Gives exactly so many bytes, or rejects. */
  read(offset: number, byteLength: number): Promise<Uint8Array>;
}

/** How often parts are sent again that the relay has lost meanwhile. */
const ROUNDS = 3;
/** The relay reads all of it before it answers. */
const FINISH_TIMEOUT_MS = 5 * 60_000;
const CHANGED = 'The file was changed while it was sent. It is sent again once it rests.';

/**
 * Sends a blob to the room, as far as the relay does not have it: one that was broken off goes on where it was.
 * Rejects with what `source` rejects with.
 */
export async function uploadBlob(
  options: BlobTransferOptions,
  blob: string,
  source: BlobSource,
  watch: TransferWatch = {},
): Promise<TransferOutcome> {
  return new BlobUpload(options, blob, source, watch).run();
}

class BlobUpload {
  private readonly options: BlobTransferOptions;
  private readonly blob: string;
  private readonly source: BlobSource;
  private readonly watch: TransferWatch;
  private readonly isCancelled: () => boolean;
  private readonly hashes: string[] = [];
  /** How much of each part has arrived. */
  private readonly arrivedBytes = new Map<number, number>();
  private doneBytes = 0;

  constructor(options: BlobTransferOptions, blob: string, source: BlobSource, watch: TransferWatch) {
    this.options = options;
    this.blob = blob;
    this.source = source;
    this.watch = watch;
    this.isCancelled = () => watch.isCancelled?.() ?? false;
  }

  async run(): Promise<TransferOutcome> {
    const found = await this.findStored();
    if ('kind' in found) return found;
    const stored = new Set(found.parts.map(nameOf));
    let parts = Array.from({ length: blobPartCount(this.source.sizeBytes) }, (_, part) => part);
    // One that is too large is refused at its last part: the others need not go before.
    const last = parts.pop();
    const refused = last === undefined ? undefined : await this.sendPart(last, stored);
    if (refused) return refused;
    for (let round = 1; ; round++) {
      const ended = await forEachPart(parts, (part) => this.sendPart(part, stored));
      if (ended) return ended;
      if (this.isCancelled()) return CANCELLED;
      const finished = await this.finish();
      if (!Array.isArray(finished)) return finished;
      if (round === ROUNDS || finished.length === 0)
        return {
          kind: 'failed',
          reason: 'unavailable',
          explanation: 'The relay loses parts of the file. Try again later.',
        };
      // What the relay said it had, it does not have.
      stored.clear();
      for (const part of finished) this.noteArrived(part, 0);
      parts = finished;
    }
  }

  private async findStored(): Promise<TransferOutcome | { readonly parts: readonly DescribedPart[] }> {
    const answer = await this.send({ path: this.path, idleTimeoutMs: DESCRIBE_TIMEOUT_MS });
    if (answer.kind === 'refused' && answer.status === 404) return { parts: [] };
    if (answer.kind !== 'done') return toFailure(answer);
    const described = readDescription(answer.body);
    if (!described) return this.strange();
    if (described.state === 'uploading') return { parts: described.parts };
    this.watch.onProgress?.({ doneBytes: this.source.sizeBytes, totalBytes: this.source.sizeBytes });
    return { kind: 'done' };
  }

  private async sendPart(part: number, stored: ReadonlySet<string>): Promise<TransferOutcome | undefined> {
    if (this.isCancelled()) return CANCELLED;
    const bytes = await this.source.read(part * BLOB_PART_BYTES, partSize(part, this.source.sizeBytes));
    const sha256 = await this.options.sha256(bytes);
    this.hashes[part] = sha256;
    if (!stored.has(nameOf({ part, sha256 }))) {
      const outgoing = { path: `${this.path}/parts/${part}`, bytes, sha256 };
      const onArrived = (arrived: number) => this.noteArrived(part, arrived);
      const ended = await sendPart(this.options, outgoing, { onArrived, isCancelled: this.isCancelled });
      if (ended) return ended;
    }
    this.noteArrived(part, bytes.byteLength);
    return undefined;
  }

  /** The parts that have to be sent again, when it is not over. */
  private async finish(): Promise<TransferOutcome | number[]> {
    const body = { sizeBytes: this.source.sizeBytes, parts: this.hashes };
    const answer = await this.send({ method: 'POST', path: this.path, body, idleTimeoutMs: FINISH_TIMEOUT_MS });
    if (answer.kind === 'done') return { kind: 'done' };
    if (answer.kind === 'refused' && answer.status === 422)
      return { kind: 'failed', reason: 'changed', explanation: CHANGED };
    if (answer.kind === 'refused' && answer.status === 409)
      return readMissing(answer.body).filter((part) => part >= 0 && part < this.hashes.length);
    return toFailure(answer);
  }

  private noteArrived(part: number, bytes: number): void {
    const before = this.arrivedBytes.get(part) ?? 0;
    if (before === bytes) return;
    this.arrivedBytes.set(part, bytes);
    this.doneBytes += bytes - before;
    this.watch.onProgress?.({ doneBytes: this.doneBytes, totalBytes: this.source.sizeBytes });
  }

  private send(request: Parameters<typeof sendPatiently>[1]) {
    return sendPatiently(this.options, request, this.isCancelled);
  }

  private strange(): TransferFailure {
    return { kind: 'failed', reason: 'refused', explanation: this.options.requests.strange };
  }

  private get path(): string {
    return `blobs/${this.blob}`;
  }
}

function nameOf({ part, sha256 }: DescribedPart): string {
  return `${part}-${sha256}`;
}
