import { promisify } from 'node:util';
import { deflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib';
import { PROTOCOL_LIMITS } from '../../shared/protocol/index.ts';
import { type ClockRange, inspectUpdate } from './inspect-update.ts';

/** Smaller ones gain too little. */
const WORTH_DEFLATING_BYTES = 512;
/** Larger ones are compressed in another thread. */
const MAX_SYNCHRONOUS_BYTES = 16 * 1024;
const OPTIONS = { level: 4 };

const deflateElsewhere = promisify(deflateRaw);

/** An update that is sent in answer to `open`, plain or compressed; what was made once is kept. */
export class SyncPart {
  readonly byteLength: number;
  private plain: Uint8Array | undefined;
  private compressed: Promise<Uint8Array | undefined> | undefined;
  private readonly stored: Uint8Array | undefined;
  private inspected: readonly ClockRange[] | undefined;

  private constructor(byteLength: number, plain: Uint8Array | undefined, stored: Uint8Array | undefined) {
    this.byteLength = byteLength;
    this.plain = plain;
    this.stored = stored;
  }

  static ofUpdate(update: Uint8Array): SyncPart {
    return new SyncPart(update.byteLength, update, undefined);
  }

  /** `deflated` inflates to an update of `byteLength` bytes. */
  static ofDeflated(deflated: Uint8Array, byteLength: number): SyncPart {
    return new SyncPart(byteLength, undefined, deflated);
  }

  get update(): Uint8Array {
    return (this.plain ??= inflateRawSync(this.stored ?? new Uint8Array(0), { maxOutputLength: this.byteLength }));
  }

  /** The structs that the update brings. */
  get ranges(): readonly ClockRange[] {
    if (!this.inspected) {
      const inspection = inspectUpdate(this.update);
      this.inspected = inspection.kind === 'sound' ? inspection.ranges : [];
    }
    return this.inspected;
  }

  /** The update compressed as raw DEFLATE; undefined when that is no gain. */
  async deflate(): Promise<Uint8Array | undefined> {
    if (this.stored) return this.stored;
    return (this.compressed ??= compress(this.update));
  }
}

/** What a `sync` carries of a part. */
export interface SyncContent {
  readonly payload: Uint8Array;
  /** Size of the update when `payload` is compressed. */
  readonly inflatedByteLength: number | undefined;
}

/** What a client is sent of a part. */
export async function toSyncContent(part: SyncPart, canInflate: boolean): Promise<SyncContent> {
  const deflated = canInflate ? await part.deflate() : undefined;
  if (deflated) return { payload: deflated, inflatedByteLength: part.byteLength };
  return { payload: part.update, inflatedByteLength: undefined };
}

async function compress(update: Uint8Array): Promise<Uint8Array | undefined> {
  if (update.byteLength < WORTH_DEFLATING_BYTES || update.byteLength > PROTOCOL_LIMITS.maxMessageBytes)
    return undefined;
  const deflated =
    update.byteLength <= MAX_SYNCHRONOUS_BYTES
      ? deflateRawSync(update, OPTIONS)
      : await deflateElsewhere(update, OPTIONS);
  return deflated.byteLength < update.byteLength * 0.9 ? deflated : undefined;
}
