import { mkdir, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  type FolderIdentity,
  formatFolderIdentity,
  identifyFolder,
  isOtherFolder,
  isReplacedFolder,
  isSameFolder,
  type OpenFolderIdentity,
  parseFolderIdentity,
} from './folder-identity.ts';
import { TestFolder } from './testing/mirror-under-test.ts';

const HOUR_NS = 3_600_000_000_000n;
const BEFORE: FolderIdentity = { inode: 7n, bornNs: 1_700_000_000_123_456_789n, isSure: true };
/** As a disk keeps it that has no finer times than 10 ms. */
const COARSE: FolderIdentity = { ...BEFORE, bornNs: 1_700_000_000_120_000_000n };

const later = (identity: FolderIdentity, ns: bigint) => ({ ...identity, bornNs: identity.bornNs + ns });

describe('another folder', () => {
  it.each<[name: string, before: FolderIdentity, now: FolderIdentity]>([
    ['with another inode, born later', BEFORE, later({ ...BEFORE, inode: 8n }, 5n)],
    ['with another inode, born before', BEFORE, later({ ...BEFORE, inode: 8n }, -HOUR_NS)],
    ['that got the inode of the one that was removed', BEFORE, later(BEFORE, HOUR_NS)],
    ['that has not changed since it was made', BEFORE, { ...later(BEFORE, HOUR_NS), inode: 8n, isSure: false }],
    ['on a disk with coarse times', COARSE, later({ ...COARSE, inode: 8n }, 10_000_000_000n)],
  ])('is one %s', (_name, before, now) => {
    expect(isOtherFolder(before, now)).toBe(true);
  });

  it.each<[name: string, before: FolderIdentity, now: FolderIdentity]>([
    ['that is as it was', BEFORE, BEFORE],
    ['whose inode was numbered anew', BEFORE, { ...BEFORE, inode: 8n }],
    ['that was made to look older', BEFORE, later(BEFORE, -HOUR_NS)],
    [
      'of which the disk does not keep when it was born',
      { ...BEFORE, bornNs: 0n },
      later({ ...BEFORE, inode: 8n }, 5n),
    ],
    ['of which it keeps no more', BEFORE, { ...BEFORE, inode: 8n, bornNs: 0n }],
    [
      'for whose birth its last change may stand',
      { ...BEFORE, isSure: false },
      later({ ...BEFORE, inode: 8n, isSure: false }, HOUR_NS),
    ],
    ['that is the top of a drive, mounted later', BEFORE, later({ ...BEFORE, isSure: false }, HOUR_NS)],
    ['whose disk keeps local time', COARSE, later({ ...COARSE, inode: 8n }, -HOUR_NS)],
    ['whose disk rounds times', BEFORE, { ...BEFORE, inode: 8n, bornNs: 1_700_000_002_000_000_000n }],
  ])('is not one %s', (_name, before, now) => {
    expect(isOtherFolder(before, now)).toBe(false);
  });
});

describe('a folder that was open a moment ago', () => {
  const OPEN: OpenFolderIdentity = { ...BEFORE, device: 1n };
  const UNBORN: OpenFolderIdentity = { ...OPEN, bornNs: 0n };

  it.each<[name: string, before: OpenFolderIdentity, now: OpenFolderIdentity]>([
    ['as it was', OPEN, OPEN],
    ['on a disk that came back with another number', OPEN, { ...OPEN, device: 2n }],
    ['on one that numbers its folders anew as well', OPEN, { ...OPEN, device: 2n, inode: 8n }],
    ['on one that came back with the same number, and numbers its folders anew', OPEN, { ...OPEN, inode: 8n }],
    ['on one that came back and does not keep births', UNBORN, { ...UNBORN, device: 2n, inode: 8n }],
  ])('is the same %s', (_name, before, now) => {
    expect(isReplacedFolder(before, now)).toBe(false);
    expect(isSameFolder(before, now)).toBe(now === before);
  });

  it.each<[name: string, before: OpenFolderIdentity, now: OpenFolderIdentity]>([
    ['of another birth', OPEN, { ...OPEN, bornNs: OPEN.bornNs + 1n, inode: 8n }],
    ['of another birth, in which nothing has changed yet', OPEN, { ...OPEN, bornNs: OPEN.bornNs + 1n, isSure: false }],
    ['on another disk', OPEN, { ...OPEN, device: 2n, inode: 8n, bornNs: OPEN.bornNs + HOUR_NS }],
    ['of another inode, where the disk does not keep births', UNBORN, { ...UNBORN, inode: 8n }],
  ])('is another %s', (_name, before, now) => {
    expect(isReplacedFolder(before, now)).toBe(true);
    expect(isSameFolder(before, now)).toBe(false);
  });
});

it('recognises a folder on disk, and another that is made in its place', async () => {
  const folder = await TestFolder.create();
  const path = folder.at('inner');
  const make = async () => {
    await mkdir(path);
    // Until it changes, its birth cannot be told from its last change.
    for (let file = 0; !(await identifyFolder(path)).isSure; file++) await writeFile(`${path}/${file}.txt`, '');
    return identifyFolder(path);
  };
  const first = await make();
  expect(isOtherFolder(first, await identifyFolder(path))).toBe(false);
  await rm(path, { recursive: true });
  const second = await make();
  expect(isOtherFolder(first, second)).toBe(true);
});

it('is kept as text', () => {
  expect(parseFolderIdentity(formatFolderIdentity(BEFORE))).toEqual(BEFORE);
  expect(parseFolderIdentity('7 x sure')).toBeUndefined();
});
