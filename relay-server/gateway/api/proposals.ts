import type { IncomingMessage } from 'node:http';
import { MAX_PROPOSAL_BYTES, type ProposalOutcome } from '../../access/proposals.ts';
import { HttpError } from '../http-error.ts';
import { checkFields, invalid, readJsonObject, requireText } from '../json-body.ts';
import { type ApiAnswer, type ApiServices, DONE, type Owner } from './api-services.ts';

/** Base64 takes a third more; the rest is for the fields around it. */
const MAX_BODY_BYTES = Math.ceil(MAX_PROPOSAL_BYTES / 3) * 4 + 16 * 1024;
const DOCUMENT = /^[A-Za-z0-9_-]{1,64}$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const STATUS: Readonly<Record<Extract<ProposalOutcome, { kind: 'refused' }>['reason'], number>> = {
  unauthenticated: 401,
  'not-revoked': 409,
  'read-only': 403,
  malformed: 400,
  'too-large': 413,
  'too-many': 429,
};

/** Takes the edits of somebody who cannot come back by themselves. Whoever sends them proves it by their old token. */
export async function propose(
  { manager, proposals }: ApiServices,
  room: string,
  request: IncomingMessage,
): Promise<ApiAnswer> {
  const body = await readJsonObject(request, MAX_BODY_BYTES);
  checkFields(body, ['token', 'document', 'update']);
  const document = requireText(body, 'document', 64);
  if (!DOCUMENT.test(document)) throw invalid('document', 'must be the name of a document');
  const encoded = requireText(body, 'update', MAX_BODY_BYTES);
  if (!BASE64.test(encoded)) throw invalid('update', 'must be base64');
  const token = requireText(body, 'token', 8 * 1024);
  const update = Buffer.from(encoded, 'base64');
  const outcome = await proposals.propose({ room, token, document, update });
  if (outcome.kind === 'refused')
    throw new HttpError(STATUS[outcome.reason], `proposal-${outcome.reason}`, outcome.explanation, {
      isFailure: !outcome.isExpired,
    });
  const { tenant, proposalId: id, state, isNew } = outcome;
  if (isNew) await manager.announce({ tenant, room });
  // One that owners have settled is not taken again.
  return { status: state === 'open' ? 201 : 200, body: { id, state } };
}

/** What waits for an owner, oldest first. */
export async function listProposals({ access }: ApiServices, { key }: Owner): Promise<ApiAnswer> {
  const proposals = await access.listProposals(key);
  return {
    status: 200,
    body: {
      proposals: proposals.map(({ proposalId: id, subject, name, document, createdAtMs, bytes }) => ({
        id,
        subject,
        name,
        document,
        createdAtMs,
        bytes,
      })),
    },
  };
}

/** The proposed Yjs update. */
export async function readProposal({ access }: ApiServices, { key }: Owner, proposalId: string): Promise<ApiAnswer> {
  const bytes = await access.readProposal(key, proposalId);
  if (!bytes) throw new HttpError(404, 'not-found', 'The room has no such proposal any more.');
  return { status: 200, bytes };
}

/** An owner has applied the proposal, or will not. */
export async function settleProposal(
  { manager }: ApiServices,
  owner: Owner,
  proposalId: string,
  request: IncomingMessage,
): Promise<ApiAnswer> {
  const body = await readJsonObject(request);
  checkFields(body, ['state']);
  const { state } = body;
  if (state !== 'applied' && state !== 'dropped') throw invalid('state', 'must be applied or dropped');
  if (!(await manager.settleProposal(owner.key, owner.actor, proposalId, state)))
    throw new HttpError(404, 'not-found', 'The room has no such proposal any more.');
  return DONE;
}
