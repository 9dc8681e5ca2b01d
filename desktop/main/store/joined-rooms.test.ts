import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { JOINED_ROOMS_SQL, JoinedRooms } from './joined-rooms.ts';
import { openDatabase } from './open-database.ts';
import type { SecretSeal } from './secret-seal.ts';

const RELAY = 'https://tutti.example.org';
const SECRET = 'secret-of-the-link';

/** Turns every byte around. */
const SEAL: SecretSeal = {
  seal: (text) => new TextEncoder().encode(text).map((byte) => byte ^ 0xff),
  unseal: (sealed) => new TextDecoder().decode(sealed.map((byte) => byte ^ 0xff)),
};

function open(seal: SecretSeal | undefined) {
  const database = openDatabase(join(temporaryFolder(), 'a.sqlite'), { steps: [JOINED_ROOMS_SQL] });
  onTestFinished(() => {
    database.close();
  });
  return { database, joined: new JoinedRooms(database, seal) };
}

it('lists the rooms that were joined, the last one opened first', () => {
  const { joined } = open(undefined);
  joined.remember(RELAY, 'one', SECRET, 1);
  joined.remember(RELAY, 'two', SECRET, 2);
  joined.remember('https://other.example.org', 'one', SECRET, 3);
  joined.remember(RELAY, 'one', 'a-later-link-of-it', 4);
  expect(joined.list().map(({ relayUrl, room, secret, openedMs }) => [relayUrl, room, secret, openedMs])).toEqual([
    [RELAY, 'one', 'a-later-link-of-it', 4],
    ['https://other.example.org', 'one', SECRET, 3],
    [RELAY, 'two', SECRET, 2],
  ]);
  joined.forget(RELAY, 'one');
  expect(joined.list().map(({ room }) => room)).toEqual(['one', 'two']);
  expect(joined.find(RELAY, 'one')).toBeUndefined();
});

it('keeps what the relay said, and the folder, when a room is opened again', () => {
  const { joined } = open(undefined);
  expect(joined.setFolder(RELAY, 'one', '/home/ana/one')).toBe(false);
  joined.remember(RELAY, 'one', SECRET, 1);
  joined.describe(RELAY, 'one', { name: undefined, role: 'viewer' });
  joined.describe(RELAY, 'one', { name: 'Paper', role: undefined });
  expect(joined.setFolder(RELAY, 'one', '/home/ana/one')).toBe(true);
  joined.remember(RELAY, 'one', SECRET, 2);
  const kept = { relayUrl: RELAY, room: 'one', secret: SECRET, name: 'Paper', role: 'viewer' };
  expect(joined.find(RELAY, 'one')).toEqual({ ...kept, folder: '/home/ana/one', openedMs: 2 });
  joined.setFolder(RELAY, 'one', undefined);
  expect(joined.find(RELAY, 'one')).toEqual({ ...kept, folder: undefined, openedMs: 2 });
});

it('keeps secrets sealed, and lists a room without its secret where it cannot be read', () => {
  const { database, joined } = open(SEAL);
  joined.remember(RELAY, 'one', SECRET, 1);
  const stored = database.prepare<[], { secret: Buffer }>('SELECT secret FROM joined_rooms').all();
  expect(Buffer.from(stored[0]?.secret ?? []).includes(SECRET)).toBe(false);
  expect(joined.find(RELAY, 'one')?.secret).toBe(SECRET);
  const without = new JoinedRooms(database, undefined).find(RELAY, 'one');
  expect(without).toMatchObject({ room: 'one', openedMs: 1 });
  expect(without?.secret).toBeUndefined();
});
