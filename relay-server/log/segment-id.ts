import { contentHash } from './content-hash.ts';

const SEGMENT_ID = /^(\d{1,16})-(\d{1,16})-[0-9a-f]{64}$/;

/** The numbers of the updates that a segment holds, the first and the last of them. */
export interface SegmentRange {
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** Ids of segments, `FROM-TO-SHA256`: one names the same bytes for good. */
export const segmentIds = {
  of({ fromSeq, toSeq }: SegmentRange, bytes: Uint8Array): string {
    return `${fromSeq}-${toSeq}-${contentHash(bytes)}`;
  },

  /** The range that the id was made with; undefined for what is no id. */
  rangeOf(segmentId: string): SegmentRange | undefined {
    const [, fromSeq, toSeq] = SEGMENT_ID.exec(segmentId) ?? [];
    if (fromSeq === undefined || toSeq === undefined) return undefined;
    return { fromSeq: Number(fromSeq), toSeq: Number(toSeq) };
  },
};
