import { describe, expect, it } from 'vitest';
import type { IssuedToken, RoomDirectory } from './room-directory.ts';

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
const TOKEN: IssuedToken = { jti: 'a', tenant: 't', room: 'r', subject: 's', linkId: undefined, expiresAtMs: 100 };

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
      const forever = { ...LINK, ...plain, linkId: 'l2', secretHash: new Uint8Array(32) };
      await directory.addLink({ ...forever, maxUses: undefined });
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
      await expect(
        directory.addLink({ ...LINK, linkId: 'l3', room: 'nowhere', secretHash: new Uint8Array(32) }),
      ).rejects.toMatchObject({ name: 'LogFailure' });
    });

    it('counts uses up to the limit and revokes for good', async () => {
      const directory = await open();
      await directory.createRoom(ROOM, LINK);
      const uses = await Promise.all([1, 2, 3].map(() => directory.useLink('t', 'l')));
      expect(uses.filter(Boolean)).toHaveLength(2);
      expect(await directory.findLink('t', 'l')).toMatchObject({ uses: 2 });
      expect(await directory.useLink('t', 'none')).toBe(false);
      await directory.revokeLink('t', 'l', 50);
      await directory.revokeLink('t', 'l', 60);
      expect(await directory.findLink('t', 'l')).toMatchObject({ revokedAtMs: 50 });
    });

    it('forgets tokens that have expired, but not whom they were taken from', async () => {
      const directory = await open();
      await directory.recordToken(TOKEN, 1);
      await directory.revokeToken('a', 2);
      await directory.revokeToken('a', 3);
      await directory.revokeToken('never issued', 3);
      expect(await directory.isTokenRevoked('a')).toBe(true);
      expect(await directory.isTokenRevoked('b')).toBe(false);
      await directory.recordToken({ ...TOKEN, jti: 'b', linkId: 'l', expiresAtMs: 500 }, 200);
      expect(await directory.isTokenRevoked('a')).toBe(false);
      expect(await directory.isSubjectRevoked('t', 'r', 's')).toBe(true);
      expect(await directory.isSubjectRevoked('t', 'other', 's')).toBe(false);
      expect(await directory.isSubjectRevoked('other', 'r', 's')).toBe(false);
    });
  });
}
