import type { IncomingMessage } from 'node:http';
import { ChangeRefused, type RefusalReason } from '../../log/change-refused.ts';
import { HttpError } from '../http-error.ts';
import { readJsonObject } from '../json-body.ts';
import { type ApiAnswer, type ApiServices, type Owner, requireOwner } from './api-services.ts';
import { listAudit } from './audit.ts';
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
  ...[...Object.keys(OWNER_ROUTES), ...Object.keys(OPEN_ROUTES)].map((route) => route.replace(' ', ' /api/rooms/*/')),
];

const ROOM_PATH = /^\/api\/rooms\/([A-Za-z0-9_-]{1,64})\/([a-z-]{1,32})(?:\/([^/]{1,512})(\/[a-z]{1,32})?)?$/;
const REFUSALS: Readonly<Record<RefusalReason, readonly [status: number, code: string]>> = {
  revoked: [403, 'revoked'],
  forbidden: [403, 'forbidden'],
  'unknown-person': [404, 'not-found'],
  'unfit-person': [400, 'invalid-field'],
};
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];

/** Answers `/api/…`. Rejects with {@link HttpError} for what is wrong with the request. */
export async function answerApi(services: ApiServices, request: IncomingMessage, path: string): Promise<ApiAnswer> {
  const method = request.method ?? '';
  const globalMethods = METHODS.filter((candidate) => Object.hasOwn(GLOBAL_ROUTES, `${candidate} ${path}`));
  if (globalMethods.length > 0) {
    const answer = globalMethods.includes(method) ? GLOBAL_ROUTES[`${method} ${path}`] : undefined;
    if (!answer) throw notAllowed(globalMethods);
    return answer(services, request);
  }
  const [, room, resource, encodedId, rest = ''] = ROOM_PATH.exec(path) ?? [];
  if (room === undefined || resource === undefined) throw notFound();
  const route = encodedId === undefined ? resource : `${resource}/*${rest}`;
  const known = METHODS.filter((candidate) =>
    [OWNER_ROUTES, OPEN_ROUTES].some((routes) => Object.hasOwn(routes, `${candidate} ${route}`)),
  );
  if (known.length === 0) throw notFound();
  const wanted = `${method} ${route}`;
  const open = Object.hasOwn(OPEN_ROUTES, wanted) ? OPEN_ROUTES[wanted] : undefined;
  if (open) return open(services, room, request);
  const owned = Object.hasOwn(OWNER_ROUTES, wanted) ? OWNER_ROUTES[wanted] : undefined;
  if (!owned) throw notAllowed(known);
  let owner = await requireOwner(services, request, room);
  if (method !== 'GET' && method !== 'DELETE') {
    await readJsonObject(request);
    // The sender decides when a body comes: an owner may not be one any more.
    owner = await requireOwner(services, request, room);
  }
  return explained(owned(services, owner, request, decodeId(encodedId ?? '')));
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
