import { createHash } from 'node:crypto';
import { documentAccess, matchesPaths } from '../../shared/access/index.ts';
import type { Scheduler } from '../../shared/lifecycle/index.ts';
import type { AccessDirectory, AccessKey, AuditEvent, ProposalBounds, ProposalState } from '../log/access-directory.ts';
import type { RoomDirectory } from '../log/room-directory.ts';
import { findFaultAlone } from '../rooms/check-edit.ts';
import { PATH_VIEW } from '../rooms/subscription.ts';
import type { RoomGrant } from './room-grant.ts';
import { standingOf } from './standing.ts';
import type { TokenAuthority } from './token-authority.ts';

export interface ProposalRequest {
  readonly room: string;
  /** That of the person whose access was taken back, or whose link has expired. */
  readonly token: string;
  readonly document: string;
  /** A Yjs update, format version 1. */
  readonly update: Uint8Array;
}

export type ProposalOutcome =
  /** `state`: what owners did with the same edits before; `open` when they wait for them. */
  | {
      readonly kind: 'kept';
      readonly tenant: string;
      readonly proposalId: string;
      readonly state: ProposalState;
      readonly isNew: boolean;
    }
  | {
      readonly kind: 'refused';
      readonly reason: 'unauthenticated' | 'not-revoked' | 'read-only' | 'malformed' | 'too-large' | 'too-many';
      readonly explanation: string;
      /** The token was good, and is too old by now. */
      readonly isExpired?: boolean;
    };

export interface ProposalsOptions {
  readonly authority: TokenAuthority;
  readonly access: AccessDirectory;
  readonly directory: Pick<RoomDirectory, 'findLink'>;
  readonly scheduler: Scheduler;
  /** Where the file of a document lies; undefined when it is none. Rejects with a `LogFailure`. */
  readonly findFilePath: (key: AccessKey, document: string) => Promise<string | undefined>;
}

/** The largest update that is kept as a proposal. */
export const MAX_PROPOSAL_BYTES = 1024 * 1024;
const BOUNDS: ProposalBounds = {
  maxRoomBytes: 64 * 1024 * 1024,
  maxSubjectBytes: 4 * 1024 * 1024,
  maxSubjectProposals: 50,
  maxSubjectDropped: 50,
};
/** A token that expired longer ago speaks for nobody. */
const MAX_EXPIRED_MS = 30 * 24 * 3600_000;
const CHAT = 'chat';
const TOO_MANY = refuse('too-many', 'Too much waits for the owners already. Export a patch instead.');
const MAY_JOIN = refuse('not-revoked', 'Your access was not taken back: join, and the edits arrive by themselves.');
const OUTSIDE = refuse('read-only', 'You could only change files at some paths, and this is none of them.');

/** Keeps what somebody edited offline who cannot come back by themselves: owners decide what becomes of it. */
export class Proposals {
  private readonly options: ProposalsOptions;

  constructor(options: ProposalsOptions) {
    this.options = options;
  }

  /** Rejects with a `LogFailure`. */
  async propose(request: ProposalRequest): Promise<ProposalOutcome> {
    const { authority, access, scheduler } = this.options;
    const { room, token, document, update } = request;
    const verdict = await authority.verifyRoomToken(token, { ignoresExpiry: true });
    if (verdict.kind === 'invalid')
      return { ...refuse('unauthenticated', verdict.explanation), isExpired: verdict.reason === 'expired' };
    const { grant } = verdict;
    const nowMs = scheduler.now();
    if (grant.room !== room) return refuse('unauthenticated', 'The token is for another room.');
    if (nowMs - grant.expiresAtMs > MAX_EXPIRED_MS)
      return { ...refuse('unauthenticated', 'The token is too old to say who you are.'), isExpired: true };
    const { tenant, subject, name } = grant;
    const key = { tenant, room };
    const unfit = await this.findFault(grant, document);
    if (unfit) return unfit;
    const bytes = update.byteLength;
    if (bytes > MAX_PROPOSAL_BYTES)
      return refuse('too-large', `A proposal may have at most ${MAX_PROPOSAL_BYTES} bytes. Export a patch instead.`);
    // The same edits sent again, after an answer that was lost or after owners have dropped them, are no other proposal.
    const proposalId = idOf(subject, document, update);
    const check = await access.checkProposal(key, { proposalId, subject, bytes }, BOUNDS);
    if (check === 'full') return TOO_MANY;
    if (check !== 'fits') return { kind: 'kept', tenant, proposalId, state: check, isNew: false };
    if (!(await this.isWithin(grant, document))) return OUTSIDE;
    // Last, since it takes long.
    const fault = findFaultAlone(update);
    if (fault !== undefined) return refuse('malformed', fault);
    const record = { proposalId, subject, name, document, createdAtMs: nowMs };
    const about = { atMs: nowMs, actor: subject, actorName: name, target: proposalId, detail: document };
    const event: AuditEvent = { ...about, kind: 'proposal-received' };
    const state = await access.addProposal(key, record, update, BOUNDS, event);
    if (state === 'full') return TOO_MANY;
    return { kind: 'kept', tenant, proposalId, state, isNew: true };
  }

  /** Whether a document is among those that the grant is for. */
  private async isWithin(grant: RoomGrant, document: string): Promise<boolean> {
    if (!grant.paths || document === CHAT) return true;
    const path = await this.options.findFilePath(grant, document);
    return path !== undefined && matchesPaths(path, grant.paths);
  }

  /** Why somebody may propose nothing for a document, whatever it is. */
  private async findFault(grant: RoomGrant, document: string): Promise<ProposalOutcome | undefined> {
    const state = await this.options.access.readAccess(grant);
    if (standingOf(grant, state).kind !== 'revoked' && !(await this.hasExpired(grant))) return MAY_JOIN;
    const role = state.roles.get(grant.subject) ?? grant.role;
    // The relay writes these itself.
    if (PATH_VIEW.test(document) || documentAccess(role, document, state.settings.chat) !== 'write')
      return refuse('read-only', 'Your role could not change this document.');
    return undefined;
  }

  /** Whether neither the token nor the link that it came by lets the person in any more. */
  private async hasExpired({ tenant, linkId, expiresAtMs }: RoomGrant): Promise<boolean> {
    const nowMs = this.options.scheduler.now();
    if (linkId === undefined || expiresAtMs > nowMs) return false;
    const link = await this.options.directory.findLink(tenant, linkId);
    return link?.expiresAtMs !== undefined && link.expiresAtMs <= nowMs;
  }
}

function idOf(subject: string, document: string, update: Uint8Array): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([subject, document]))
    .update(update);
  return digest.digest('base64url').slice(0, 22);
}

function refuse(
  reason: Extract<ProposalOutcome, { kind: 'refused' }>['reason'],
  explanation: string,
): Extract<ProposalOutcome, { kind: 'refused' }> {
  return { kind: 'refused', reason, explanation };
}
