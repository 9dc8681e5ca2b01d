import { describe, expect, it } from 'vitest';
import type { DocumentKey } from './update-log.ts';

const KEY = { tenant: 't', room: 'r', document: 'd' };

interface StoredUnderTest {
  readonly objectId: string;
  readonly seq: number;
  readonly storedAtMs: number;
}

/** A store of snapshots or segments. */
export interface ObjectsUnderTest {
  readonly store: {
    write(key: DocumentKey, seq: number, bytes: Uint8Array): Promise<string>;
    read(key: DocumentKey, objectId: string): Promise<Uint8Array>;
    list(key: DocumentKey): Promise<readonly StoredUnderTest[]>;
    remove(key: DocumentKey, objectId: string): Promise<void>;
  };
  /** Changes a byte of a stored object behind the store's back. */
  damage(objectId: string): void | Promise<void>;
}

/** What every store of objects must do. */
export function describeObjects(title: string, open: () => ObjectsUnderTest | Promise<ObjectsUnderTest>): void {
  describe(title, () => {
    it('gives back what was written', async () => {
      const { store } = await open();
      const bytes = new Uint8Array(300_000).fill(9);
      const objectId = await store.write(KEY, 12, bytes);
      expect(Buffer.from(await store.read(KEY, objectId)).equals(Buffer.from(bytes))).toBe(true);
      expect(await store.write(KEY, 12, bytes)).toBe(objectId);
    });

    it('keeps documents apart, also those whose names differ only in case', async () => {
      const { store } = await open();
      const other = { ...KEY, document: 'D' };
      const objectId = await store.write(KEY, 1, new Uint8Array([1]));
      await store.write(other, 1, new Uint8Array([1]));
      await store.remove(other, objectId);
      expect(await store.read(KEY, objectId)).toHaveLength(1);
      await expect(store.read(other, objectId)).rejects.toMatchObject({ name: 'LogFailure', code: 'corrupted' });
    });

    it('refuses damaged bytes', async () => {
      const { store, damage } = await open();
      const objectId = await store.write(KEY, 1, new Uint8Array([1, 2, 3]));
      await damage(objectId);
      await expect(store.read(KEY, objectId)).rejects.toMatchObject({ name: 'LogFailure', code: 'corrupted' });
    });

    it('lists what it has of a document', async () => {
      const { store } = await open();
      expect(await store.list(KEY)).toEqual([]);
      const first = await store.write(KEY, 3, new Uint8Array([1]));
      const second = await store.write(KEY, 12, new Uint8Array([1]));
      await store.write({ ...KEY, document: 'other' }, 5, new Uint8Array([1]));
      const listed = [...(await store.list(KEY))].sort((a, b) => a.seq - b.seq);
      expect(listed).toMatchObject([
        { objectId: first, seq: 3 },
        { objectId: second, seq: 12 },
      ]);
      for (const { storedAtMs } of listed) expect(Math.abs(Date.now() - storedAtMs)).toBeLessThan(60_000);
      await store.remove(KEY, first);
      expect(await store.list(KEY)).toHaveLength(1);
    });

    it('keeps apart what has the same seq and other bytes', async () => {
      const { store } = await open();
      const one = await store.write(KEY, 4, new Uint8Array([1]));
      const other = await store.write(KEY, 4, new Uint8Array([2]));
      expect([...(await store.read(KEY, one)), ...(await store.read(KEY, other))]).toEqual([1, 2]);
    });

    it('takes names with any characters, and keeps them apart', async () => {
      const { store } = await open();
      for (const document of ['..', '.', 'a/b', 'a%2Fb', 'ä \u{1f3bb}?#&+', 'x'.repeat(64)]) {
        const key = { ...KEY, document };
        const objectId = await store.write(key, 1, Buffer.from(document));
        expect(Buffer.from(await store.read(key, objectId)).toString()).toBe(document);
        expect(await store.list(key)).toHaveLength(1);
      }
      expect(await store.list(KEY)).toEqual([]);
    });

    it('removes, also what is not there', async () => {
      const { store } = await open();
      const objectId = await store.write(KEY, 1, new Uint8Array([1]));
      await store.remove(KEY, objectId);
      await store.remove(KEY, objectId);
      await expect(store.read(KEY, objectId)).rejects.toMatchObject({ code: 'corrupted' });
    });

    it('takes no id that it did not give', async () => {
      const { store } = await open();
      await expect(store.read(KEY, '../../../etc/passwd')).rejects.toMatchObject({ name: 'LogFailure' });
    });
  });
}
