import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inflate } from './inflate.ts';

const TEXT = new TextEncoder().encode('Everybody hears the same tune. '.repeat(20_000));

describe('[CP2] inflating', () => {
  it.each([
    ['text', TEXT],
    ['noise', new Uint8Array(randomBytes(300_000))],
    ['one byte', new Uint8Array([7])],
    ['nothing', new Uint8Array(0)],
  ])('gives back %s', (_name, plain) => {
    expect(inflate(deflateRawSync(plain), plain.byteLength)).toEqual(plain);
  });

  it('refuses what is shorter or longer than it says, cut off, damaged, or too large', () => {
    const deflated = deflateRawSync(TEXT);
    for (const byteLength of [0, 10, TEXT.byteLength - 1, TEXT.byteLength + 1]) {
      expect(() => inflate(deflated, byteLength)).toThrow(`does not inflate to ${byteLength} bytes`);
    }
    expect(() => inflate(deflated.subarray(0, 50), TEXT.byteLength)).toThrow(/damaged|does not inflate/);
    expect(() => inflate(new Uint8Array([255, 255, 255]), 3)).toThrow(/damaged|does not inflate/);
    expect(() => inflate(new Uint8Array(0), 3)).toThrow('does not inflate');
    expect(() => inflate(deflated, 33 * 1024 * 1024)).toThrow('bytes to inflate');
  });

  it('refuses what inflates to far more than it says', () => {
    const bomb = deflateRawSync(new Uint8Array(64 * 1024 * 1024));
    expect(() => inflate(bomb, 100)).toThrow('does not inflate');
  });
});
