import { createHash } from 'node:crypto';
import { documentAccess } from '../../shared/access/index.ts';
import type { Scheduler } from '../../shared/lifecycle/index.ts';
import { INDEX_DOCUMENT } from '../../shared/workspace/index.ts';
import type { AccessDirectory, ProposalBounds } from '../log/access-directory.ts';
import { inspectUpdate } from '../rooms/inspect-update.ts';
import { PATH_VIEW } from '../rooms/subscription.ts';
import { standingOf } from './standing.ts';
import type { TokenAuthority } from './token-authority.ts';

export interface ProposalRequest {
  readonly room: string;
  /** That of the person whose access was taken back. */
  readonly token: string;
  readonly document: string;
  /** A Yjs update, format version 1. */
  readonly update: Uint8Array;
}

export type ProposalOutcome =
  | { readonly kind: 'kept'; readonly tenant: string; readonly proposalId: string }
  | {
      readonly kind: 'refused';
      readonly reason: 'unauthenticated' | 'not-revoked' | 'read-only' | 'malformed' | 'too-large' | 'too-many';
      readonly explanation: string;
    };

/** The largest update that is kept as a proposal. */
export const MAX_PROPOSAL_BYTES = 1024 * 1024;
const BOUNDS: ProposalBounds = {
  maxRoomBytes: 64 * 1024 * 1024,
  maxSubjectBytes: 4 * 1024 * 1024,
  maxSubjectProposals: 50,
};
/** A token of longer ago speaks for nobody. */
const MAX_TOKEN_AGE_MS = 30 * 24 * 3600_000;

/** Keeps what somebody edited offline while their access was taken back: owners decide what becomes of it. */
export class Proposals {
  private readonly options: {
    readonly authority: TokenAuthority;
    readonly access: AccessDirectory;
    readonly scheduler: Scheduler;
  };

  constructor(options: Proposals['options']) {
    this.options = options;
  }

  /** Rejects with a `LogFailure`. */
  async propose({ room, token, document, update }: ProposalRequest): Promise<ProposalOutcome> {
    const { authority, access, scheduler } = this.options;
    const verdict = await authority.verifyRoomToken(token, { ignoresExpiry: true });
    if (verdict.kind === 'invalid') return refuse('unauthenticated', verdict.explanation);
    const { grant } = verdict;
    const nowMs = scheduler.now();
    if (grant.room !== room || nowMs - grant.expiresAtMs > MAX_TOKEN_AGE_MS)
      return refuse('unauthenticated', 'The token is for another room, or too old.');
    const key = { tenant: grant.tenant, room };
    const state = await access.readAccess(key);
    if (standingOf(grant, state).kind !== 'revoked')
      return refuse('not-revoked', 'Your access is valid: join the room, and the edits arrive by themselves.');
    const role = state.roles.get(grant.subject) ?? grant.role;
    // Who may see only some paths has a list of their own, which the relay writes.
    const isClosed =
      PATH_VIEW.test(document) || (grant.paths !== undefined && [INDEX_DOCUMENT, 'comments'].includes(document));
    if (isClosed || documentAccess(role, document, state.settings.chat) !== 'write')
      return refuse('read-only', 'Your role could not change this document.');
    if (update.byteLength > MAX_PROPOSAL_BYTES)
      return refuse('too-large', `A proposal may have at most ${MAX_PROPOSAL_BYTES} bytes. Export a patch instead.`);
    const inspection = inspectUpdate(update);
    if (inspection.kind === 'malformed') return refuse('malformed', inspection.explanation);
    const { subject, name } = grant;
    // The same edits sent again, after an answer that was lost, are the same proposal.
    const digest = createHash('sha256')
      .update(JSON.stringify([subject, document]))
      .update(update);
    const proposalId = digest.digest('base64url').slice(0, 22);
    const isKept = await access.addProposal(
      key,
      { proposalId, subject, name, document, createdAtMs: nowMs },
      update,
      BOUNDS,
      { atMs: nowMs, kind: 'proposal-received', actor: subject, actorName: name, target: proposalId, detail: document },
    );
    if (!isKept) return refuse('too-many', 'Too much waits for the owners already. Export a patch instead.');
    return { kind: 'kept', tenant: grant.tenant, proposalId };
  }
}

function refuse(reason: Extract<ProposalOutcome, { kind: 'refused' }>['reason'], explanation: string): ProposalOutcome {
  return { kind: 'refused', reason, explanation };
}
