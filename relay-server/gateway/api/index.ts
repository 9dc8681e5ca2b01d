import type { IncomingMessage } from 'node:http';
import { isBlobId } from '../../../shared/workspace/index.ts';
import { ChangeRefused, type RefusalReason } from '../../log/change-refused.ts';
import { HttpError } from '../http-error.ts';
import { readJsonObject } from '../json-body.ts';
import {
  type ApiAnswer,
  type ApiServices,
  type Member,
  type Owner,
  requireMember,
  requireOwner,
} from './api-services.ts';
import { listAudit } from './audit.ts';
import { BLOB_ROUTES, listLacking, MAX_LACKING_BYTES } from './blobs.ts';
import { MAX_CHANGES_BYTES, readChanges, readRoomChanges } from './changes.ts';
import { listEvents, MAX_EVENT_BYTES, postEvent } from './events.ts';
import { decideJoinRequest, listJoinRequests } from './join-requests.ts';
import { createLink, listLinks, revokeLink } from './links.ts';
import { changeRole, changeSettings, listPeople, readSettings, revoke } from './people.ts';
import { tradeOidc } from './oidc.ts';
import { listProposals, propose, readProposal, settleProposal } from './proposals.ts';
import { createRoom } from './rooms.ts';
import { trade } from './tokens.ts';

export type { ApiAnswer, ApiServices } from './api-services.ts';

/** What an owner may ask of a room: `METHOD path`, where `*` stands for an id. */
const OWNER_ROUTES: Readonly<
  Record<string, (services: ApiServices, owner: Owner, request: IncomingMessage, id: string) => Promise<ApiAnswer>>
> = {
  'POST links': createLink,
  'GET links': listLinks,
  'DELETE links/*': (services, owner, _request, id) => revokeLink(services, owner, id),
  'GET people': listPeople,
  'PUT people/*/role': (services, owner, request, id) => changeRole(services, owner, id, request),
  'POST revocations': revoke,
  'GET settings': readSettings,
  'PUT settings': changeSettings,
  'GET join-requests': listJoinRequests,
  'POST join-requests/*': (services, owner, request, id) => decideJoinRequest(services, owner, id, request),
  'GET audit': listAudit,
  'GET proposals': listProposals,
  'GET proposals/*': (services, owner, _request, id) => readProposal(services, owner, id),
  'POST proposals/*': (services, owner, request, id) => settleProposal(services, owner, id, request),
};

/** What everybody whom a room lets in may ask of it, each as far as their role goes. */
const MEMBER_ROUTES: Readonly<Record<string, MemberRoute>> = {
  'POST events': { answer: postEvent, maxBodyBytes: MAX_EVENT_BYTES },
  'GET events': { answer: listEvents },
  'GET changes/*': { answer: readChanges, isSlow: true },
  'POST blobs': { answer: listLacking, maxBodyBytes: MAX_LACKING_BYTES },
  'POST changes': { answer: readRoomChanges, maxBodyBytes: MAX_CHANGES_BYTES, isSlow: true },
};

interface MemberRoute {
  /** It may take long, or wait for others: whether the room still lets the bearer in is asked once more before it is sent. */
  readonly isSlow?: boolean;
  answer(services: ApiServices, member: Member, request: IncomingMessage, id: string): Promise<ApiAnswer>;
  /** Of JSON; undefined when there is no body. */
  readonly maxBodyBytes?: number;
}

/** Those that need no owner's token: what they are sent speaks for itself. */
const OPEN_ROUTES: Readonly<
  Record<string, (services: ApiServices, room: string, request: IncomingMessage) => Promise<ApiAnswer>>
> = { 'POST tokens': trade, 'POST proposals': propose };

/** Those of no room. */
const GLOBAL_ROUTES: Readonly<Record<string, (services: ApiServices, request: IncomingMessage) => Promise<ApiAnswer>>> =
  { 'POST /api/rooms': createRoom, 'POST /api/oidc/tokens': tradeOidc };

/** Everything that can be asked, as `METHOD path`; `*` stands for a room or an id. */
export const API_ROUTES: readonly string[] = [
  ...Object.keys(GLOBAL_ROUTES),
  ...[OWNER_ROUTES, MEMBER_ROUTES, BLOB_ROUTES, OPEN_ROUTES].flatMap((routes) =>
    Object.keys(routes).map((route) => route.replace(' ', ' /api/rooms/*/')),
  ),
];

const ROOM_PATH =
  /^\/api\/rooms\/([A-Za-z0-9_-]{1,64})\/([a-z-]{1,32})(?:\/([^/]{1,512})(\/[a-z]{1,32})?(?:\/(\d{1,9}))?)?$/;
const REFUSALS: Readonly<Record<RefusalReason, readonly [status: number, code: string]>> = {
  revoked: [403, 'revoked'],
  forbidden: [403, 'forbidden'],
  'unknown-person': [404, 'not-found'],
  'unfit-person': [400, 'invalid-field'],
};
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Answers `/api/…`. Rejects with {@link HttpError} for what is wrong with the request. */
export async function answerApi(services: ApiServices, request: IncomingMessage, path: string): Promise<ApiAnswer> {
  const method = request.method ?? '';
  const globalMethods = METHODS.filter((candidate) => Object.hasOwn(GLOBAL_ROUTES, `${candidate} ${path}`));
  if (globalMethods.length > 0) {
    const answer = globalMethods.includes(method) ? GLOBAL_ROUTES[`${method} ${path}`] : undefined;
    if (!answer) throw notAllowed(globalMethods);
    return answer(services, request);
  }
  const [, room, resource, encodedId, rest = '', number] = ROOM_PATH.exec(path) ?? [];
  if (room === undefined || resource === undefined) throw notFound();
  const route = encodedId === undefined ? resource : `${resource}/*${rest}${number === undefined ? '' : '/*'}`;
  const known = METHODS.filter((candidate) =>
    [OWNER_ROUTES, MEMBER_ROUTES, BLOB_ROUTES, OPEN_ROUTES].some((routes) =>
      Object.hasOwn(routes, `${candidate} ${route}`),
    ),
  );
  if (known.length === 0) throw notFound();
  const wanted = `${method} ${route}`;
  const open = Object.hasOwn(OPEN_ROUTES, wanted) ? OPEN_ROUTES[wanted] : undefined;
  if (open) return open(services, room, request);
  const id = decodeId(encodedId ?? '');
  const ofBlob = Object.hasOwn(BLOB_ROUTES, wanted) ? BLOB_ROUTES[wanted] : undefined;
  if (ofBlob) {
    if (!isBlobId(id)) throw notFound();
    return ofBlob(services, { request, room, blob: id, part: Number(number ?? 0) });
  }
  const shared = Object.hasOwn(MEMBER_ROUTES, wanted) ? MEMBER_ROUTES[wanted] : undefined;
  if (shared) return answerMember(services, shared, { request, room, id });
  const owned = Object.hasOwn(OWNER_ROUTES, wanted) ? OWNER_ROUTES[wanted] : undefined;
  if (!owned) throw notAllowed(known);
  let owner = await requireOwner(services, request, room);
  if (method !== 'GET' && method !== 'DELETE') {
    await readJsonObject(request);
    // The sender decides when a body comes: an owner may not be one any more.
    owner = await requireOwner(services, request, room);
  }
  return explained(owned(services, owner, request, id));
}

async function answerMember(
  services: ApiServices,
  { answer, maxBodyBytes, isSlow }: MemberRoute,
  { request, room, id }: { readonly request: IncomingMessage; readonly room: string; readonly id: string },
): Promise<ApiAnswer> {
  let member = await requireMember(services, request, room);
  if (maxBodyBytes !== undefined) {
    await readJsonObject(request, maxBodyBytes);
    // As for owners: meanwhile their access may have been taken back.
    member = await requireMember(services, request, room);
  }
  const answered = await answer(services, member, request, id);
  if (isSlow) await requireMember(services, request, room);
  return answered;
}

/** An owner may have been none any more, or whom it was about gone, by the time that the change would have been made. */
async function explained(answer: Promise<ApiAnswer>): Promise<ApiAnswer> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ChangeRefused)) throw error;
    const [status, code] = REFUSALS[error.reason];
    throw new HttpError(status, code, error.message);
  }
}

function decodeId(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw notFound();
  }
}

function notFound(): HttpError {
  return new HttpError(404, 'not-found', 'There is nothing at this address.');
}

function notAllowed(methods: readonly string[]): HttpError {
  return new HttpError(405, 'method-not-allowed', `Use ${methods.join(' or ')}.`);
}
