import type { RoomDirectory } from '../log/room-directory.ts';
import type { AccessWatch } from './access-watch.ts';
import type { Admission, Doorkeeper, Refused, RoomGrant } from './room-grant.ts';
import { standingOf } from './standing.ts';
import type { TokenAuthority } from './token-authority.ts';

/** Lets in who has a valid token for a room that exists, unless an owner has taken it back. */
export class RoomDoorkeeper implements Doorkeeper {
  private readonly authority: TokenAuthority;
  private readonly directory: RoomDirectory;
  private readonly access: AccessWatch;
  private readonly noteRefused: ((grant: RoomGrant, explanation: string) => void) | undefined;

  /** `noteRefused` is told of those who held a token of this relay that is worth nothing any more. */
  constructor(
    authority: TokenAuthority,
    directory: RoomDirectory,
    access: AccessWatch,
    noteRefused?: (grant: RoomGrant, explanation: string) => void,
  ) {
    this.authority = authority;
    this.directory = directory;
    this.access = access;
    this.noteRefused = noteRefused;
  }

  async admit(token: string, room: string): Promise<Admission> {
    const identified = await this.authority.verifyRoomToken(token);
    if (identified.kind === 'invalid')
      return { ...refuse(4401, identified.explanation), isGuess: identified.reason !== 'expired' };
    const { grant } = identified;
    if (grant.room !== room) return refuse(4401, 'The token is for another room. Open the share link again.');
    const [record, access] = await Promise.all([this.directory.findRoom(grant.tenant, room), this.access.read(grant)]);
    if (!record) return refuse(4404, `The room ${room} does not exist on this relay.`);
    const verdict = standingOf(grant, access);
    if (verdict.kind === 'revoked') {
      this.noteRefused?.(grant, verdict.explanation);
      return refuse(4403, verdict.explanation);
    }
    return { kind: 'admitted', grant, standing: verdict.standing, accessVersion: access.version };
  }
}

function refuse(closeCode: 4401 | 4403 | 4404, explanation: string): Refused {
  return { kind: 'refused', closeCode, explanation };
}
