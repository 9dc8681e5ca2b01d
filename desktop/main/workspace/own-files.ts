import { randomBytes } from 'node:crypto';

const TEMP_FILE = /^\.tutti-[0-9a-f]{16}\.tmp$/;
/** What a network's or a user's file system keeps of a file that was removed while it was open. */
const REMOVED_OPEN_FILE = /^\.(?:nfs[0-9a-f]{16,}|fuse_hidden[0-9a-f]+)$/i;
const LOCAL_COPY = /\.local-\d{8}T\d{6}Z(?:-\d+)?$/;

/** A fresh name for a file that is being written; it never reaches the room. */
export function createTempName(): string {
  return `.tutti-${randomBytes(8).toString('hex')}.tmp`;
}

/** Whether a name was made by {@link createTempName}. */
export function isTempName(name: string): boolean {
  return TEMP_FILE.test(name);
}

/** Name under which a device keeps its own version of a file beside the room's. `copy` 1 is the first of that second. */
export function localCopyName(name: string, nowMs: number, copy: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${name}.local-${time}${copy > 1 ? `-${copy}` : ''}`;
}

/** The name of which {@link localCopyName} made this one; undefined when it is no local copy. */
export function originOfLocalCopy(name: string): string | undefined {
  return LOCAL_COPY.test(name) ? name.replace(LOCAL_COPY, '') : undefined;
}

/**
 * Whether a file was made for this device alone: by Tutti, being written or a local copy, or by the file system, for a
 * program that has a removed file open.
 */
export function isOwnFile(name: string): boolean {
  return isTempName(name) || LOCAL_COPY.test(name) || REMOVED_OPEN_FILE.test(name);
}
