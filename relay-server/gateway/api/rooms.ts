import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { cleanText } from '../../access/clean-text.ts';
import { HttpError } from '../http-error.ts';
import { checkFields, invalid, optionalText, readJsonObject } from '../json-body.ts';
import { type ApiAnswer, type ApiServices, bearerOf } from './api-services.ts';
import { describeCreated } from './links.ts';

const MAX_NAME = 256;
export const ROOM_NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** Callers who choose one should draw it at random: 22 of these characters hold 128 bits. */
const CHOSEN_SECRET = /^[A-Za-z0-9_-]{16,128}$/;

/** Makes a room and its owner's link, for somebody with an operator token. */
export async function createRoom(services: ApiServices, request: IncomingMessage): Promise<ApiAnswer> {
  const verdict = await services.authority.verifyOperatorToken(bearerOf(request));
  if (verdict.kind === 'invalid') {
    throw new HttpError(
      401,
      'unauthenticated',
      'Creating rooms needs an operator token of this relay. Make one with `token --create-rooms`.',
      { isFailure: verdict.reason !== 'expired' },
    );
  }
  const body = await readJsonObject(request);
  checkFields(body, ['name', 'room', 'ownerSecret']);
  const room = optionalText(body, 'room', 64) ?? randomBytes(12).toString('base64url');
  if (!ROOM_NAME.test(room)) throw invalid('room', 'must have 1 to 64 letters, digits, - and _');
  const ownerSecret = optionalText(body, 'ownerSecret', 128);
  if (ownerSecret !== undefined && !CHOSEN_SECRET.test(ownerSecret)) {
    throw invalid('ownerSecret', 'must have 16 to 128 letters, digits, - and _');
  }
  const record = {
    tenant: verdict.tenant,
    room,
    name: cleanText(optionalText(body, 'name', MAX_NAME) ?? '', MAX_NAME),
    createdAtMs: services.scheduler.now(),
  };
  const link = await services.shareLinks.createRoom(record, ownerSecret);
  if (!link) throw new HttpError(409, 'room-exists', `The room ${room} exists already.`);
  return { status: 201, body: { room, ownerLink: describeCreated(services, room, link) } };
}
