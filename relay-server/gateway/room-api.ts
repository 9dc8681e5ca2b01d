import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { formatShareLink, isRole, type Role, ROLES } from '../../shared/access/index.ts';
import type { Scheduler } from '../../shared/lifecycle/index.ts';
import type { Doorkeeper } from '../access/room-grant.ts';
import type { CreatedLink, ShareLinks, TradeResult } from '../access/share-links.ts';
import { DEFAULT_TENANT, type TokenAuthority } from '../access/token-authority.ts';
import type { RoomDirectory } from '../log/room-directory.ts';
import { HttpError } from './http-error.ts';
import { checkFields, invalid, optionalCount, optionalText, readJsonObject, requireText } from './json-body.ts';

export interface RoomApiServices {
  readonly authority: TokenAuthority;
  readonly doorkeeper: Doorkeeper;
  readonly directory: RoomDirectory;
  readonly shareLinks: ShareLinks;
  readonly scheduler: Scheduler;
  /** Origin and base path under which people reach this relay. */
  readonly publicUrl: () => string;
}

export interface JsonAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const MAX_TEXT = 1024;
const MAX_TOKEN = 8 * 1024;
const MAX_SECONDS = 10 * 365 * 24 * 3600;
const ROOM = /^[A-Za-z0-9_-]{1,64}$/;
/** Callers who choose one should draw it at random: 22 of these characters hold 128 bits. */
const CHOSEN_SECRET = /^[A-Za-z0-9_-]{16,128}$/;
const ROOM_PATH = /^\/api\/rooms\/([A-Za-z0-9_-]{1,64})\/(links|tokens)$/;

/** Answers `/api/…`. Rejects with {@link HttpError} for what is wrong with the request. */
export async function answerRoomApi(
  services: RoomApiServices,
  request: IncomingMessage,
  path: string,
): Promise<JsonAnswer> {
  const [, room, resource] = ROOM_PATH.exec(path) ?? [];
  if (path !== '/api/rooms' && room === undefined)
    throw new HttpError(404, 'not-found', 'There is nothing at this address.');
  if (request.method !== 'POST') throw new HttpError(405, 'method-not-allowed', 'Use POST.');
  if (room === undefined) return createRoom(services, request);
  return resource === 'links' ? createLink(services, request, room) : trade(services, request, room);
}

async function createRoom(services: RoomApiServices, request: IncomingMessage): Promise<JsonAnswer> {
  const verdict = await services.authority.verifyOperatorToken(bearerOf(request));
  if (verdict.kind === 'invalid') {
    throw new HttpError(
      401,
      'unauthenticated',
      'Creating rooms needs an operator token of this relay. Make one with `token --create-rooms`.',
    );
  }
  const body = await readJsonObject(request);
  checkFields(body, ['name', 'room', 'ownerSecret']);
  const room = optionalText(body, 'room', 64) ?? randomBytes(12).toString('base64url');
  if (!ROOM.test(room)) throw invalid('room', 'must have 1 to 64 letters, digits, - and _');
  const ownerSecret = optionalText(body, 'ownerSecret', 128);
  if (ownerSecret !== undefined && !CHOSEN_SECRET.test(ownerSecret)) {
    throw invalid('ownerSecret', 'must have 16 to 128 letters, digits, - and _');
  }
  const record = {
    tenant: verdict.tenant,
    room,
    name: optionalText(body, 'name', 256) ?? '',
    createdAtMs: services.scheduler.now(),
  };
  const link = await services.shareLinks.createRoom(record, ownerSecret);
  if (!link) throw new HttpError(409, 'room-exists', `The room ${room} exists already.`);
  return { status: 201, body: { room, ownerLink: describeLink(services, room, link) } };
}

async function createLink(services: RoomApiServices, request: IncomingMessage, room: string): Promise<JsonAnswer> {
  const admission = await services.doorkeeper.admit(bearerOf(request), room);
  if (admission.kind === 'refused') throw new HttpError(401, 'unauthenticated', admission.explanation);
  if (admission.grant.role !== 'owner')
    throw new HttpError(403, 'forbidden', 'Only an owner of the room can make share links.');
  const body = await readJsonObject(request);
  checkFields(body, ['role', 'label', 'expiresInSeconds', 'maxUses']);
  const expiresInSeconds = optionalCount(body, 'expiresInSeconds', MAX_SECONDS);
  const link = await services.shareLinks.create({
    tenant: admission.grant.tenant,
    room,
    role: readRole(body['role']),
    label: optionalText(body, 'label', 256),
    expiresInMs: expiresInSeconds === undefined ? undefined : expiresInSeconds * 1000,
    maxUses: optionalCount(body, 'maxUses', 1_000_000),
  });
  return { status: 201, body: describeLink(services, room, link) };
}

async function trade(services: RoomApiServices, request: IncomingMessage, room: string): Promise<JsonAnswer> {
  const body = await readJsonObject(request);
  checkFields(body, ['secret', 'name', 'previousToken']);
  const result = await services.shareLinks.trade({
    tenant: DEFAULT_TENANT,
    room,
    secret: requireText(body, 'secret', 128),
    name: requireText(body, 'name', MAX_TEXT),
    previousToken: optionalText(body, 'previousToken', MAX_TOKEN),
  });
  if (result.kind === 'refused') throw refusedTrade(result);
  const { role, subject, expiresAtMs } = result.grant;
  return {
    status: 200,
    body: { token: result.token, expiresAtMs, nowMs: services.scheduler.now(), role, subject, room },
  };
}

function describeLink({ publicUrl }: RoomApiServices, room: string, { linkId, secret }: CreatedLink) {
  return { id: linkId, secret, url: formatShareLink({ relayUrl: publicUrl(), room, secret }) };
}

function refusedTrade({ reason, explanation }: Extract<TradeResult, { kind: 'refused' }>): HttpError {
  return new HttpError(reason === 'unknown' ? 404 : 403, `link-${reason}`, explanation);
}

function readRole(value: unknown): Role {
  if (!isRole(value)) throw invalid('role', `must be one of ${ROLES.join(', ')}`);
  return value;
}

function bearerOf({ headers }: IncomingMessage): string {
  const token = /^Bearer ([\w.-]{1,8192})$/.exec(headers.authorization ?? '')?.[1];
  if (token === undefined)
    throw new HttpError(401, 'unauthenticated', 'The header `Authorization: Bearer TOKEN` is missing.');
  return token;
}
