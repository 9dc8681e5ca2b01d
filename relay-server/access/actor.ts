import type { RoomAccess } from '../log/access-directory.ts';
import { ChangeRefused } from '../log/change-refused.ts';
import type { RoomGrant } from './room-grant.ts';
import { standingOf } from './standing.ts';

/** Who changes something. */
export interface Actor {
  readonly subject: string;
  readonly name: string;
  /** By which they are an owner; whoever has the relay's command line needs none. */
  readonly grant?: RoomGrant;
}

export const ONLY_OWNERS = 'Only an owner of the room can do this.';

/** Throws a {@link ChangeRefused} when the actor may not change a room whose access is as it is given. */
export function checkActor({ grant }: Actor, access: RoomAccess): void {
  if (!grant) return;
  const verdict = standingOf(grant, access);
  if (verdict.kind === 'revoked') throw new ChangeRefused('revoked', verdict.explanation);
  if (verdict.standing.role !== 'owner') throw new ChangeRefused('forbidden', ONLY_OWNERS);
}
