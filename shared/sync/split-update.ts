import * as decoding from 'lib0/decoding';
import * as Y from 'yjs';
import { type Deletions, encodeStructs } from './encode-structs.ts';

/**
 * Yjs structs in one update that is sent. The relay decodes each update in one turn, so it refuses those with too many
 * (SPEC UP2).
 */
export const MAX_UPDATE_STRUCTS = 50_000;

const NO_DELETIONS: Deletions = new Map();

/** The number of Yjs structs in an update. Cheap for what one author wrote. */
export function countStructs(update: Uint8Array): number {
  const decoder = decoding.createDecoder(update);
  const authors = decoding.readVarUint(decoder);
  if (authors === 0) return 0;
  return authors === 1 ? decoding.readVarUint(decoder) : Y.decodeUpdate(update).structs.length;
}

/**
 * Splits an update into ones of at most `maxStructs` structs, in an order in which they can be applied. Deletions come
 * last. What builds on another author's structs may come before them: Yjs lets it wait.
 */
export function splitUpdate(update: Uint8Array, maxStructs: number): readonly Uint8Array[] {
  if (countStructs(update) <= maxStructs) return [update];
  const { structs, ds } = Y.decodeUpdate(update);
  const parts: Uint8Array[] = [];
  for (let start = 0; start < structs.length; start += maxStructs) {
    const isLast = start + maxStructs >= structs.length;
    parts.push(encodeStructs(structs.slice(start, start + maxStructs), isLast ? ds.clients : NO_DELETIONS));
  }
  return parts;
}
