import * as Y from 'yjs';

interface Range {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** Cuts short what is not worth comparing. */
const MAX_COMPARED_BYTES = 4 * 1024 * 1024;

/**
 * Whether a Yjs update brings no text and no deletion beyond those in `known`. A Yjs client answers sync step 1 with all
 * deletions of its document, each time it connects; they need not be stored again.
 */
export function bringsNothing(update: Uint8Array, known: readonly Uint8Array[]): boolean {
  // A format 1 update starts with the number of authors whose structs it has.
  if (update[0] !== 0) return false;
  if (update.byteLength === 2 && update[1] === 0) return true;
  const totalBytes = known.reduce((sum, { byteLength }) => sum + byteLength, update.byteLength);
  if (totalBytes > MAX_COMPARED_BYTES) return false;
  try {
    const asked = collect([update]);
    const had = collect(known);
    return [...asked].every(([client, ranges]) => isCovered(ranges, had.get(client) ?? []));
  } catch {
    // Not a valid update: whoever takes updates says so.
    return false;
  }
}

function collect(updates: readonly Uint8Array[]): Map<number, Range[]> {
  const ranges = new Map<number, Range[]>();
  for (const update of updates) {
    if (update.byteLength === 0) continue;
    for (const [client, items] of Y.decodeUpdate(update).ds.clients) {
      const own = ranges.get(client) ?? [];
      ranges.set(client, own);
      for (const { clock, len } of items) own.push({ start: clock, end: clock + len });
    }
  }
  for (const [client, own] of ranges) ranges.set(client, join(own));
  return ranges;
}

function join(ranges: readonly Range[]): Range[] {
  const joined: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && range.start <= last.end) joined[joined.length - 1] = { ...last, end: Math.max(last.end, range.end) };
    else joined.push(range);
  }
  return joined;
}

/** Both sorted and joined. */
function isCovered(asked: readonly Range[], had: readonly Range[]): boolean {
  let index = 0;
  return asked.every(({ start, end }) => {
    while ((had[index]?.end ?? Infinity) < end) index++;
    const candidate = had[index];
    return candidate !== undefined && candidate.start <= start && candidate.end >= end;
  });
}
