import { expect, it } from 'vitest';
import { describeObjects } from './object-store.contract.ts';
import type { SegmentStore } from './segment-store.ts';

export interface SegmentStoreUnderTest {
  readonly store: SegmentStore;
  /** Changes a byte of a stored segment behind the store's back. */
  damage(segmentId: string): void | Promise<void>;
}

/** What every {@link SegmentStore} must do. */
export function describeSegmentStore(
  name: string,
  open: () => SegmentStoreUnderTest | Promise<SegmentStoreUnderTest>,
): void {
  describeObjects(`segment store: ${name}`, async () => {
    const { store, damage } = await open();
    return {
      store: {
        write: (key, seq, bytes) => store.write(key, { fromSeq: seq, toSeq: seq + 99 }, bytes),
        read: (key, objectId) => store.read(key, objectId),
        list: async (key) =>
          (await store.list(key)).map(({ segmentId, range, storedAtMs }) => {
            expect(range.toSeq).toBe(range.fromSeq + 99);
            return { objectId: segmentId, seq: range.fromSeq, storedAtMs };
          }),
        remove: (key, objectId) => store.remove(key, objectId),
      },
      damage,
    };
  });

  it(`segment store: ${name} takes nothing for an id that is none`, async () => {
    const { store } = await open();
    const key = { tenant: 't', room: 'r', document: 'd' };
    const hash = '0'.repeat(64);
    for (const segmentId of ['../x', `1-${hash}`, `1-2-${hash}/x`, `1-2-${hash.slice(1)}`, `1-2-${hash}-3`, '']) {
      await expect(store.read(key, segmentId)).rejects.toMatchObject({ name: 'LogFailure', code: 'corrupted' });
      await expect(store.remove(key, segmentId)).rejects.toMatchObject({ name: 'LogFailure', code: 'corrupted' });
    }
  });
}
