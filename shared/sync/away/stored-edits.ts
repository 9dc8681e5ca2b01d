import * as Y from 'yjs';
import { diskEdits, type TextEdit } from '../../workspace/index.ts';
import { itemsOf, StructRanges } from './text-items.ts';
import { type TextLayers, toSteps } from './text-layers.ts';

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Layers of what the text has become since they were kept, by somebody whose process ended before it could tell:
 * what the relay has not acked is of this device, the rest of others.
 */
export function attributeStored(layers: TextLayers, text: Y.Text, unacked: readonly Uint8Array[]): TextLayers {
  const { merged } = layers;
  const current = text.toString();
  if (merged === current) return layers;
  const own = ownSpans(text, unacked);
  let shift = 0;
  const others: TextEdit[] = [];
  for (const edit of diskEdits(merged, current)) {
    const start = edit.offset + shift;
    if (!isMostlyOwn({ start, end: start + edit.insert.length }, own)) others.push(edit);
    shift += edit.insert.length - edit.deleteLength;
  }
  return layers.apply(toSteps(others), 'theirs').become(current, 'mine');
}

function ownSpans(text: Y.Text, unacked: readonly Uint8Array[]): readonly Span[] {
  const ranges = new StructRanges<true>();
  for (const update of unacked) {
    for (const { client, start, end } of structsOf(update)) ranges.add(client, start, end, true);
  }
  return [...itemsOf(text)].flatMap((item) => ranges.within(item));
}

function structsOf(update: Uint8Array): { readonly client: number; readonly start: number; readonly end: number }[] {
  try {
    const { from, to } = Y.parseUpdateMeta(update);
    return [...to].map(([client, end]) => ({ client, start: from.get(client) ?? 0, end }));
  } catch {
    // A damaged one is in no text either, and was told of when it was read.
    return [];
  }
}

/** Deletions cannot be told apart: they count as others'. */
function isMostlyOwn({ start, end }: Span, own: readonly Span[]): boolean {
  const length = own.reduce((sum, span) => sum + Math.max(0, Math.min(end, span.end) - Math.max(start, span.start)), 0);
  return end > start && length * 2 >= end - start;
}
