import { expect, it } from 'vitest';
import { isOwnFile } from './own-files.ts';

it.each([
  '.tutti-0123456789abcdef.tmp',
  'a.txt.local-20260102T030405Z',
  '.nfs000000000012d68700000001',
  '.nfs00000000a1b2c3d4',
  '.fuse_hidden0000000a00000001',
])('%s stays on this device', (name) => {
  expect(isOwnFile(name)).toBe(true);
});

it.each([
  '.nfs',
  '.nfsrc',
  '.nfs0123',
  '.nfs000000000012d687.txt',
  '.fuse_hidden',
  '.fuse_hidden.md',
  'nfs000000000012d687',
])('%s is shared', (name) => {
  expect(isOwnFile(name)).toBe(false);
});
