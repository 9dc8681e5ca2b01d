import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BLOB_PART_BYTES } from '../../../shared/workspace/index.ts';
import { contentHash } from '../../log/content-hash.ts';
import { shareApiRelay } from '../../testing/api-relay.ts';
import { createApiRoom } from '../../testing/api-room.ts';

const relay = shareApiRelay('--max-blob-bytes', '3MiB', '--max-room-blob-bytes', '2MiB');
const PIECE_BYTES = 60_000;

/** A room with people, each with their token, who send pieces of a part of one blob. */
async function start(sizeBytes = 150_000) {
  const { room, owner } = await createApiRoom(relay());
  const bytes = randomBytes(sizeBytes);
  const blob = contentHash(bytes);
  const at = `/api/rooms/${room}/blobs/${blob}`;
  const person = (token: string) => ({
    patch: (offset: number, piece: Uint8Array = bytes.subarray(offset, offset + PIECE_BYTES), headers = {}, part = 0) =>
      relay().ask(`PATCH ${at}/parts/${part}`, {
        token,
        body: piece,
        headers: {
          'X-Content-SHA256': blob,
          'Upload-Offset': String(offset),
          'Upload-Length': String(sizeBytes),
          ...headers,
        },
      }),
    put: (part: number, body: Uint8Array) => relay().ask(`PUT ${at}/parts/${part}`, { token, body }),
    finish: () => relay().ask(`POST ${at}`, { token, body: { sizeBytes, parts: [blob] } }),
    get: (range?: string) =>
      relay().ask(`GET ${at}/parts/0`, { token, headers: range === undefined ? {} : { Range: range } }),
  });
  const other = await relay().sign({ room, subject: 'ben' });
  return {
    bytes,
    owner: person(owner),
    ben: person(other),
    sign: (wish = {}) => relay().sign({ room, ...wish }),
    person,
  };
}

const at = (receivedBytes: number) => ({ status: 202, body: { receivedBytes } });
const elsewhere = (receivedBytes: number) => ({ status: 409, body: { error: 'wrong-offset', receivedBytes } });

describe('a part that is sent in pieces', () => {
  it('[BL6] goes on from what has come of it, and is stored with its last piece', async () => {
    const { owner, bytes } = await start();
    expect(await owner.patch(60_000)).toMatchObject(elsewhere(0));
    expect(await owner.patch(0)).toMatchObject(at(60_000));
    expect(await owner.patch(0)).toMatchObject(elsewhere(60_000));
    expect(await owner.patch(60_000)).toMatchObject(at(120_000));
    expect(await owner.patch(120_000)).toMatchObject({ status: 204 });
    // The answer was lost.
    expect(await owner.patch(120_000)).toMatchObject({ status: 204 });
    expect(await owner.patch(0)).toMatchObject({ status: 204 });
    expect(await owner.finish()).toMatchObject({ status: 204 });
    expect(Buffer.from((await owner.get()).bytes).equals(bytes)).toBe(true);
    expect(await owner.patch(0)).toMatchObject({ status: 204 });
  });

  it('[BL6] is of one person alone: nobody adds to what another sends', async () => {
    const { owner, ben } = await start();
    expect(await owner.patch(0)).toMatchObject(at(60_000));
    expect(await ben.patch(60_000)).toMatchObject(elsewhere(0));
    expect(await ben.patch(0, randomBytes(PIECE_BYTES))).toMatchObject(at(60_000));
    expect(await ben.patch(60_000)).toMatchObject(at(120_000));
    expect(await ben.patch(120_000)).toMatchObject({ status: 422, body: { error: 'part-mismatch' } });
    expect(await ben.patch(120_000)).toMatchObject(elsewhere(0));
    expect(await owner.patch(60_000)).toMatchObject(at(120_000));
    expect(await owner.patch(120_000)).toMatchObject({ status: 204 });
  });

  it('is refused with its first piece when the room is full, when it is too large, or from whoever may not send', async () => {
    const { owner, person, sign } = await start(BLOB_PART_BYTES);
    expect(await owner.put(1, randomBytes(BLOB_PART_BYTES))).toMatchObject({ status: 204 });
    expect(await owner.put(2, randomBytes(4_096))).toMatchObject({ status: 204 });
    expect(await owner.patch(0)).toMatchObject({ status: 409, body: { error: 'room-full' } });
    const tooLarge = { status: 413, body: { error: 'blob-too-large' } };
    expect(await owner.patch(0, undefined, {}, 3)).toMatchObject(tooLarge);
    const viewer = person(await sign({ role: 'viewer' }));
    expect(await viewer.patch(0)).toMatchObject({ status: 403 });
  });

  it('is refused when its headers, or its size, are not right', async () => {
    const { owner, bytes } = await start();
    const bad = [
      { 'Upload-Offset': '-1' },
      { 'Upload-Offset': '150000' },
      { 'Upload-Offset': 'x' },
      { 'Upload-Length': '0' },
      { 'Upload-Length': String(BLOB_PART_BYTES + 1) },
      { 'Upload-Length': '1e3' },
      { 'X-Content-SHA256': 'x' },
    ];
    for (const headers of bad) {
      const answer = await owner.patch(0, undefined, headers);
      expect([headers, answer]).toMatchObject([headers, { status: 400, body: { error: 'invalid-field' } }]);
    }
    expect(await owner.patch(120_000, bytes.subarray(0, 30_001))).toMatchObject({ status: 413 });
  });
});

it('a part is fetched in pieces', async () => {
  const { owner, bytes } = await start();
  for (const offset of [0, 60_000, 120_000]) await owner.patch(offset);
  expect(await owner.finish()).toMatchObject({ status: 204 });
  const ranges = [
    ['bytes=0-9', 'bytes 0-9/150000', bytes.subarray(0, 10)],
    ['bytes=149990-', 'bytes 149990-149999/150000', bytes.subarray(149_990)],
    ['bytes=60000-999999', 'bytes 60000-149999/150000', bytes.subarray(60_000)],
  ] as const;
  for (const [range, said, expected] of ranges) {
    const answer = await owner.get(range);
    expect([range, answer.status, answer.headers.get('content-range')]).toEqual([range, 206, said]);
    expect(Buffer.from(answer.bytes).equals(expected)).toBe(true);
  }
  const beyond = await owner.get('bytes=150000-');
  expect(beyond).toMatchObject({ status: 416, body: { error: 'no-such-range' } });
  expect(beyond.headers.get('content-range')).toBe('bytes */150000');
  for (const range of ['bytes=5-4', 'bytes=-5', 'bytes=0-1,3-4', 'lines=0-1', 'x']) {
    const answer = await owner.get(range);
    expect([range, answer.status, answer.bytes.byteLength]).toEqual([range, 200, bytes.byteLength]);
  }
});
