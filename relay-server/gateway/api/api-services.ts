import type { IncomingMessage } from 'node:http';
import type { Disposable, Scheduler } from '../../../shared/lifecycle/index.ts';
import type { Doorkeeper, RoomGrant, Standing } from '../../access/room-grant.ts';
import type { OidcTokens } from '../../access/oidc-tokens.ts';
import type { Proposals } from '../../access/proposals.ts';
import { type Actor, ONLY_OWNERS } from '../../access/actor.ts';
import type { Revocation, RoomManager } from '../../access/room-manager.ts';
import type { ShareLinks } from '../../access/share-links.ts';
import type { TokenAuthority } from '../../access/token-authority.ts';
import type { BlobServices } from '../../blobs/index.ts';
import type { ChangeReader } from '../../history/change-reader.ts';
import type { RoomEvents } from '../../history/room-events.ts';
import type { AccessDirectory, AccessKey } from '../../log/access-directory.ts';
import type { RoomDirectory } from '../../log/room-directory.ts';
import { HttpError } from '../http-error.ts';

export interface ApiServices {
  readonly authority: TokenAuthority;
  readonly doorkeeper: Doorkeeper;
  readonly directory: RoomDirectory;
  readonly access: AccessDirectory;
  readonly shareLinks: ShareLinks;
  readonly manager: RoomManager;
  readonly proposals: Proposals;
  readonly events: RoomEvents;
  readonly changes: ChangeReader;
  readonly blobs: BlobServices;
  /** Undefined when no provider is set up. */
  readonly oidc?: OidcTokens | undefined;
  readonly scheduler: Scheduler;
  /** Who is in a room, as far as this node knows. */
  connectedSubjects(key: AccessKey): readonly string[];
  /** Origin and base path under which people reach this relay. */
  readonly publicUrl: () => string;
}

/** What is sent back. A body of bytes is of no type that a browser would run. */
export type ApiAnswer =
  | { readonly status: number; readonly body: Readonly<Record<string, unknown>> }
  | { readonly status: 204 }
  /** `contentRange`: the header. `sent` is disposed when the answer has gone out, or will not. */
  | { readonly status: number; readonly bytes: Uint8Array; readonly contentRange?: string; readonly sent?: Disposable }
  /** Lines of JSON, one by one. */
  | { readonly status: number; readonly lines: AsyncIterable<Readonly<Record<string, unknown>>> };

export const DONE: ApiAnswer = { status: 204 };

/** An owner who asks, and the room that they own. */
export interface Owner {
  readonly key: AccessKey;
  readonly actor: Actor;
  /** What their token says, whoever changed their role since. */
  readonly grant: RoomGrant;
}

/** Somebody whom the room lets in, and what they may do now. */
export interface Member {
  readonly key: AccessKey;
  readonly grant: RoomGrant;
  readonly standing: Standing;
}

/** Who has sent the request, when that is an owner of the room. Throws {@link HttpError}. */
export async function requireOwner(services: ApiServices, request: IncomingMessage, room: string): Promise<Owner> {
  const { key, grant, standing } = await requireMember(services, request, room);
  if (standing.role !== 'owner') throw new HttpError(403, 'forbidden', ONLY_OWNERS);
  const { subject, name } = grant;
  return { key, actor: { subject, name, grant }, grant };
}

/** Who has sent the request, when the room lets them in. Throws {@link HttpError}. */
export async function requireMember(services: ApiServices, request: IncomingMessage, room: string): Promise<Member> {
  const admission = await services.doorkeeper.admit(bearerOf(request), room);
  if (admission.kind === 'refused') {
    if (admission.closeCode === 4403) throw new HttpError(403, 'revoked', admission.explanation);
    if (admission.closeCode === 4404) throw new HttpError(404, 'not-found', admission.explanation);
    throw new HttpError(401, 'unauthenticated', admission.explanation, { isFailure: admission.isGuess });
  }
  const { grant, standing } = admission;
  return { key: { tenant: grant.tenant, room }, grant, standing };
}

/** Owners may not lock themselves out by mistake. Throws {@link HttpError}. */
export function refuseOwnLoss({ grant }: Owner, revocation: Revocation): void {
  const explanation = describeOwnLoss(grant, revocation);
  if (explanation !== undefined) throw new HttpError(409, 'own-access', explanation);
}

function describeOwnLoss(grant: RoomGrant, revocation: Revocation): string | undefined {
  switch (revocation.kind) {
    case 'subject':
      return revocation.subject === grant.subject
        ? 'You cannot take back your own access. Ask another owner.'
        : undefined;
    case 'session':
      return revocation.lineageId === grant.lineageId ? 'You cannot end your own session. Leave the room.' : undefined;
    case 'link':
      return revocation.linkId === grant.linkId
        ? 'You came by this link yourself. Make another link for owners, join by that, and take this one back then.'
        : undefined;
    // Everybody but owners.
    case 'all':
      return undefined;
  }
}

export function bearerOf({ headers }: IncomingMessage): string {
  const token = /^Bearer ([\w.-]{1,8192})$/.exec(headers.authorization ?? '')?.[1];
  if (token === undefined)
    throw new HttpError(401, 'unauthenticated', 'The header `Authorization: Bearer TOKEN` is missing.');
  return token;
}
