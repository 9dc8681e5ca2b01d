import { expect, it } from 'vitest';
import { HttpError } from '../http-error.ts';
import { selectRange } from './byte-range.ts';

const BYTES = Uint8Array.from({ length: 10 }, (_, position) => position);

it.each([
  ['bytes=0-', 0, 9],
  ['bytes=3-5', 3, 5],
  ['bytes=5-5', 5, 5],
  ['bytes=9-', 9, 9],
  ['bytes=4-9999999999', 4, 9],
])('gives what %s asks for', (header, first, last) => {
  expect(selectRange(BYTES, header)).toEqual({
    status: 206,
    bytes: BYTES.slice(first, last + 1),
    contentRange: `bytes ${first}-${last}/10`,
  });
});

it.each([undefined, '', 'bytes=5-3', 'bytes=20-3', 'bytes=-5', 'bytes=0-1,3-4', 'lines=0-1', 'bytes=a-b', 'bytes=1'])(
  'gives everything when asked for %s',
  (header) => {
    expect(selectRange(BYTES, header)).toEqual({ status: 200, bytes: BYTES });
  },
);

it.each([
  ['bytes=10-', 10],
  ['bytes=10-20', 10],
  ['bytes=0-', 0],
])('says how many bytes there are when %s is behind all %d', (header, byteLength) => {
  const ask = () => selectRange(BYTES.subarray(0, byteLength), header);
  expect(ask).toThrow(HttpError);
  expect(ask).toThrow(expect.objectContaining({ status: 416, contentRange: `bytes */${byteLength}` }));
});
