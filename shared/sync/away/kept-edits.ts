import type { SyncCursor } from '../offline-store.ts';
import { readCursor } from './draft.ts';
import { TextLayers } from './text-layers.ts';

/** When this device was out of touch, in milliseconds since the epoch. */
export interface Absence {
  readonly leftMs: number;
  readonly returnedMs: number;
}

/** What self wrote in a document during an absence. */
export interface KeptEdits extends Absence {
  /** Without the text around it. */
  readonly trace: TextLayers;
  /** Where the relay's log has the last of it; undefined until that is known. */
  readonly at: SyncCursor | undefined;
  /** Subjects of others who have said that they have it. */
  readonly knownTo: readonly string[];
}

export function writeKeptEdits(kept: readonly KeptEdits[]): string {
  return JSON.stringify(
    kept.map(({ trace, leftMs, returnedMs, at, knownTo }) => ({
      trace: trace.encode(),
      leftMs,
      returnedMs,
      at,
      knownTo,
    })),
  );
}

/** Of what is damaged nothing is known. */
export function readKeptEdits(encoded: string): readonly KeptEdits[] {
  try {
    const value: unknown = JSON.parse(encoded);
    const entries: readonly unknown[] = Array.isArray(value) ? value : [];
    return entries.flatMap(readEntry);
  } catch {
    return [];
  }
}

function readEntry(value: unknown): readonly KeptEdits[] {
  if (typeof value !== 'object' || value === null) return [];
  if (!('trace' in value) || !('leftMs' in value) || !('returnedMs' in value) || !('knownTo' in value)) return [];
  const { trace, leftMs, returnedMs } = value;
  if (typeof trace !== 'string' || typeof leftMs !== 'number' || typeof returnedMs !== 'number') return [];
  const subjects: readonly unknown[] = Array.isArray(value.knownTo) ? value.knownTo : [];
  const knownTo = subjects.filter((subject): subject is string => typeof subject === 'string');
  const at = 'at' in value ? readCursor(value.at) : undefined;
  return [{ trace: TextLayers.decode(trace), leftMs, returnedMs, at, knownTo }];
}
