import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { AccessWatch } from '../access/access-watch.ts';
import { loadRelayIdentity } from '../access/relay-identity.ts';
import { RoomDoorkeeper } from '../access/room-doorkeeper.ts';
import { RoomManager } from '../access/room-manager.ts';
import { ShareLinks } from '../access/share-links.ts';
import { TokenAuthority } from '../access/token-authority.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import { temporaryFolder } from './relay-under-test.ts';

/** The room of {@link openAccess}. */
export const WHERE = { tenant: 'default', room: 'room' };

/** Everything that decides about access, on a database of its own with one room and a clock set by hand. */
export async function openAccess(folder = temporaryFolder()) {
  const scheduler = new ManualScheduler();
  const identity = await loadRelayIdentity(folder);
  const authority = new TokenAuthority(identity, scheduler);
  const storage = openSqliteStorage(join(folder, 'relay.db'));
  onTestFinished(() => storage.dispose());
  const { directory, access } = storage;
  await directory.createRoom({ tenant: 'default', room: 'room', name: '', createdAtMs: 1 });
  const watch = new AccessWatch({
    directory: access,
    scheduler,
    reportProblem: (error) => {
      throw error;
    },
  });
  onTestFinished(() => watch.dispose());
  const shareLinks = new ShareLinks({ directory, access, authority, scheduler });
  const manager = new RoomManager({ access, shareLinks, scheduler });
  const grant = {
    tenant: 'default',
    room: 'room',
    subject: 'ada',
    name: 'Ada',
    role: 'editor',
    linkId: undefined,
    expiresAtMs: scheduler.now() + 60_000,
  } as const;
  return {
    scheduler,
    identity,
    authority,
    directory,
    shareLinks,
    access,
    manager,
    doorkeeper: new RoomDoorkeeper(authority, directory, watch),
    grant,
  };
}
