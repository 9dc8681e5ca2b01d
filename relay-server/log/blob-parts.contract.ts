import { describe, expect, it } from 'vitest';
import { BLOB_PART_BYTES } from '../../shared/workspace/index.ts';
import type { BlobKey, BlobPart } from './blob-index.ts';
import { type BlobParts, partObjectId } from './blob-parts.ts';
import { contentHash } from './content-hash.ts';

const KEY: BlobKey = { tenant: 't', room: 'r', blob: 'a'.repeat(64) };

export interface BlobPartsUnderTest {
  readonly parts: BlobParts;
  /** Changes the bytes of the one object whose id this is behind the store's back. */
  damage(objectId: string): void | Promise<void>;
}

function partOf(part: number, bytes: Uint8Array): BlobPart {
  return { part, sha256: contentHash(bytes), sizeBytes: bytes.byteLength };
}

/** What every {@link BlobParts} must do. */
export function describeBlobParts(name: string, open: () => BlobPartsUnderTest | Promise<BlobPartsUnderTest>): void {
  describe(`parts of blobs: ${name}`, () => {
    it('gives back what was written, of the largest part too', async () => {
      const { parts } = await open();
      const bytes = new Uint8Array(BLOB_PART_BYTES).fill(7);
      const part = partOf(511, bytes);
      await parts.write(KEY, part, bytes);
      await parts.write(KEY, part, bytes);
      expect(Buffer.from(await parts.read(KEY, part)).equals(Buffer.from(bytes))).toBe(true);
      expect(await parts.list(KEY)).toEqual([partObjectId(part)]);
    });

    it('keeps blobs, rooms and parts apart', async () => {
      const { parts } = await open();
      const bytes = new Uint8Array([1]);
      await parts.write(KEY, partOf(0, bytes), bytes);
      const others = [
        { ...KEY, blob: 'b'.repeat(64) },
        { ...KEY, room: 'R' },
        { ...KEY, tenant: 'other' },
      ];
      for (const key of others) {
        await expect(parts.read(key, partOf(0, bytes))).rejects.toMatchObject({ code: 'corrupted' });
        await parts.remove(key, partOf(0, bytes));
        expect(await parts.list(key)).toEqual([]);
      }
      await expect(parts.read(KEY, partOf(1, bytes))).rejects.toMatchObject({ code: 'corrupted' });
      expect(await parts.read(KEY, partOf(0, bytes))).toHaveLength(1);
    });

    it('refuses damaged bytes', async () => {
      const { parts, damage } = await open();
      // Others of the tests keep shorter ones in the same store.
      const bytes = new Uint8Array([1, 2, 3, 4, 5, 6]);
      await parts.write(KEY, partOf(0, bytes), bytes);
      await damage(partObjectId(partOf(0, bytes)));
      await expect(parts.read(KEY, partOf(0, bytes))).rejects.toMatchObject({ name: 'LogFailure', code: 'corrupted' });
    });

    it('removes, also what is not there', async () => {
      const { parts } = await open();
      const bytes = new Uint8Array([1]);
      await parts.write(KEY, partOf(0, bytes), bytes);
      await parts.remove(KEY, partOf(0, bytes));
      await parts.remove(KEY, partOf(0, bytes));
      await expect(parts.read(KEY, partOf(0, bytes))).rejects.toMatchObject({ code: 'corrupted' });
    });

    it('takes no hash that is none', async () => {
      const { parts } = await open();
      for (const sha256 of ['../../x', 'a', `${'a'.repeat(64)}/x`, ''])
        await expect(parts.read(KEY, { part: 0, sha256, sizeBytes: 1 })).rejects.toMatchObject({ code: 'corrupted' });
    });
  });
}
