import { deflateRawSync } from 'node:zlib';
import * as encoding from 'lib0/encoding';
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import { decodeSegment, encodeSegment, type SegmentIdentity } from './segment-format.ts';
import type { LoggedUpdate } from './update-log.ts';

const KEY = { tenant: 't', room: 'r', document: 'd' };
const IDENTITY: SegmentIdentity = { key: KEY, epoch: 'e', fromSeq: 11, toSeq: 15 };
const DAMAGED = { name: 'LogFailure', code: 'corrupted' };

function updatesOf({ fromSeq, toSeq }: SegmentIdentity, bytes = 20): LoggedUpdate[] {
  return Array.from({ length: toSeq - fromSeq + 1 }, (_, index) => ({
    seq: fromSeq + index,
    session: { subject: index % 2 === 0 ? 'ada' : 'bob', sessionId: `s${index % 3}` },
    clientSeq: 7 * index + 1,
    name: index === 1 ? '\uFEFFAda \u{1f3bb}\0' : '',
    timeMs: 1_700_000_000_000 + index,
    payload: new Uint8Array(index === 2 ? 0 : bytes).fill(index),
  }));
}

const encoded = () => encodeSegment(KEY, 'e', updatesOf(IDENTITY));

describe('a segment', () => {
  it('gives back everything that the rows had', async () => {
    expect(await decodeSegment(await encoded(), IDENTITY)).toEqual(updatesOf(IDENTITY));
  });

  it('is small when what is in it repeats', async () => {
    const identity = { ...IDENTITY, fromSeq: 1, toSeq: 4_000 };
    const bytes = await encodeSegment(KEY, 'e', updatesOf(identity, 100));
    expect(bytes.byteLength).toBeLessThan(40_000);
    expect(await decodeSegment(bytes, identity)).toHaveLength(4_000);
  });

  it('is never the same twice', async () => {
    expect(Buffer.from(await encoded()).equals(await encoded())).toBe(false);
  });

  it.each<[string, Partial<SegmentIdentity>]>([
    ['document', { key: { ...KEY, document: 'other' } }],
    ['room', { key: { ...KEY, room: 'other' } }],
    ['tenant', { key: { ...KEY, tenant: 'other' } }],
    ['epoch', { epoch: 'other' }],
    ['beginning', { fromSeq: 10 }],
    ['end', { toSeq: 16 }],
    ['place', { fromSeq: 12, toSeq: 16 }],
  ])('is refused for another %s', async (_what, other) => {
    await expect(decodeSegment(await encoded(), { ...IDENTITY, ...other })).rejects.toMatchObject(DAMAGED);
  });

  it('is refused when it is cut anywhere, or a byte is another one', async () => {
    const bytes = await encoded();
    const random = createSeededRandom(1);
    for (let length = 0; length < bytes.byteLength; length++)
      await expect(decodeSegment(bytes.slice(0, length), IDENTITY)).rejects.toMatchObject(DAMAGED);
    for (let place = 0; place < bytes.byteLength; place++) {
      const changed = bytes.slice();
      changed[place] = (changed[place] ?? 0) ^ (1 + random.below(255));
      const decoded = await decodeSegment(changed, IDENTITY).catch((error: unknown) => error);
      // Bits behind the last block of DEFLATE mean nothing.
      if (Array.isArray(decoded)) expect(decoded).toEqual(updatesOf(IDENTITY));
      else expect(decoded).toMatchObject(DAMAGED);
    }
  });

  it('is refused, with little memory, when it would inflate too far', async () => {
    const header = (contentBytes: number, content: Uint8Array) => {
      const encoder = encoding.createEncoder();
      encoding.writeUint8Array(encoder, new TextEncoder().encode('TUTTI-SEGMENT\n'));
      encoding.writeVarUint(encoder, 1);
      encoding.writeVarUint(encoder, contentBytes);
      encoding.writeUint8Array(encoder, new Uint8Array(32));
      encoding.writeUint8Array(encoder, content);
      return encoding.toUint8Array(encoder);
    };
    const bomb = deflateRawSync(new Uint8Array(128 * 1024 * 1024));
    const before = process.memoryUsage.rss();
    for (const says of [0, 10, 1e6, 2 ** 40, Number.MAX_SAFE_INTEGER])
      await expect(decodeSegment(header(says, bomb), IDENTITY)).rejects.toMatchObject(DAMAGED);
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('says of which version it is when it is of a newer one', async () => {
    const bytes = await encoded();
    bytes['TUTTI-SEGMENT\n'.length] = 2;
    await expect(decodeSegment(bytes, IDENTITY)).rejects.toMatchObject({
      ...DAMAGED,
      message: expect.stringContaining('version 2') as unknown,
    });
  });

  it('is not made of more than it may hold', async () => {
    const [update] = updatesOf(IDENTITY);
    if (!update) throw new Error('there is no update');
    const huge = { ...update, payload: new Uint8Array(65 * 1024 * 1024) };
    await expect(encodeSegment(KEY, 'e', [huge])).rejects.toMatchObject(DAMAGED);
  });
});
