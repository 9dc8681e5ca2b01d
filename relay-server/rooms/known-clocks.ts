import * as encoding from 'lib0/encoding';
import type { ClockRange } from './inspect-update.ts';

interface ClientClocks {
  /** Everything below it is there. */
  reached: number;
  /** What is there beyond a gap; sorted, disjoint. */
  beyond: ClockRange[];
}

/** Which structs a document has, told from the updates alone: its state vector without a Y.Doc. */
export class KnownClocks {
  private readonly clients = new Map<number, ClientClocks>();
  private encoded: Uint8Array | undefined;

  add(ranges: readonly ClockRange[]): void {
    for (const range of ranges) this.addRange(range);
  }

  private addRange(range: ClockRange): void {
    const known = this.clients.get(range.client) ?? { reached: 0, beyond: [] };
    this.clients.set(range.client, known);
    if (range.end <= known.reached) return;
    this.encoded = undefined;
    if (range.start > known.reached) {
      known.beyond = insert(known.beyond, range);
      return;
    }
    known.reached = range.end;
    while (known.beyond[0] && known.beyond[0].start <= known.reached) {
      known.reached = Math.max(known.reached, known.beyond[0].end);
      known.beyond.shift();
    }
  }

  /** The encoded state vector: contiguous clocks only, as a Y.Doc would have them. */
  encodeStateVector(): Uint8Array {
    this.encoded ??= encode([...this.clients].filter(([, { reached }]) => reached > 0));
    return this.encoded;
  }
}

function insert(beyond: readonly ClockRange[], range: ClockRange): ClockRange[] {
  let { start, end } = range;
  const before = beyond.filter((other) => other.end < start);
  const after = beyond.filter((other) => other.start > end);
  for (const other of beyond.slice(before.length, beyond.length - after.length)) {
    start = Math.min(start, other.start);
    end = Math.max(end, other.end);
  }
  return [...before, { client: range.client, start, end }, ...after];
}

function encode(clients: readonly (readonly [client: number, clocks: ClientClocks])[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, clients.length);
  // From high to low, as Yjs does it.
  for (const [client, { reached }] of [...clients].sort((a, b) => b[0] - a[0])) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, reached);
  }
  return encoding.toUint8Array(encoder);
}
