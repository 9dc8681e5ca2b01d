import type { StructId } from './depth-runs.ts';
import type { ClockRange } from './inspect-update.ts';
import { StructScanner } from './struct-scanner.ts';

/** A struct of an update, and what it says about its place. */
export interface PlacedStruct extends ClockRange {
  readonly isType: boolean;
  readonly place: StructScanner['anchor'];
  /** The struct that it is beside of or inside of. */
  readonly anchor: StructId;
}

/** The structs of one update. */
export class UpdateStructs {
  /** Those of one client together, and rising. */
  readonly all: PlacedStruct[] = [];
  /** Index in `all` of the first struct of each client. */
  readonly firstOf = new Map<number, number>();
  private readonly scanner: StructScanner;

  /** Throws when it is no update; so does {@link read}. */
  constructor(update: Uint8Array) {
    this.scanner = new StructScanner(update);
  }

  /** Reads up to so many; gives false when there are no more. */
  read(count: number): boolean {
    const { scanner, all, firstOf } = this;
    for (let left = count; left > 0; left--) {
      if (!scanner.next()) return false;
      const { client, start, end, isType, anchor: place, anchorClient, anchorClock } = scanner;
      if (!firstOf.has(client)) firstOf.set(client, all.length);
      all.push({ client, start, end, isType, place, anchor: { client: anchorClient, clock: anchorClock } });
    }
    return true;
  }

  /** Index of a struct in `all`; -1 when the update does not have it. */
  indexOf({ client, clock }: StructId): number {
    const { all, firstOf } = this;
    let [low, high] = [firstOf.get(client) ?? all.length, all.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const struct = all[middle];
      if (struct?.client === client && struct.end <= clock) low = middle + 1;
      else high = middle;
    }
    const found = all[low];
    return found?.client === client && found.start <= clock && clock < found.end ? low : -1;
  }
}
