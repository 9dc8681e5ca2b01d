import { posix, win32 } from 'node:path';
import { expect, it } from 'vitest';
import { isWithin } from './is-within.ts';

it.each([
  ['/data', '/data', true],
  ['/data', '/data/copy', true],
  ['/data', '/data/..copy', true],
  ['/data', '/data/../copy', false],
  ['/data', '/', false],
  ['/data', '/data.copy', false],
])('in %s: %s is %s', (folder, path, expected) => {
  expect(isWithin(folder, path, posix)).toBe(expected);
});

it.each([
  ['C:\\data', 'C:\\data\\copy', true],
  ['C:\\data', 'C:\\data\\..copy', true],
  ['C:\\data', 'c:\\DATA\\copy', true],
  ['C:\\data', 'C:\\copy', false],
  ['C:\\data', 'D:\\copy', false],
  ['C:\\data', '\\\\server\\share\\copy', false],
])('on Windows in %s: %s is %s', (folder, path, expected) => {
  expect(isWithin(folder, path, win32)).toBe(expected);
});
