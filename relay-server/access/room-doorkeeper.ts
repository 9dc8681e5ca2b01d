import type { RoomDirectory } from '../log/room-directory.ts';
import type { Admission, Doorkeeper } from './room-grant.ts';
import type { TokenAuthority } from './token-authority.ts';

/** Lets in who has a valid token for a room that exists, unless the token or its link was revoked. */
export class RoomDoorkeeper implements Doorkeeper {
  private readonly authority: TokenAuthority;
  private readonly directory: RoomDirectory;

  constructor(authority: TokenAuthority, directory: RoomDirectory) {
    this.authority = authority;
    this.directory = directory;
  }

  async admit(token: string, room: string): Promise<Admission> {
    const verdict = await this.authority.verifyRoomToken(token);
    if (verdict.kind === 'invalid') return refuse(4401, verdict.explanation);
    const { grant } = verdict;
    if (grant.room !== room) return refuse(4401, 'The token is for another room. Open the share link again.');
    if (!(await this.directory.findRoom(grant.tenant, room))) {
      return refuse(4404, `The room ${room} does not exist on this relay.`);
    }
    if (await this.directory.isTokenRevoked(grant.jti)) return refuse(4403, 'Your access was taken back.');
    const link = grant.linkId === undefined ? undefined : await this.directory.findLink(grant.tenant, grant.linkId);
    if (grant.linkId !== undefined && (!link || link.revokedAtMs !== undefined)) {
      return refuse(4403, 'The share link was taken back. Ask for a new one.');
    }
    return { kind: 'admitted', grant };
  }
}

function refuse(closeCode: 4401 | 4403 | 4404, explanation: string): Admission {
  return { kind: 'refused', closeCode, explanation };
}
