import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What tells a folder from another of the same path, as far as its disk keeps that. */
export interface FolderIdentity {
  readonly inode: bigint;
  /** Since when it is there; zero where the disk does not keep it. */
  readonly bornNs: bigint;
  /** That is known to be the time of its birth, and not merely of its last change, or of the start of its drive. */
  readonly isSure: boolean;
}

/** As it is seen while it is open. */
export interface OpenFolderIdentity extends FolderIdentity {
  /** Its disk, until that is taken out. */
  readonly device: bigint;
}

const MS_NS = 1_000_000n;
/** Disks that keep times no finer may round them by up to 2 s, and shift all by quarters of an hour: they keep local time. */
const COARSE_NS = 10n * MS_NS;
const ROUNDED_NS = 2_000n * MS_NS;
const QUARTER_NS = 15n * 60_000n * MS_NS;
const LONGEST_SHIFT_NS = 26n * 3_600_000n * MS_NS;

/** Rejects with the error of the system when nothing is there. */
export async function identifyFolder(absolutePath: string): Promise<OpenFolderIdentity> {
  const [own, parent] = await Promise.all([
    lstat(absolutePath, { bigint: true }),
    lstat(dirname(absolutePath), { bigint: true }),
  ]);
  const isSure = own.dev === parent.dev && own.birthtimeNs !== own.ctimeNs;
  return { device: own.dev, inode: own.ino, bornNs: own.birthtimeNs, isSure };
}

/**
 * Whether the folder at a path is for sure another than the one that was there before. Inodes alone do not tell: some disks
 * number them anew, and others give that of a removed folder to the next.
 */
export function isOtherFolder(before: FolderIdentity, now: FolderIdentity): boolean {
  if (before.bornNs <= 0n || now.bornNs <= 0n || !(before.isSure || now.isSure)) return false;
  if (isSameTime(before.bornNs, now.bornNs)) return false;
  // What goes on to be there may be made to look older, but not younger; the top of a drive may look like anything.
  return before.inode !== now.inode || (before.isSure && now.isSure && now.bornNs > before.bornNs);
}

/**
 * As {@link isOtherFolder}, of a folder that was open a moment ago: only a disk that was taken out meanwhile may have come
 * back with another number, or number its folders anew.
 */
export function isReplacedFolder(before: OpenFolderIdentity, now: OpenFolderIdentity): boolean {
  if (before.device !== now.device) return isOtherFolder(before, now);
  return before.bornNs !== now.bornNs || (now.bornNs <= 0n && before.inode !== now.inode);
}

/** Whether it is the very same, on a disk that was there all the time. */
export function isSameFolder(before: OpenFolderIdentity, now: OpenFolderIdentity): boolean {
  return before.device === now.device && before.inode === now.inode && before.bornNs === now.bornNs;
}

function isSameTime(left: bigint, right: bigint): boolean {
  if (![left, right].some((time) => time % COARSE_NS === 0n)) return left === right;
  const apart = left < right ? right - left : left - right;
  if (apart > LONGEST_SHIFT_NS) return false;
  const rest = apart % QUARTER_NS;
  return rest <= ROUNDED_NS || QUARTER_NS - rest <= ROUNDED_NS;
}

/** For {@link parseFolderIdentity}. */
export function formatFolderIdentity({ inode, bornNs, isSure }: FolderIdentity): string {
  return `${inode} ${bornNs} ${isSure ? 'sure' : 'unsure'}`;
}

/** Undefined for what is none. */
export function parseFolderIdentity(text: string): FolderIdentity | undefined {
  const [, inode, born, sure] = /^(\d+) (\d+) (sure|unsure)$/.exec(text) ?? [];
  if (inode === undefined || born === undefined) return undefined;
  return { inode: BigInt(inode), bornNs: BigInt(born), isSure: sure === 'sure' };
}
