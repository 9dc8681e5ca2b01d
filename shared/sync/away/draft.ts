import type { SyncCursor } from '../offline-store.ts';
import { TextLayers } from './text-layers.ts';

/** A document that is being followed, as it is kept. */
export interface Draft {
  readonly summary: string;
  readonly body: string;
}

export interface DraftContent {
  readonly layers: TextLayers;
  /** Changes of others may have come in after it was written; else all that came are of this device. */
  readonly hasRemote: boolean;
  readonly since: SyncCursor | undefined;
}

export function writeDraft({ layers, hasRemote, since }: DraftContent): Draft {
  return { summary: JSON.stringify({ hasRemote, since }), body: layers.encode() };
}

/** Undefined when it is damaged. */
export function readDraft({ summary, body }: Draft): DraftContent | undefined {
  try {
    const value: unknown = JSON.parse(summary);
    if (typeof value !== 'object' || value === null || !('hasRemote' in value)) return undefined;
    const since = 'since' in value ? readCursor(value.since) : undefined;
    return { layers: TextLayers.decode(body), hasRemote: value.hasRemote === true, since };
  } catch {
    return undefined;
  }
}

/** Reads a cursor from JSON; undefined when it is none. */
export function readCursor(value: unknown): SyncCursor | undefined {
  if (typeof value !== 'object' || value === null || !('epoch' in value) || !('seq' in value)) return undefined;
  const { epoch, seq } = value;
  return typeof epoch === 'string' && typeof seq === 'number' ? { epoch, seq } : undefined;
}
