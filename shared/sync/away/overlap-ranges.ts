import * as Y from 'yjs';
import type { OverlapRange } from './away-summary.ts';
import type { OverlapSpan } from './overlap-spans.ts';

/** A file with more of them has its last ones in one. */
const MAX_RANGES = 500;

/** Places in `text` that move with it. */
export function relativeRanges(text: Y.Text, spans: readonly OverlapSpan[]): OverlapRange[] {
  const listed = spans.slice(0, MAX_RANGES - 1);
  const [first] = spans.slice(listed.length);
  const last = spans.at(-1);
  const bounded = first && last ? [...listed, { start: first.start, end: last.end }] : listed;
  return bounded.map(({ start, end }) => {
    // The start belongs to what follows it and the end to what precedes it: what is typed beside the range is not in it.
    const first: unknown = Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, start));
    const after: unknown = Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, end, -1));
    return { start: first, end: after };
  });
}

/** Where a range is now, in UTF-16 offsets of the document's text; undefined when that cannot be told. */
export function resolveOverlap(doc: Y.Doc, { start, end }: OverlapRange): OverlapSpan | undefined {
  try {
    const first = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(start), doc);
    const last = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(end), doc);
    if (!first || !last) return undefined;
    return { start: Math.min(first.index, last.index), end: Math.max(first.index, last.index) };
  } catch {
    return undefined;
  }
}
