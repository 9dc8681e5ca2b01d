import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import type { BlobKey, BlobPart } from '../log/blob-index.ts';
import type { SlotLimits } from './transfer-slots.ts';

/** A part that somebody sends in pieces. */
export interface PartialPartKey extends BlobKey, BlobPart {
  /** Of whoever sends it: nobody else adds to it. */
  readonly subject: string;
}

export type TakenPiece =
  /** More is to come, from there on. */
  | { readonly kind: 'kept'; readonly receivedBytes: number }
  /** It was none that follows what is here. */
  | { readonly kind: 'elsewhere'; readonly receivedBytes: number }
  /** All of it; it is kept without its last piece until it is dropped. */
  | { readonly kind: 'whole'; readonly bytes: Uint8Array };

interface PartialPart {
  readonly ofRoom: string;
  readonly ofPerson: string;
  bytes: Buffer;
  receivedBytes: number;
  usedAtMs: number;
}

/** Whoever sends parts in pieces can go on with one for so long after its last piece. */
export const PARTIAL_PART_KEPT_MS = 30 * 60_000;
const FIRST_BYTES = 32 * 1024;

/**
 * Parts of which not all has come, in this process: who is gone from a slow line goes on with them. When there are too
 * many the longest unused goes: of the person first, then of the room, so that nobody takes what other rooms need.
 */
export class PartialParts implements Disposable {
  private readonly limits: SlotLimits;
  private readonly scheduler: Scheduler;
  /** The longest unused first. */
  private readonly parts = new Map<string, PartialPart>();
  private readonly timer = new MutableDisposable<Disposable>();

  constructor(limits: SlotLimits, scheduler: Scheduler) {
    this.limits = limits;
    this.scheduler = scheduler;
  }

  /** Adds a piece that is no longer than what is missing. */
  add(key: PartialPartKey, offset: number, piece: Uint8Array): TakenPiece {
    const name = nameOf(key);
    const known = this.parts.get(name);
    const receivedBytes = known?.receivedBytes ?? 0;
    if (offset !== receivedBytes) return { kind: 'elsewhere', receivedBytes };
    const heldBytes = receivedBytes + piece.byteLength;
    if (heldBytes === key.sizeBytes) {
      const before = known?.bytes.subarray(0, receivedBytes) ?? new Uint8Array(0);
      return { kind: 'whole', bytes: Buffer.concat([before, piece]) };
    }
    const part = known ?? this.begin(key);
    if (heldBytes > part.bytes.byteLength) {
      const capacity = Math.min(key.sizeBytes, Math.max(heldBytes, FIRST_BYTES, 2 * part.bytes.byteLength));
      const larger = Buffer.allocUnsafeSlow(capacity);
      part.bytes.copy(larger, 0, 0, receivedBytes);
      part.bytes = larger;
    }
    part.bytes.set(piece, receivedBytes);
    part.receivedBytes = heldBytes;
    part.usedAtMs = this.scheduler.elapsedMs();
    this.parts.delete(name);
    this.parts.set(name, part);
    this.forgetLater();
    return { kind: 'kept', receivedBytes: heldBytes };
  }

  /** It is stored, or of no use. */
  drop(key: PartialPartKey): void {
    this.parts.delete(nameOf(key));
  }

  dispose(): void {
    this.timer.dispose();
    this.parts.clear();
  }

  private begin({ tenant, room, subject }: PartialPartKey): PartialPart {
    const ofRoom = JSON.stringify([tenant, room]);
    const ofPerson = JSON.stringify([tenant, room, subject]);
    this.makeRoom(this.limits.each, (part) => part.ofPerson === ofPerson);
    this.makeRoom(this.limits.ofRoom, (part) => part.ofRoom === ofRoom);
    this.makeRoom(this.limits.total, () => true);
    return { ofRoom, ofPerson, bytes: Buffer.alloc(0), receivedBytes: 0, usedAtMs: 0 };
  }

  private makeRoom(limit: number, isOf: (part: PartialPart) => boolean): void {
    const names = [...this.parts].filter(([, part]) => isOf(part)).map(([name]) => name);
    for (const name of names.slice(0, Math.max(0, names.length + 1 - limit))) this.parts.delete(name);
  }

  private forgetLater(): void {
    const [oldest] = this.parts.values();
    if (!oldest) return;
    const leftMs = oldest.usedAtMs + PARTIAL_PART_KEPT_MS - this.scheduler.elapsedMs();
    this.timer.value ??= this.scheduler.schedule(
      () => {
        this.timer.value = undefined;
        const untilMs = this.scheduler.elapsedMs() - PARTIAL_PART_KEPT_MS;
        for (const [name, part] of this.parts) if (part.usedAtMs <= untilMs) this.parts.delete(name);
        this.forgetLater();
      },
      Math.max(leftMs, 1),
    );
  }
}

function nameOf({ tenant, room, blob, subject, part, sha256, sizeBytes }: PartialPartKey): string {
  return JSON.stringify([tenant, room, blob, subject, part, sha256, sizeBytes]);
}
