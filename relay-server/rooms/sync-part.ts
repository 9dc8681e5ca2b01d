import { promisify } from 'node:util';
import { deflateRaw, deflateRawSync, inflateRaw, type ZlibOptions } from 'node:zlib';
import * as Y from 'yjs';
import { PROTOCOL_LIMITS } from '../../shared/protocol/index.ts';
import { decodeSnapshot, readSnapshotUpdate, type StoredForm } from '../log/snapshot-format.ts';
import { type ClockRange, inspectUpdate } from './inspect-update.ts';

/** Smaller ones gain too little. */
const WORTH_DEFLATING_BYTES = 512;
/** Larger ones are compressed, and inflated, in another thread. */
const MAX_SYNCHRONOUS_BYTES = 16 * 1024;
const OPTIONS = { level: 4 };

const deflateElsewhere = promisify(deflateRaw);
const inflateElsewhere = promisify<Uint8Array, ZlibOptions, Uint8Array>(inflateRaw);

type Source =
  | { readonly kind: 'update'; readonly update: Uint8Array }
  | { readonly kind: 'snapshot'; readonly bytes: Uint8Array; readonly stored: StoredForm };

/** An update that is sent in answer to `open`, plain or compressed; what was made once is kept. */
export class SyncPart {
  /** Size of the update. */
  readonly byteLength: number;
  private readonly source: Source;
  private inflated: Uint8Array | undefined;
  private compressed: Promise<Uint8Array | undefined> | undefined;
  private inspected: readonly ClockRange[] | undefined;

  private constructor(source: Source) {
    this.source = source;
    this.byteLength = source.kind === 'update' ? source.update.byteLength : source.stored.updateByteLength;
  }

  static ofUpdate(update: Uint8Array): SyncPart {
    return new SyncPart({ kind: 'update', update });
  }

  /** `bytes` as a snapshot store has them. Throws a `LogFailure` when they are damaged. */
  static ofSnapshot(bytes: Uint8Array): SyncPart {
    const stored = decodeSnapshot(bytes);
    return new SyncPart(stored ? { kind: 'snapshot', bytes, stored } : { kind: 'update', update: bytes });
  }

  /** Throws a `LogFailure` when it is of a damaged snapshot. */
  get update(): Uint8Array {
    if (this.source.kind === 'update') return this.source.update;
    return (this.inflated ??= readSnapshotUpdate(this.source.bytes));
  }

  /** The update; a large one is inflated in another thread. Rejects with a `LogFailure` when it is of a damaged snapshot. */
  async inflate(): Promise<Uint8Array> {
    if (this.source.kind === 'snapshot' && !this.inflated && this.byteLength > MAX_SYNCHRONOUS_BYTES) {
      const { deflated } = this.source.stored;
      const update = await inflateElsewhere(deflated, { maxOutputLength: this.byteLength }).catch(() => undefined);
      // What is wrong else, reading it says.
      if (update?.byteLength === this.byteLength) this.inflated = update;
    }
    return this.update;
  }

  /** The structs that the update brings; undefined when it is no Yjs update. A snapshot says so without being decoded. */
  get ranges(): readonly ClockRange[] | undefined {
    return (this.inspected ??= this.source.kind === 'update' ? inspect(this.source.update) : read(this.source.stored));
  }

  /** The update compressed as raw DEFLATE; undefined when that is no gain. */
  async deflate(): Promise<Uint8Array | undefined> {
    if (this.source.kind === 'snapshot') return this.source.stored.deflated;
    return (this.compressed ??= compress(this.source.update));
  }
}

function inspect(update: Uint8Array): readonly ClockRange[] | undefined {
  const inspection = inspectUpdate(update);
  return inspection.kind === 'sound' ? inspection.ranges : undefined;
}

function read({ stateVector }: StoredForm): readonly ClockRange[] | undefined {
  try {
    return [...Y.decodeStateVector(stateVector)].map(([client, end]) => ({ client, start: 0, end }));
  } catch {
    return undefined;
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
