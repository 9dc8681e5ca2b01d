import type { FrameEnvelope } from '../backplane-codec.ts';

/** What a frame says about those before it. */
export type Continuity =
  | 'contiguous'
  /** Frames between the last one and this one were lost. */
  | 'gap'
  /** It has come already. */
  | 'repeated';

/** The nodes that serve one room are few; more can only be those of the past, or garbage. */
const MAX_NODES = 256;

/** Follows the numbers of the frames that come for one room, by the node that sends them. */
export class SequenceWatch {
  private readonly latest = new Map<string, { readonly series: number; readonly sequence: number }>();

  note({ nodeId, series, sequence }: FrameEnvelope): Continuity {
    const before = this.latest.get(nodeId);
    if (before && isRepeated(before, series, sequence)) return 'repeated';
    // Those that were silent longest come first.
    this.latest.delete(nodeId);
    this.latest.set(nodeId, { series, sequence });
    if (this.latest.size > MAX_NODES) for (const oldest of this.latest.keys()) return this.forget(oldest);
    // Somebody who comes to a room has not missed what was said before.
    if (!before) return 'contiguous';
    const expected = series === before.series ? before.sequence + 1 : 1;
    return sequence === expected ? 'contiguous' : 'gap';
  }

  private forget(nodeId: string): Continuity {
    this.latest.delete(nodeId);
    return 'contiguous';
  }
}

function isRepeated(before: { series: number; sequence: number }, series: number, sequence: number): boolean {
  return series < before.series || (series === before.series && sequence <= before.sequence);
}
