import { describeObjects } from './object-store.contract.ts';
import type { SnapshotStore } from './snapshot-store.ts';

export interface SnapshotStoreUnderTest {
  readonly store: SnapshotStore;
  /** Changes a byte of a stored snapshot behind the store's back. */
  damage(snapshotId: string): void | Promise<void>;
}

/** What every {@link SnapshotStore} must do. */
export function describeSnapshotStore(
  name: string,
  open: () => SnapshotStoreUnderTest | Promise<SnapshotStoreUnderTest>,
): void {
  describeObjects(`snapshot store: ${name}`, async () => {
    const { store, damage } = await open();
    return {
      store: {
        write: (key, seq, bytes) => store.write(key, seq, bytes),
        read: (key, objectId) => store.read(key, objectId),
        list: async (key) =>
          (await store.list(key)).map(({ snapshotId, ...rest }) => ({ objectId: snapshotId, ...rest })),
        remove: (key, objectId) => store.remove(key, objectId),
      },
      damage,
    };
  });
}
