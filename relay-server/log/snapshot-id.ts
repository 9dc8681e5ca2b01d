import { contentHash } from './content-hash.ts';

const SNAPSHOT_ID = /^(\d{1,16})-[0-9a-f]{64}$/;

/** Ids of snapshots, `SEQ-SHA256`: one names the same bytes for good. */
export const snapshotIds = {
  of(seq: number, bytes: Uint8Array): string {
    return `${seq}-${contentHash(bytes)}`;
  },

  /** The seq that the id was made with; undefined for what is no id. */
  seqOf(snapshotId: string): number | undefined {
    const seq = SNAPSHOT_ID.exec(snapshotId)?.[1];
    return seq === undefined ? undefined : Number(seq);
  },
};
