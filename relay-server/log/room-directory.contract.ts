import { describe, expect, it } from 'vitest';
import type { RoomDirectory } from './room-directory.ts';

const ROOM = { tenant: 't', room: 'r', name: 'Room', createdAtMs: 1_700_000_000_000 };
const LINK = {
  linkId: 'l',
  tenant: 't',
  room: 'r',
  role: 'editor',
  label: 'for Ada',
  secretHash: new Uint8Array(32).fill(7),
  createdAtMs: 1_700_000_000_001,
  expiresAtMs: 1_700_000_000_002,
  maxUses: 2,
  needsApproval: true,
  paths: ['src/**', 'docs'],
  createdBy: 'ada',
} as const;

/** What every {@link RoomDirectory} must do. `open` gives an empty one, closed by the test's own hooks. */
export function describeRoomDirectory(name: string, open: () => RoomDirectory | Promise<RoomDirectory>): void {
  describe(`room directory: ${name}`, () => {
    it('makes a room once, and its first link with it', async () => {
      const directory = await open();
      expect(await directory.createRoom(ROOM, LINK)).toBe(true);
      expect(await directory.createRoom(ROOM, { ...LINK, linkId: 'l2', secretHash: new Uint8Array(32) })).toBe(false);
      expect(await directory.findRoom('t', 'r')).toEqual(ROOM);
      expect(await directory.findRoom('t', 'other')).toBeUndefined();
      expect(await directory.findLink('t', 'l2')).toBeUndefined();
      expect(await directory.findLinkBySecret('r', LINK.secretHash)).toMatchObject({ linkId: 'l' });
      expect(await directory.findLinkBySecret('other', LINK.secretHash)).toBeUndefined();
    });

    it('gives a link back as it was made', async () => {
      const directory = await open();
      await directory.createRoom(ROOM, LINK);
      const plain = { needsApproval: false, paths: undefined, createdBy: '', expiresAtMs: undefined };
      const forever = { ...LINK, ...plain, room: 'r2', linkId: 'l2', secretHash: new Uint8Array(32) };
      await directory.createRoom({ ...ROOM, room: 'r2' }, { ...forever, maxUses: undefined });
      const found = await directory.findLink('t', 'l');
      expect(found && { ...found, secretHash: [...found.secretHash] }).toEqual({
        ...LINK,
        secretHash: [...LINK.secretHash],
        uses: 0,
        closedAtMs: undefined,
        revokedAtMs: undefined,
      });
      expect(await directory.findLink('t', 'l2')).toMatchObject({ ...plain, maxUses: undefined });
      expect(await directory.useLink('t', 'l2')).toBe(true);
      expect(await directory.findLink('other', 'l')).toBeUndefined();
    });

    it('makes neither the room nor the link when the link cannot be stored', async () => {
      const directory = await open();
      await directory.createRoom(ROOM, LINK);
      const taken = { ...LINK, room: 'r2' };
      await expect(directory.createRoom({ ...ROOM, room: 'r2' }, taken)).rejects.toMatchObject({ name: 'LogFailure' });
      expect(await directory.findRoom('t', 'r2')).toBeUndefined();
    });

    it('counts uses up to the limit', async () => {
      const directory = await open();
      await directory.createRoom(ROOM, LINK);
      const uses = await Promise.all([1, 2, 3].map(() => directory.useLink('t', 'l')));
      expect(uses.filter(Boolean)).toHaveLength(2);
      expect(await directory.findLink('t', 'l')).toMatchObject({ uses: 2 });
      expect(await directory.useLink('t', 'none')).toBe(false);
    });
  });
}
