import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { BLOB_PART_BYTES, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { shareApiRelay } from '../../testing/api-relay.ts';
import { createApiRoom } from '../../testing/api-room.ts';

const ROOM_BYTES = 4 * BLOB_PART_BYTES;
const relay = shareApiRelay('--max-blob-bytes', '3MiB', '--max-room-blob-bytes', '4MiB');

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function partsOf(bytes: Uint8Array): Buffer[] {
  const whole = Buffer.from(bytes);
  const count = Math.ceil(bytes.byteLength / BLOB_PART_BYTES);
  return Array.from({ length: count }, (_, part) =>
    whole.subarray(part * BLOB_PART_BYTES, (part + 1) * BLOB_PART_BYTES),
  );
}

/** A room, and what people with their tokens do with a blob of it. */
async function start(sizeBytes = 2 * BLOB_PART_BYTES + 7) {
  const world = await createApiRoom(relay());
  const bytes = randomBytes(sizeBytes);
  const blob = hashOf(bytes);
  const parts = partsOf(bytes);
  const claim = { sizeBytes, parts: parts.map(hashOf) };
  const at = `/api/rooms/${world.room}/blobs`;
  const person = (token: string) => ({
    look: (id = blob) => relay().ask(`GET ${at}/${id}`, { token }),
    put: (part: number, body: Uint8Array = parts[part] ?? Buffer.alloc(1), id = blob, headers = {}) =>
      relay().ask(`PUT ${at}/${id}/parts/${part}`, { token, body, headers }),
    finish: (body: unknown = claim, id = blob) => relay().ask(`POST ${at}/${id}`, { token, body }),
    get: (part: number, id = blob) => relay().ask(`GET ${at}/${id}/parts/${part}`, { token }),
  });
  const upload = async (token: string) => {
    const { put, finish } = person(token);
    for (const part of parts.keys()) expect(await put(part)).toMatchObject({ status: 204 });
    expect(await finish()).toMatchObject({ status: 204 });
  };
  const sign = (wish: Parameters<ReturnType<typeof relay>['sign']>[0]) => relay().sign(wish);
  return { ...world, bytes, blob, parts, claim, at, person, upload, sign, editor: person(world.owner) };
}

/** Begins to send a part, whose first bytes have gone out when it resolves. The test ends it at the latest. */
async function beginPut(path: string, token: string, part: Uint8Array, sentBytes: number) {
  const socket = connect(Number(new URL(relay().url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  const ended = new Promise((resolve) => socket.on('error', resolve).once('close', resolve));
  const head = [
    `PUT ${path} HTTP/1.1`,
    'Host: relay',
    `Authorization: Bearer ${token}`,
    'Content-Type: application/octet-stream',
    `X-Content-SHA256: ${hashOf(part)}`,
    `Content-Length: ${part.byteLength}`,
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await new Promise((resolve) => socket.write(part.subarray(0, sentBytes), resolve));
  return {
    break: () => socket.destroy(),
    /** Sends the rest and gives the whole answer. */
    async finish(): Promise<string> {
      socket.write(part.subarray(sentBytes));
      await ended;
      return answer;
    },
    answer: () => answer,
  };
}

/** As many as one person may have on their way at once, all of which the relay has let in. */
async function beginAllPuts(path: string, token: string, part: Uint8Array) {
  const begun = await Promise.all([1, 2, 3, 4, 5].map((bytes) => beginPut(path, token, part, bytes)));
  const refused = () => begun.filter(({ answer }) => answer() !== '');
  await expect.poll(() => refused().length).toBe(1);
  expect(refused()[0]?.answer()).toMatch(/^HTTP\/1\.1 429 [^]*Retry-After: 1\r\n[^]*"too-many-transfers"/);
  return begun.filter((sending) => !refused().includes(sending));
}

describe('a blob', () => {
  it('is sent in parts in any order, and read by everybody in the room once it is whole', async () => {
    const { editor, person, sign, room, parts, claim, bytes, blob } = await start();
    expect(await editor.look()).toMatchObject({ status: 404, body: { error: 'not-found' } });
    expect(await editor.put(2)).toMatchObject({ status: 204 });
    expect(await editor.put(0)).toMatchObject({ status: 204 });
    expect(await editor.put(0)).toMatchObject({ status: 204 });
    const stored = [0, 2].map((part) => ({ part, sha256: claim.parts[part] }));
    expect((await editor.look()).body).toEqual({ state: 'uploading', parts: stored });
    expect((await editor.get(0)).status).toBe(404);
    const refused = await editor.finish();
    expect(refused).toMatchObject({ status: 409, body: { error: 'parts-missing', missing: [1] } });
    expect(await editor.put(1)).toMatchObject({ status: 204 });
    for (let attempt = 1; attempt <= 2; attempt++) expect(await editor.finish()).toMatchObject({ status: 204 });
    const described = claim.parts.map((sha256, part) => ({ part, sha256 }));
    for (const role of ['owner', 'editor', 'commenter', 'viewer'] as const) {
      const { look, get } = person(await sign({ room, role }));
      expect((await look()).body).toEqual({ state: 'complete', sizeBytes: bytes.byteLength, parts: described });
      const got = await Promise.all(parts.map((_, part) => get(part)));
      expect(hashOf(Buffer.concat(got.map((answer) => answer.bytes)))).toBe(blob);
      expect(got[0]?.headers.get('content-type')).toBe('application/octet-stream');
      expect((await get(parts.length)).status).toBe(404);
    }
    // Sent again it is as good as sent.
    expect(await editor.put(1, randomBytes(9))).toMatchObject({ status: 204 });
    expect(hashOf((await editor.get(1)).bytes)).toBe(claim.parts[1]);
  });

  it('of no bytes is one too', async () => {
    const { editor, blob } = await start(0);
    expect(await editor.finish()).toMatchObject({ status: 204 });
    expect((await editor.look(blob)).body).toEqual({ state: 'complete', sizeBytes: 0, parts: [] });
  });

  it('is not made whole of bytes that are not its own', async () => {
    const { editor, claim, parts } = await start();
    const other = randomBytes(BLOB_PART_BYTES);
    for (const part of [0, 1]) await editor.put(part);
    await editor.put(2, Buffer.from('1234567'));
    const wrong = { ...claim, parts: [...claim.parts.slice(0, 2), hashOf(Buffer.from('1234567'))] };
    expect(await editor.finish(wrong)).toMatchObject({ status: 422, body: { error: 'blob-mismatch' } });
    expect((await editor.look()).body).toMatchObject({ state: 'uploading' });
    // A part of another size than its place has.
    await editor.put(1, other.subarray(1));
    const short = { ...claim, parts: claim.parts.with(1, hashOf(other.subarray(1))) };
    expect(await editor.finish(short)).toMatchObject({ status: 422, body: { error: 'blob-mismatch' } });
    // What somebody else has sent in its place keeps nobody from sending it.
    await editor.put(2, parts[2]);
    expect(await editor.finish()).toMatchObject({ status: 204 });
  });

  it('has parts that are compared with the hash that was sent with them', async () => {
    const { editor } = await start();
    const put = (headers: Record<string, string>) => editor.put(0, Buffer.from('part'), undefined, headers);
    const mismatch = { status: 422, body: { error: 'part-mismatch' } };
    expect(await put({ 'X-Content-SHA256': hashOf(Buffer.from('other')) })).toMatchObject(mismatch);
    for (const hash of ['', 'x', hashOf(Buffer.from('part')).toUpperCase()])
      expect(await put({ 'X-Content-SHA256': hash })).toMatchObject({ status: 400, body: { error: 'invalid-field' } });
    expect(await put({ 'Content-Type': 'text/plain' })).toMatchObject({
      status: 415,
      body: { error: 'unsupported-type' },
    });
    expect(await editor.put(0, Buffer.alloc(0))).toMatchObject({ status: 400 });
    expect((await editor.look()).status).toBe(404);
  });

  it('is named by its hash, and its parts by numbers', async () => {
    const { editor, claim, blob, ask } = await start();
    for (const id of [blob.toUpperCase(), blob.slice(1), `${blob}0`, 'x', '..%2F..%2Fx']) {
      expect([id, (await editor.look(id)).status]).toEqual([id, 404]);
      expect([id, (await editor.put(0, undefined, id)).status]).toEqual([id, 404]);
    }
    for (const part of ['-1', '1.5', 'x', '1e3', '0/1', ''])
      expect([part, (await ask(`GET blobs/${blob}/parts/${part}`)).status]).toEqual([part, 404]);
    expect((await ask(`DELETE blobs/${blob}`)).status).toBe(405);
    const bad = [
      {},
      { ...claim, sizeBytes: -1 },
      { ...claim, sizeBytes: 1.5 },
      { ...claim, sizeBytes: '7' },
      { ...claim, parts: claim.parts.slice(1) },
      { ...claim, parts: ['x', ...claim.parts.slice(1)] },
      { ...claim, parts: 'x' },
      { ...claim, extra: 1 },
    ];
    for (const body of bad)
      expect([body, await editor.finish(body)]).toMatchObject([
        body,
        { status: 400, body: { error: 'invalid-field' } },
      ]);
  });
});

it('[BL7] those that a room lacks are told to who can send them', async () => {
  const { at, blob, owner, room, sign, upload } = await start();
  const other = hashOf(Buffer.from('other'));
  const askFor = (blobs: unknown, token = owner) => relay().ask(`POST ${at}`, { token, body: { blobs } });
  expect(await askFor([blob, other])).toMatchObject({ status: 200, body: { lacking: [blob, other] } });
  await upload(owner);
  expect(await askFor([blob, other, other])).toMatchObject({ status: 200, body: { lacking: [other] } });
  for (const blobs of [[], undefined, other, [other.slice(1)], [7], Array.from({ length: 1_001 }, () => other)])
    expect(await askFor(blobs)).toMatchObject({ status: 400, body: { error: 'invalid-field' } });
  for (const wish of [{ role: 'viewer' }, { role: 'commenter' }, { role: 'editor', paths: ['src/**'] }] as const)
    expect(await askFor([other], await sign({ room, ...wish }))).toMatchObject({ status: 403 });
});

describe('limits of blobs', () => {
  it('are those of one, of a part, and of the room with all that is on its way', async () => {
    const { editor, claim, room } = await start();
    const tooLarge = { status: 413, body: { error: 'blob-too-large' } };
    expect(await editor.put(3)).toMatchObject(tooLarge);
    const large = { sizeBytes: 3 * BLOB_PART_BYTES + 1, parts: [...claim.parts, claim.parts[0]] };
    expect(await editor.finish(large)).toMatchObject(tooLarge);
    const more = Buffer.alloc(BLOB_PART_BYTES + 1);
    expect(await editor.put(0, more)).toMatchObject({ status: 413, body: { error: 'too-large' } });
    for (const part of [0, 1, 2])
      expect(await editor.put(part, randomBytes(BLOB_PART_BYTES))).toMatchObject({ status: 204 });
    expect(await editor.put(0)).toMatchObject({ status: 204 });
    const full = await editor.put(1);
    expect(full).toMatchObject({ status: 409, body: { error: 'room-full' } });
    expect(String(full.body['explanation'])).toContain('Whoever runs the relay can allow more');
    expect(await editor.put(0)).toMatchObject({ status: 204 });
    expect(await relay().storage.blobs.roomBytes({ tenant: 'default', room })).toBe(ROOM_BYTES);
    // Other rooms have their own.
    const other = await start();
    expect(await other.editor.put(0)).toMatchObject({ status: 204 });
  });
});

describe('who may have a blob', () => {
  it('is who is in its room: not another room or tenant, though they know its hash', async () => {
    const { upload, owner, person, blob, claim } = await start();
    await upload(owner);
    const elsewhere = await start();
    expect((await elsewhere.editor.look(blob)).status).toBe(404);
    expect((await elsewhere.editor.get(0, blob)).status).toBe(404);
    expect(await elsewhere.editor.finish(claim, blob)).toMatchObject({ status: 409, body: { missing: [0, 1, 2] } });
    for (const { status } of [await person(elsewhere.owner).look(), await person(elsewhere.owner).get(0)])
      expect(status).toBe(401);
  });

  it('is not who may only read, to send one, nor the others while somebody presents', async () => {
    const { person, sign, room, ask, meet } = await start();
    for (const role of ['commenter', 'viewer'] as const) {
      const { put, finish } = person(await sign({ room, role }));
      for (const answer of [await put(0), await finish()]) {
        expect(answer).toMatchObject({ status: 403, body: { error: 'forbidden' } });
        expect(answer.body['explanation']).toContain('Only editors');
      }
    }
    await meet('ben');
    await ask('PUT settings', { presenter: 'ben' });
    const others = await person(await sign({ room })).put(0);
    expect(others).toMatchObject({ status: 403, body: { error: 'forbidden' } });
    expect(others.body['explanation']).toContain('presenting');
    expect((await person(await sign({ room, subject: 'ben' })).put(0)).status).toBe(204);
  });

  it('is nobody whose access was taken back, in the middle of a part either', async () => {
    const { ask, createLink, comeBy, parts, blob, at, editor, person } = await start();
    const { secret } = await createLink();
    const ben = await comeBy(secret);
    const sending = await beginAllPuts(`${at}/${blob}/parts/0`, ben.token, parts[0] ?? Buffer.alloc(0));
    await ask('POST revocations', { subject: ben.subject });
    for (const { finish } of sending) expect(await finish()).toMatch(/^HTTP\/1\.1 403 [^]*"revoked"/);
    expect((await editor.look()).status).toBe(404);
    for (const { status } of [await person(ben.token).look(), await person(ben.token).put(0)]) expect(status).toBe(403);
  });

  it('is who came for some paths, while a file there has it', async () => {
    const { person, upload, owner, blob, parts, sign, room, createLink, comeBy, join } = await start();
    await upload(owner);
    const { secret } = await createLink({ paths: ['src/**'] });
    const { token } = await comeBy(secret);
    const part = person(token);
    expect((await part.look()).status).toBe(404);
    const ana = await join(owner);
    ana.client.open(1, 'index');
    await ana.until('opened');
    const doc = new Y.Doc();
    const index = new WorkspaceIndex(doc, { random: Math.random, nowMs: Date.now });
    let clientSeq = 0;
    const edit = async (change: () => void) => {
      const before = Y.encodeStateVector(doc);
      change();
      ana.client.send({
        type: 'update',
        handle: 1,
        clientSeq: ++clientSeq,
        payload: Y.encodeStateAsUpdate(doc, before),
      });
      await ana.until('ack', (ack) => ack.clientSeq >= clientSeq);
    };
    const file = { eol: 'LF', bom: false, kind: 'binary', sizeBytes: 7 } as const;
    let fileId = '';
    await edit(() => ([fileId = ''] = index.add([{ ...file, path: 'secret/plan.png', blob }])));
    expect([(await part.look()).status, (await part.get(0)).status]).toEqual([404, 404]);
    await edit(() => index.update(fileId, { path: 'src/plan.png' }));
    expect((await part.look()).body).toMatchObject({ state: 'complete' });
    expect(hashOf((await part.get(0)).bytes)).toBe(hashOf(parts[0] ?? Buffer.alloc(0)));
    // They cannot list one, so they send none.
    const sent = await part.put(0);
    expect(sent).toMatchObject({ status: 403, body: { error: 'forbidden' } });
    expect(sent.body['explanation']).toContain('some paths');
    await edit(() => index.update(fileId, { blob: 'f'.repeat(64) }));
    expect([(await part.look()).status, (await part.get(0)).status]).toEqual([404, 404]);
    // Everybody else has earlier ones too.
    expect((await person(await sign({ room, role: 'viewer' })).look()).status).toBe(200);
    index.dispose();
  });
});

describe('uploads that go wrong', () => {
  it('in the middle of a part leave nothing, and nothing is said of it to the operator', async () => {
    const { at, blob, owner, parts, editor, room } = await start();
    const part = parts[0] ?? Buffer.alloc(0);
    const before = relay().errors();
    for (let attempt = 0; attempt < 6; attempt++)
      (await beginPut(`${at}/${blob}/parts/0`, owner, part, 500_000)).break();
    expect(await relay().storage.blobs.roomBytes({ tenant: 'default', room })).toBe(0);
    // More than one person has at once: those that broke off have given their places back.
    await expect.poll(async () => (await editor.put(0)).status).toBe(204);
    expect(relay().errors()).toBe(before);
  });

  it('do not hold up others: one person has four parts on their way at once', async () => {
    const { at, blob, owner, sign, room, person, parts, editor } = await start();
    const slow = await beginAllPuts(`${at}/${blob}/parts/0`, owner, parts[0] ?? Buffer.alloc(0));
    const busy = await editor.put(0);
    expect(busy).toMatchObject({ status: 429, body: { error: 'too-many-transfers' } });
    expect((await person(await sign({ room, subject: 'ben' })).put(0)).status).toBe(204);
    expect(slow.map(({ answer }) => answer())).toEqual(['', '', '', '']);
    for (const sending of slow) sending.break();
    await expect.poll(async () => (await editor.put(0)).status).toBe(204);
  });

  it('by two people at once come to one blob', async () => {
    const { upload, sign, room, owner, bytes, editor, parts, blob } = await start();
    await Promise.all([upload(owner), upload(await sign({ room, subject: 'ben' })), upload(owner)]);
    expect((await editor.look()).body).toMatchObject({ state: 'complete', sizeBytes: bytes.byteLength });
    const got = await Promise.all(parts.map((_, part) => editor.get(part)));
    expect(hashOf(Buffer.concat(got.map((answer) => answer.bytes)))).toBe(blob);
    expect(await relay().storage.blobs.roomBytes({ tenant: 'default', room })).toBe(2 * BLOB_PART_BYTES + 4096);
  });
});
