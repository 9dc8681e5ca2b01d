import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, toWorkspaceError, WorkspaceError } from './workspace-error.ts';

/** Larger files are listed, but not opened as text. */
export const MAX_TEXT_BYTES = 5 * 1024 * 1024;

const BINARY_CHECK_BYTES = 8 * 1024;
const BYTE_ORDER_MARK = '\uFEFF';

export interface TextFormat {
  readonly eol: 'LF' | 'CRLF';
  readonly bom: boolean;
}

/** A text file's content with LF only, and how it is written on disk. */
export interface DiskText extends TextFormat {
  readonly text: string;
  /** SHA-256 of the bytes on disk, in hex. */
  readonly hash: string;
}

/** What a file on disk is. */
export type DiskFile =
  | ({ readonly kind: 'text'; readonly sizeBytes: number } & DiskText)
  | { readonly kind: 'binary' | 'oversized'; readonly sizeBytes: number };

/** Reads a file; undefined when it is not there or is no plain file. Throws WorkspaceError. `path` is for people. */
export async function readDiskFile(absolutePath: string, path: string): Promise<DiskFile | undefined> {
  try {
    const { size: sizeBytes, ...info } = await stat(absolutePath).then((found) => ({
      size: found.size,
      isFile: found.isFile(),
    }));
    if (!info.isFile) return undefined;
    if (sizeBytes > MAX_TEXT_BYTES) return { kind: 'oversized', sizeBytes };
    const bytes = await readFile(absolutePath);
    const decoded = decodeText(bytes);
    return decoded ? { kind: 'text', sizeBytes, ...decoded } : { kind: 'binary', sizeBytes };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw toWorkspaceError(error, path, 'read');
  }
}

/** Undefined when the bytes are not UTF-8 text. */
export function decodeText(bytes: Uint8Array): DiskText | undefined {
  if (bytes.subarray(0, BINARY_CHECK_BYTES).includes(0)) return undefined;
  let decoded: string;
  try {
    decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
  const bom = decoded.startsWith(BYTE_ORDER_MARK);
  const raw = bom ? decoded.slice(1) : decoded;
  const crlfCount = raw.split('\r\n').length - 1;
  const lfCount = raw.split('\n').length - 1 - crlfCount;
  return { text: toLf(raw), eol: crlfCount > lfCount ? 'CRLF' : 'LF', bom, hash: hashOf(bytes) };
}

/** The bytes of a text in a file's format. */
export function encodeText(text: string, { eol, bom }: TextFormat): Uint8Array {
  const body = eol === 'CRLF' ? text.replaceAll('\n', '\r\n') : text;
  return new TextEncoder().encode(bom ? BYTE_ORDER_MARK + body : body);
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Replaces a file as a whole: readers see the old bytes or the new ones. Makes its folders, keeps its permissions, and
 * writes through a link to the file it points to. Throws WorkspaceError, and leaves the old file as it was.
 */
export async function atomicWrite(absolutePath: string, bytes: Uint8Array, path: string): Promise<void> {
  let temporary: string | undefined;
  try {
    await mkdir(dirname(absolutePath), { recursive: true });
    const target = await realpath(absolutePath).catch(() => absolutePath);
    const mode = await stat(target).then(
      (info) => info.mode & 0o777,
      () => undefined,
    );
    temporary = join(dirname(target), `.tutti-${randomBytes(8).toString('hex')}.tmp`);
    const handle = await open(temporary, 'wx', mode ?? 0o666);
    await writeAndSync(handle, bytes, mode);
    await rename(temporary, target);
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => undefined);
    throw error instanceof WorkspaceError ? error : toWorkspaceError(error, path, 'write');
  }
}

async function writeAndSync(handle: FileHandle, bytes: Uint8Array, mode: number | undefined): Promise<void> {
  try {
    if (mode !== undefined) await handle.chmod(mode);
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function toLf(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
}
