import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import { decodeFrame, encodeFrame, encodeMessage } from './backplane-codec.ts';
import type { BackplaneMessage } from './backplane.ts';

const DIGEST = { seq: 5, state: new Uint8Array(16).fill(1), text: new Uint8Array(16).fill(2) };
const ENVELOPE = { nodeId: 'node-1', series: 3, sequence: 77 };
const MESSAGES: readonly BackplaneMessage[] = [
  { kind: 'update', document: 'file', origin: 5, author: 9, payload: new Uint8Array([1, 2, 3]) },
  { kind: 'committed', document: 'file', epoch: 'epoch', fromSeq: 12, origins: [5, 6, 300] },
  { kind: 'presence', isWhole: true, message: new Uint8Array([4]) },
  { kind: 'seen', document: 'file', epoch: '', entries: [{ presenceId: 2 ** 40, seq: 1 }] },
  { kind: 'presence-wanted' },
  {
    kind: 'digests',
    document: 'file',
    epoch: 'e-1',
    entries: [
      { presenceId: 3, digest: DIGEST },
      { presenceId: 4, digest: undefined },
    ],
  },
  { kind: 'access', version: 2 ** 40 },
];
const FRAME = encodeFrame(ENVELOPE, MESSAGES.map(encodeMessage));

describe('a backplane frame', () => {
  it('comes back as it was', () => {
    expect(decodeFrame(new Uint8Array(FRAME), 'node-2')).toEqual({ ...ENVELOPE, messages: MESSAGES });
    expect(decodeFrame(encodeFrame(ENVELOPE, []), 'node-2')).toEqual({ ...ENVELOPE, messages: [] });
  });

  it('is not read by the node that has sent it', () => {
    expect(decodeFrame(FRAME, 'node-1')).toBeUndefined();
  });

  it('is refused when it is cut short, goes on, or is of another version or kind', () => {
    for (let length = 0; length < FRAME.length; length++) {
      expect(() => decodeFrame(FRAME.subarray(0, length), 'node-2'), `${length} bytes`).toThrow();
    }
    expect(() => decodeFrame(Buffer.concat([FRAME, Buffer.from([0])]), 'node-2')).toThrow('after the end');
    expect(() => decodeFrame(Buffer.concat([Buffer.from([9]), FRAME.subarray(1)]), 'node-2')).toThrow('format 9');
    expect(() => decodeFrame(encodeFrame(ENVELOPE, [new Uint8Array([99])]), 'node-2')).toThrow('kind 99');
  });

  it('never yields anything but a frame or an error, whatever is changed in it', () => {
    const random = createSeededRandom(11);
    for (let round = 0; round < 4_000; round++) {
      const changed = Buffer.from(FRAME);
      for (let count = 1 + random.below(4); count > 0; count--)
        changed[random.below(changed.length)] = random.below(256);
      let messages: readonly BackplaneMessage[] = [];
      try {
        messages = decodeFrame(changed, 'node-2')?.messages ?? [];
      } catch (error) {
        expect(error).toHaveProperty('name', 'ProtocolError');
      }
      for (const message of messages) expect(() => encodeMessage(message)).not.toThrow();
    }
  });

  it('claims no memory for what it only promises', () => {
    const huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    const promises = [
      [1, 4, 102, 105, 108, 101, 1, 1, ...huge],
      [2, 4, 102, 105, 108, 101, 0, 1, ...huge],
      [3, 1, ...huge],
    ];
    for (const promise of promises) {
      expect(() => decodeFrame(encodeFrame(ENVELOPE, [new Uint8Array(promise)]), 'node-2')).toThrow();
    }
  });
});
