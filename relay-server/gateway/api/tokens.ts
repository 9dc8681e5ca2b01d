import type { IncomingMessage } from 'node:http';
import type { TradeResult } from '../../access/share-links.ts';
import type { SignedToken } from '../../access/token-authority.ts';
import { HttpError } from '../http-error.ts';
import { checkFields, optionalText, readJsonObject, requireText } from '../json-body.ts';
import type { ApiAnswer, ApiServices } from './api-services.ts';

const MAX_NAME = 1024;
const MAX_TOKEN = 8 * 1024;
/** Owners take a while to let people in. */
const CROWDED_RETRY_MS = 30_000;

/** Trades the secret of a share link for a token. */
export async function trade(services: ApiServices, room: string, request: IncomingMessage): Promise<ApiAnswer> {
  const body = await readJsonObject(request);
  checkFields(body, ['secret', 'name', 'previousToken', 'request']);
  const result = await services.shareLinks.trade({
    room,
    secret: requireText(body, 'secret', 128),
    name: requireText(body, 'name', MAX_NAME),
    previousToken: optionalText(body, 'previousToken', MAX_TOKEN),
    request: optionalText(body, 'request', 128),
  });
  if (result.kind === 'refused') throw refusedTrade(result);
  if (result.kind === 'waiting') {
    if (result.isNew) await services.manager.announce({ tenant: result.tenant, room });
    return { status: 202, body: { request: result.request, explanation: result.explanation } };
  }
  return describeGranted(services, result);
}

/** A fresh token for a room. */
export function describeGranted({ scheduler }: ApiServices, { token, grant, role }: SignedToken): ApiAnswer {
  const { subject, room, expiresAtMs } = grant;
  return { status: 200, body: { token, expiresAtMs, nowMs: scheduler.now(), role, subject, room } };
}

function refusedTrade({ reason, explanation }: Extract<TradeResult, { kind: 'refused' }>): HttpError {
  if (reason === 'crowded') return new HttpError(429, 'link-crowded', explanation, { retryAfterMs: CROWDED_RETRY_MS });
  // A secret that nobody was given is a guess.
  if (reason === 'unknown') return new HttpError(404, 'link-unknown', explanation, { isFailure: true });
  if (reason === 'nameless') return new HttpError(400, 'invalid-field', explanation);
  return new HttpError(403, `link-${reason}`, explanation);
}
