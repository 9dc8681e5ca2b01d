import type { IncomingMessage } from 'node:http';
import { EVENT_KINDS, MAX_EVENT_LABEL, type PostedEvent } from '../../history/room-events.ts';
import type { EventSpan } from '../../log/event-directory.ts';
import { HttpError } from '../http-error.ts';
import { checkFields, invalid, optionalText, readJsonObject, requireText } from '../json-body.ts';
import type { ApiAnswer, ApiServices, Member } from './api-services.ts';
import { queryOf, readCount } from './query.ts';
import { isDocumentName, isEpoch, isSeq } from './read-spans.ts';

/** The largest event that is taken, as JSON. */
export const MAX_EVENT_BYTES = 1024 * 1024;
const EVENT_ID = /^[A-Za-z0-9_-]{16,64}$/;
const MAX_SPANS = 20_000;
const MAX_FILES = 1_000_000;
const MAX_DETAIL = 65_536;
/** The last moment that a date can be. */
const MAX_TIME_MS = 8.64e15;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const REFUSALS: Readonly<
  Record<Extract<PostedEvent, { kind: 'refused' }>['reason'], readonly [status: number, code: string]>
> = { blank: [400, 'invalid-field'], 'read-only': [403, 'forbidden'], taken: [409, 'event-exists'] };

/** Takes an event of somebody who may write files: many edits that were one act. */
export async function postEvent({ events }: ApiServices, member: Member, request: IncomingMessage): Promise<ApiAnswer> {
  const body = await readJsonObject(request, MAX_EVENT_BYTES);
  checkFields(body, ['id', 'kind', 'label', 'detail', 'files', 'atMs', 'spans']);
  const eventId = requireText(body, 'id', 64);
  if (!EVENT_ID.test(eventId)) throw invalid('id', 'must have 16 to 64 letters, digits, - and _');
  const kind = EVENT_KINDS.find((known) => known === body['kind']);
  if (!kind) throw invalid('kind', `must be ${EVENT_KINDS.join(' or ')}`);
  const posted = await events.post(member, {
    eventId,
    kind,
    label: requireText(body, 'label', MAX_EVENT_LABEL),
    detail: optionalText(body, 'detail', MAX_DETAIL) ?? '',
    files: requireNumber(body, 'files', MAX_FILES),
    atMs: requireNumber(body, 'atMs', MAX_TIME_MS),
    spans: readSpans(body['spans']),
  });
  if (posted.kind === 'refused') {
    const [status, code] = REFUSALS[posted.reason];
    throw new HttpError(status, code, posted.explanation);
  }
  return { status: posted.isNew ? 201 : 200, body: { seq: posted.seq } };
}

/** What happened in the room, newest first. */
export async function listEvents(
  { events }: ApiServices,
  member: Member,
  request: IncomingMessage,
): Promise<ApiAnswer> {
  const query = queryOf(request);
  const beforeSeq = readCount(query, 'before');
  const limit = Math.min(readCount(query, 'limit') ?? DEFAULT_LIMIT, MAX_LIMIT);
  const listed = await events.list(member, { beforeSeq, limit });
  return {
    status: 200,
    body: {
      events: listed.events.map(({ eventId: id, ...event }) => ({ id, ...event })),
      next: listed.next,
    },
  };
}

function requireNumber(body: Readonly<Record<string, unknown>>, field: string, max: number): number {
  const value = body[field];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max)
    throw invalid(field, `must be a whole number from 0 to ${max}`);
  return value;
}

function readSpans(value: unknown): readonly EventSpan[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  if (list.length === 0 || list.length > MAX_SPANS) throw invalid('spans', `must be a list of 1 to ${MAX_SPANS}`);
  return list.map((entry) => {
    if (typeof entry !== 'object' || entry === null) throw badSpan();
    const { document, epoch, fromSeq, toSeq, ...rest }: Readonly<Record<string, unknown>> = { ...entry };
    if (Object.keys(rest).length > 0 || !isDocumentName(document) || !isEpoch(epoch)) throw badSpan();
    if (!isSeq(fromSeq) || !isSeq(toSeq) || fromSeq < 1 || toSeq < fromSeq) throw badSpan();
    return { document, epoch, fromSeq, toSeq };
  });
}

function badSpan(): HttpError {
  return invalid('spans', 'must have entries of document, epoch, fromSeq and toSeq alone');
}
