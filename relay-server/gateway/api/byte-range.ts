import { HttpError } from '../http-error.ts';

/** What of a body a request is answered with. */
export interface SelectedBytes {
  readonly status: 200 | 206;
  readonly bytes: Uint8Array;
  /** The header, of a 206. */
  readonly contentRange?: string;
}

/**
 * What of `bytes` a `Range` header asks for; all of it when it is none of one span from a first byte on, which may be
 * ignored, or must be where its end is before its beginning (RFC 9110, 14.1.1 and 14.2). Throws {@link HttpError} 416 when
 * it begins behind the last byte.
 */
export function selectRange(bytes: Uint8Array, header: string | undefined): SelectedBytes {
  const whole = { status: 200, bytes } as const;
  const [, from, to] = /^bytes=(\d{1,10})-(\d{0,10})$/.exec(header ?? '') ?? [];
  if (from === undefined || to === undefined) return whole;
  const { byteLength } = bytes;
  const [first, asked] = [Number(from), to === '' ? Infinity : Number(to)];
  if (asked < first) return whole;
  if (first >= byteLength) {
    const explanation = `The part has ${byteLength} bytes: ask for some of them.`;
    throw new HttpError(416, 'no-such-range', explanation, { contentRange: `bytes */${byteLength}` });
  }
  const last = Math.min(asked, byteLength - 1);
  return { status: 206, bytes: bytes.subarray(first, last + 1), contentRange: `bytes ${first}-${last}/${byteLength}` };
}
