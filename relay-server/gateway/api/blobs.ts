import type { IncomingMessage } from 'node:http';
import type { Disposable } from '../../../shared/lifecycle/index.ts';
import {
  BLOB_PART_BYTES,
  blobPartCount,
  INDEX_DOCUMENT,
  isBlobId,
  MAX_ASKED_BLOBS,
} from '../../../shared/workspace/index.ts';
import { accessTo } from '../../access/standing.ts';
import type { BlobLimits, TakenPart } from '../../blobs/index.ts';
import type { TransferSlots } from '../../blobs/transfer-slots.ts';
import type { BlobKey } from '../../log/blob-index.ts';
import { contentHash } from '../../log/content-hash.ts';
import { HttpError } from '../http-error.ts';
import { checkFields, invalid, readJsonObject } from '../json-body.ts';
import { readRawBody } from '../raw-body.ts';
import { type ApiAnswer, type ApiServices, DONE, type Member, requireMember } from './api-services.ts';
import { selectRange } from './byte-range.ts';

/** A request about a blob, or about a part of it. */
export interface BlobRequest {
  readonly request: IncomingMessage;
  readonly room: string;
  readonly blob: string;
  readonly part: number;
}

type BlobRoute = (services: ApiServices, asked: BlobRequest) => Promise<ApiAnswer>;
type Refusal = Extract<TakenPart, { kind: 'refused' }>['reason'];

/** What may be asked of blobs: `METHOD path`, where `*` stands for an id or a number. */
export const BLOB_ROUTES: Readonly<Record<string, BlobRoute>> = {
  'GET blobs/*': describeBlob,
  'POST blobs/*': finishBlob,
  'GET blobs/*/parts/*': readPart,
  'PUT blobs/*/parts/*': takePart,
  'PATCH blobs/*/parts/*': takePiece,
};

/** A hash in JSON takes so much. */
const BYTES_PER_HASH = 80;
/** The longest list of blobs that is taken, as JSON. */
export const MAX_LACKING_BYTES = MAX_ASKED_BLOBS * BYTES_PER_HASH + 1024;
const RETRY_AFTER_MS = 1_000;
const BUSY = 'Too many files are on their way already. Try again in a moment.';
const ONLY_EDITORS = 'Only editors can add the contents of files: you may read.';
const ONLY_SOME_PATHS =
  'Your link is for some paths of the room: only people who see all of it can add the contents of files.';

/** Which of many blobs the room does not have as a whole, for those who can send them. */
export async function listLacking(
  { blobs }: ApiServices,
  member: Member,
  request: IncomingMessage,
): Promise<ApiAnswer> {
  assertWriter(member);
  const body = await readJsonObject(request, MAX_LACKING_BYTES);
  checkFields(body, ['blobs']);
  const listed: readonly unknown[] = Array.isArray(body['blobs']) ? body['blobs'] : [];
  const asked = listed.filter(isBlobId);
  if (asked.length !== listed.length || asked.length === 0 || asked.length > MAX_ASKED_BLOBS)
    throw invalid('blobs', `must be a list of 1 to ${MAX_ASKED_BLOBS} hashes of 64 lowercase hexadecimal digits`);
  return { status: 200, body: { lacking: await blobs.rooms.findLacking(member.key, asked) } };
}

/** What there is of a blob. */
async function describeBlob(services: ApiServices, { request, room, blob }: BlobRequest): Promise<ApiAnswer> {
  const { key } = await requireReader(services, request, room, blob);
  const record = await services.blobs.rooms.find({ ...key, blob });
  if (!record) throw notThere();
  const parts = record.parts.map(({ part, sha256 }) => ({ part, sha256 }));
  const sizeBytes = record.state === 'complete' ? record.sizeBytes : undefined;
  return { status: 200, body: { state: record.state, sizeBytes, parts } };
}

/** The bytes of a part of a whole blob, or some of them. */
async function readPart(services: ApiServices, { request, room, blob, part }: BlobRequest): Promise<ApiAnswer> {
  const reader = await requireReader(services, request, room, blob);
  const { rooms, downloads } = services.blobs;
  const slot = takeSlot(downloads, reader);
  try {
    const bytes = await rooms.readPart({ ...reader.key, blob }, part);
    if (!bytes) throw notThere();
    return { ...selectRange(bytes, request.headers.range), sent: slot };
  } catch (error) {
    slot.dispose();
    throw error;
  }
}

/** Stores a part. */
async function takePart(services: ApiServices, { request, room, blob, part }: BlobRequest): Promise<ApiAnswer> {
  const writer = await requireWriter(services, request, room);
  const { rooms, uploads } = services.blobs;
  refuseBeyond(part, rooms.limits);
  const sha256 = readPartHash(request);
  const slot = takeSlot(uploads, writer);
  try {
    const bytes = await readRawBody(request, BLOB_PART_BYTES);
    // The sender decides when a body comes: they may not be let in, or not write, any more.
    const { key } = await requireWriter(services, request, room);
    return await storePart(services, { ...key, blob }, { part, sha256, bytes });
  } finally {
    slot.dispose();
  }
}

/** Takes a piece of a part; the last one makes it be stored. */
async function takePiece(services: ApiServices, { request, room, blob, part }: BlobRequest): Promise<ApiAnswer> {
  const writer = await requireWriter(services, request, room);
  const { rooms, uploads, partial } = services.blobs;
  refuseBeyond(part, rooms.limits);
  const sha256 = readPartHash(request);
  const sizeBytes = readCount(request, 'upload-length', 1, BLOB_PART_BYTES);
  const offset = readCount(request, 'upload-offset', 0, sizeBytes - 1);
  const slot = takeSlot(uploads, writer);
  try {
    const piece = await readRawBody(request, sizeBytes - offset);
    const { key, grant } = await requireWriter(services, request, room);
    const described = { part, sha256, sizeBytes };
    const blobKey = { ...key, blob };
    const foreseen = offset === 0 ? await rooms.foresee(blobKey, described) : undefined;
    if (foreseen?.kind === 'refused') throw refusalOf(foreseen.reason, rooms.limits.maxBlobBytes);
    if (foreseen) return DONE;
    const partialKey = { ...blobKey, ...described, subject: grant.subject };
    const taken = partial.add(partialKey, offset, piece);
    const { kind } = taken;
    if (kind === 'kept') return { status: 202, body: { receivedBytes: taken.receivedBytes } };
    if (kind === 'elsewhere') {
      // The answer to its last piece may have been lost.
      return (await rooms.hasPart(blobKey, described)) ? DONE : answerElsewhere(taken.receivedBytes);
    }
    try {
      const done = await storePart(services, blobKey, { part, sha256, bytes: taken.bytes });
      partial.drop(partialKey);
      return done;
    } catch (error) {
      if (error instanceof HttpError && error.status === 422) partial.drop(partialKey);
      throw error;
    }
  } finally {
    slot.dispose();
  }
}

interface SentPart {
  readonly part: number;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

async function storePart(
  { blobs: { rooms } }: ApiServices,
  key: BlobKey,
  { part, sha256, bytes }: SentPart,
): Promise<ApiAnswer> {
  if (contentHash(bytes) !== sha256)
    throw new HttpError(422, 'part-mismatch', 'The part was damaged on its way: send it again.');
  const taken = await rooms.takePart(key, part, bytes);
  if (taken.kind === 'refused') throw refusalOf(taken.reason, rooms.limits.maxBlobBytes);
  return DONE;
}

function answerElsewhere(receivedBytes: number): ApiAnswer {
  const explanation = `The relay has ${receivedBytes} bytes of this part: go on from there.`;
  return { status: 409, body: { error: 'wrong-offset', explanation, receivedBytes } };
}

/** Makes a blob whole of which all parts are there. */
async function finishBlob(services: ApiServices, { request, room, blob }: BlobRequest): Promise<ApiAnswer> {
  await requireWriter(services, request, room);
  const { rooms, checks } = services.blobs;
  const { maxBlobBytes } = rooms.limits;
  const body = await readJsonObject(request, blobPartCount(maxBlobBytes) * BYTES_PER_HASH + 1024);
  const { sizeBytes, partHashes } = readClaim(body);
  if (sizeBytes > maxBlobBytes) throw tooLarge(maxBlobBytes);
  const writer = await requireWriter(services, request, room);
  const claimed = { sizeBytes, partHashes, createdBy: writer.grant.subject };
  const { key } = writer;
  const finished = await checks.take(JSON.stringify([key.tenant, key.room]), () =>
    rooms.finish({ ...key, blob }, claimed, async () => {
      await requireWriter(services, request, room);
    }),
  );
  switch (finished?.kind) {
    case undefined:
      throw busy();
    case 'complete':
      return DONE;
    case 'missing': {
      const explanation = `${finished.parts.length} of its parts are not here: send them.`;
      return { status: 409, body: { error: 'parts-missing', explanation, missing: finished.parts } };
    }
    case 'mismatch':
      throw new HttpError(
        422,
        'blob-mismatch',
        'The parts are not those of this file: it was changed while it was sent. Send it anew.',
      );
  }
}

function readClaim(body: Readonly<Record<string, unknown>>) {
  checkFields(body, ['sizeBytes', 'parts']);
  const { sizeBytes, parts } = body;
  if (typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0)
    throw invalid('sizeBytes', 'must be a whole number of bytes');
  const listed: readonly unknown[] = Array.isArray(parts) ? parts : [];
  const partHashes = listed.filter(isBlobId);
  if (!Array.isArray(parts) || partHashes.length !== listed.length)
    throw invalid('parts', 'must be a list of hashes of 64 lowercase hexadecimal digits');
  if (partHashes.length !== blobPartCount(sizeBytes))
    throw invalid('parts', `must have one hash for each ${BLOB_PART_BYTES} bytes, and one for the rest`);
  return { sizeBytes, partHashes };
}

/** Whoever may read the room may read its blobs; those of some paths only what is listed there. */
async function requireReader(
  services: ApiServices,
  request: IncomingMessage,
  room: string,
  blob: string,
): Promise<Member> {
  const member = await requireMember(services, request, room);
  const { key, grant } = member;
  if (grant.paths && !(await services.blobs.listed.isListed({ ...key, blob }, grant.paths))) throw notThere();
  return member;
}

async function requireWriter(services: ApiServices, request: IncomingMessage, room: string): Promise<Member> {
  const member = await requireMember(services, request, room);
  assertWriter(member);
  return member;
}

function assertWriter({ standing, grant }: Member): void {
  // A blob is of use to those alone who can list it.
  if (accessTo(standing, INDEX_DOCUMENT) !== 'write')
    throw new HttpError(403, 'forbidden', standing.explanation === '' ? ONLY_EDITORS : standing.explanation);
  if (grant.paths) throw new HttpError(403, 'forbidden', ONLY_SOME_PATHS);
}

function refuseBeyond(part: number, { maxBlobBytes }: BlobLimits): void {
  if (part >= blobPartCount(maxBlobBytes)) throw tooLarge(maxBlobBytes);
}

function readPartHash({ headers }: IncomingMessage): string {
  const sha256 = headers['x-content-sha256'];
  if (isBlobId(sha256)) return sha256;
  throw new HttpError(400, 'invalid-field', 'The header `X-Content-SHA256` must have the hash of the part.');
}

function readCount({ headers }: IncomingMessage, header: string, min: number, max: number): number {
  const said = headers[header];
  const count = typeof said === 'string' && /^\d{1,10}$/.test(said) ? Number(said) : NaN;
  if (count >= min && count <= max) return count;
  throw new HttpError(400, 'invalid-field', `The header \`${header}\` must be a whole number from ${min} to ${max}.`);
}

function takeSlot(slots: TransferSlots, { key, grant }: Member): Disposable {
  const slot = slots.take({ ...key, subject: grant.subject });
  if (!slot) throw busy();
  return slot;
}

function busy(): HttpError {
  return new HttpError(429, 'too-many-transfers', BUSY, { retryAfterMs: RETRY_AFTER_MS });
}

function refusalOf(reason: Refusal, maxBlobBytes: number): HttpError {
  switch (reason) {
    case 'too-large':
      return tooLarge(maxBlobBytes);
    case 'room-full':
      return new HttpError(
        409,
        'room-full',
        'The files of this room take all the space that they may. Whoever runs the relay can allow more.',
      );
    case 'removing':
      return new HttpError(
        503,
        'upload-expired',
        'What is left of an earlier upload is being removed. Try again in a moment.',
        { retryAfterMs: RETRY_AFTER_MS },
      );
  }
}

function tooLarge(maxBlobBytes: number): HttpError {
  return new HttpError(413, 'blob-too-large', `This relay takes files of at most ${maxBlobBytes} bytes.`);
}

function notThere(): HttpError {
  return new HttpError(404, 'not-found', 'The room does not have that file, or not all of it yet.');
}
