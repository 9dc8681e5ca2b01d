import type { IncomingMessage } from 'node:http';
import type { OidcTradeResult } from '../../access/oidc-tokens.ts';
import { HttpError } from '../http-error.ts';
import { checkFields, invalid, optionalText, readJsonObject, requireText } from '../json-body.ts';
import type { ApiAnswer, ApiServices } from './api-services.ts';
import { ROOM_NAME } from './rooms.ts';
import { describeGranted } from './tokens.ts';

const MAX_TOKEN = 8 * 1024;
const RETRY_AFTER_MS = 3_000;
const STATUS: Readonly<Record<Extract<OidcTradeResult, { kind: 'refused' }>['reason'], readonly [number, string]>> = {
  unauthenticated: [401, 'unauthenticated'],
  'no-role': [403, 'oidc-no-role'],
  revoked: [403, 'revoked'],
  'no-room': [404, 'not-found'],
  unavailable: [503, 'oidc-unavailable'],
};

/** Trades a token of the OpenID Connect provider for one of a room. */
export async function tradeOidc(services: ApiServices, request: IncomingMessage): Promise<ApiAnswer> {
  const { oidc } = services;
  if (!oidc) throw new HttpError(404, 'not-found', 'This relay works without an OpenID Connect provider.');
  const body = await readJsonObject(request);
  checkFields(body, ['token', 'room', 'previousToken']);
  const room = requireText(body, 'room', 64);
  if (!ROOM_NAME.test(room)) throw invalid('room', 'must have 1 to 64 letters, digits, - and _');
  const token = requireText(body, 'token', MAX_TOKEN);
  const result = await oidc.trade({ room, token, previousToken: optionalText(body, 'previousToken', MAX_TOKEN) });
  if (result.kind === 'granted') return describeGranted(services, result);
  const [status, code] = STATUS[result.reason];
  throw new HttpError(status, code, result.explanation, {
    retryAfterMs: status === 503 ? RETRY_AFTER_MS : undefined,
    isFailure: result.isGuess,
  });
}
