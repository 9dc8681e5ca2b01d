import type { SeededRandom } from '../../../shared/testing/seeded-random.ts';
import { BLOB_PART_BYTES } from '../../../shared/workspace/index.ts';
import { contentHash } from '../../log/content-hash.ts';
import type { HostileRequest } from './hostile-request.ts';
import { mutateBytes, oddJson, oddNumber, oddText } from './odd-values.ts';

const EMPTY = new Uint8Array(0);
/** Few, so that one begins what another goes on with, or has made whole. */
const CONTENTS = [1, 2, 3].map((byte) => new Uint8Array(100).fill(byte));
const METHODS = ['GET', 'PUT', 'PATCH', 'POST'] as const;

/** Something about a blob: a part that is none, a claim that does not fit, a number that is too large. */
export function hostileBlobRequest(
  random: SeededRandom,
  { room, bearer }: { readonly room: string; readonly bearer: string },
): HostileRequest {
  const bytes = random.pick(CONTENTS);
  const blob = random.chance(0.1) ? encodeURIComponent(oddText(random).toWellFormed()) : contentHash(bytes);
  const path = `/api/rooms/${room}/blobs/${blob}`;
  const method = random.pick(METHODS);
  const part = random.chance(0.7) ? 0 : oddNumber(random);
  const isSent = method === 'PUT' || method === 'PATCH';
  const isPart = isSent || random.chance(0.3);
  const body = method === 'GET' ? EMPTY : isSent ? partOf(random, bytes) : claimOf(random, bytes);
  const type = isSent ? 'application/octet-stream' : 'application/json';
  return {
    method: random.chance(0.05) ? 'DELETE' : method,
    path: isPart ? `${path}/parts/${part}` : path,
    headers: {
      'Content-Type': random.chance(0.05) ? 'text/plain' : type,
      Authorization: `Bearer ${bearer.replace(/[^\x20-\x7e]/g, '~')}`,
      // Some in pieces of an unknown number.
      ...(random.chance(0.3) ? { 'Transfer-Encoding': 'chunked' } : {}),
      ...(method === 'PATCH' ? pieceHeaders(random, bytes) : {}),
      ...(method === 'GET' && random.chance(0.3) ? { Range: `bytes=${oddNumber(random)}-${oddNumber(random)}` } : {}),
      ...(random.chance(0.1) ? {} : { 'X-Content-SHA256': random.chance(0.2) ? 'a'.repeat(64) : contentHash(body) }),
    },
    body,
  };
}

function partOf(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const kind = random.below(20);
  if (kind === 0) return EMPTY;
  if (kind === 1) return new Uint8Array(BLOB_PART_BYTES + 1);
  if (kind < 6) return mutateBytes(random, bytes);
  return bytes;
}

/** Where a piece belongs: it fits, or is none of the part, or of no part. */
function pieceHeaders(random: SeededRandom, bytes: Uint8Array): Readonly<Record<string, string>> {
  const offset = random.chance(0.5) ? 0 : random.chance(0.5) ? random.below(bytes.byteLength) : oddNumber(random);
  const length = random.chance(0.8) ? 2 * bytes.byteLength : oddNumber(random);
  return { 'Upload-Offset': String(offset), 'Upload-Length': String(length) };
}

function claimOf(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const claim = { sizeBytes: bytes.byteLength, parts: [contentHash(bytes)] };
  const kind = random.below(8);
  if (kind === 0) return toJson({ ...claim, sizeBytes: random.pick([0, -1, 0.5, oddNumber(random)]) });
  if (kind === 1) return toJson({ ...claim, parts: Array.from({ length: random.below(600) }, () => 'b'.repeat(64)) });
  if (kind === 2) return toJson({ ...claim, parts: oddJson(random) });
  if (kind === 3) return mutateBytes(random, toJson(claim));
  return toJson(claim);
}

function toJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
