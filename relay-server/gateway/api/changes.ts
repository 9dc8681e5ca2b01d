import type { IncomingMessage } from 'node:http';
import type { ChangesSince } from '../../history/read-changes.ts';
import { PATH_VIEW } from '../../rooms/subscription.ts';
import { HttpError } from '../http-error.ts';
import { checkFields, invalid, readJsonObject } from '../json-body.ts';
import type { ApiAnswer, ApiServices, Member } from './api-services.ts';
import { queryOf } from './query.ts';
import { isDocumentName, isEpoch, isSeq } from './read-spans.ts';

/** The largest list of documents that is taken, as JSON. */
export const MAX_CHANGES_BYTES = 1024 * 1024;
const MAX_DOCUMENTS = 5_000;
const RETRY_MS = 2_000;

/** Who changed one document since the reader had it, and what they brought. */
export async function readChanges(
  { changes }: ApiServices,
  member: Member,
  request: IncomingMessage,
  document: string,
): Promise<ApiAnswer> {
  refusePaths(member);
  const query = queryOf(request);
  const epoch = query.get('epoch');
  if (!isEpoch(epoch)) throw badParameter('epoch', 'must be the epoch of the document');
  const after = query.get('after') ?? '';
  const afterSeq = /^\d{1,16}$/.test(after) ? Number(after) : undefined;
  if (!isSeq(afterSeq)) throw badParameter('after', 'must be a whole number from 0');
  const withDeletions = query.get('deletions') === 'true';
  // Lists of a part of the files are the relay's own, and say what others may see.
  if (!isDocumentName(document) || PATH_VIEW.test(document)) throw unknownDocument();
  const outcome = await changes.read(member.grant, { document, epoch, afterSeq, withDeletions });
  if (!outcome) throw tooMany();
  if (outcome.kind === 'unknown') throw unknownDocument();
  if (outcome.kind === 'other-epoch')
    throw new HttpError(409, 'epoch-changed', 'The document was begun anew since: who changed it cannot be told.');
  return { status: 200, body: { ...outcome.changes } };
}

/** Who changed which of many documents since the reader had them. */
export async function readRoomChanges(
  { changes }: ApiServices,
  member: Member,
  request: IncomingMessage,
): Promise<ApiAnswer> {
  refusePaths(member);
  const body = await readJsonObject(request, MAX_CHANGES_BYTES);
  checkFields(body, ['documents']);
  const found = await changes.readAll(member.grant, readWanted(body['documents']));
  if (!found) throw tooMany();
  return { status: 200, body: { ...found } };
}

function readWanted(value: unknown): readonly ChangesSince[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  if (list.length === 0 || list.length > MAX_DOCUMENTS)
    throw invalid('documents', `must be a list of 1 to ${MAX_DOCUMENTS}`);
  return list.map((entry) => {
    if (typeof entry !== 'object' || entry === null) throw badEntry();
    const { document, epoch, after, ...rest }: Readonly<Record<string, unknown>> = { ...entry };
    if (Object.keys(rest).length > 0 || !isDocumentName(document) || PATH_VIEW.test(document)) throw badEntry();
    if (!isEpoch(epoch) || !isSeq(after)) throw badEntry();
    return { document, epoch, afterSeq: after };
  });
}

function refusePaths({ grant }: Member): void {
  if (!grant.paths) return;
  const explanation = 'Who changed a file is told to those alone with whom the whole room was shared.';
  throw new HttpError(403, 'forbidden', explanation);
}

function badEntry(): HttpError {
  return invalid('documents', 'must have entries of document, epoch and after alone');
}

function badParameter(name: string, problem: string): HttpError {
  return new HttpError(400, 'invalid-field', `The parameter ${name} ${problem}.`);
}

function unknownDocument(): HttpError {
  return new HttpError(404, 'not-found', 'The room has no such document.');
}

function tooMany(): HttpError {
  const explanation = 'Too many of your questions wait to be answered. Ask again in a moment.';
  return new HttpError(429, 'too-many-requests', explanation, { retryAfterMs: RETRY_MS });
}
