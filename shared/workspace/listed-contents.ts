import type * as Y from 'yjs';
import { isBlobId } from './blob-id.ts';

/** One content that a file may have, as its entry in the list says. */
export interface ListedContent {
  /** As {@link isBlobId} says. */
  readonly blob: string;
  /** As far as it is known. */
  readonly sizeBytes: number | undefined;
  /** When it was written, by the clock of the device that did; 0 when nobody has said. */
  readonly writtenMs: number;
}

type FileEntry = Y.Map<unknown>;

/** Before the hash in the name of a field. */
const CONTENT_PREFIX = 'content:';
/** The only content of entries that tell no time. */
const BARE_FIELD = 'blob';
/** The last moment that a date can be. */
const MAX_TIME_MS = 8.64e15;

/** The content that a field of an entry lists, by its name; undefined when it lists none. */
export function blobOfField(field: string): string | undefined {
  const blob = field.startsWith(CONTENT_PREFIX) ? field.slice(CONTENT_PREFIX.length) : undefined;
  return isBlobId(blob) ? blob : undefined;
}

/** The content that counts: the one written last, of several at the same moment the one with the largest hash. */
export function readListedContent(entry: FileEntry): ListedContent | undefined {
  let last: ListedContent | undefined;
  for (const [field, value] of entry.entries()) {
    const content = readField(field, value, entry);
    if (content && (!last || isAfter(content, last))) last = content;
  }
  return last;
}

/**
 * Gives the file a content in place of all that its entry has. It counts as written after each of them: whoever replaces
 * them knows them, whatever the clocks say. Must run in a transaction.
 */
export function replaceContent(entry: FileEntry, content: ListedContent): void {
  const { blob } = content;
  const before = readListedContent(entry);
  const { sizeBytes = before?.blob === blob ? before.sizeBytes : undefined } = content;
  const afterMs = before && before.blob !== blob ? before.writtenMs + 1 : 0;
  const others = [...entry.keys()].filter((field) => isContentField(field) && field !== CONTENT_PREFIX + blob);
  if (before?.blob === blob && others.length === 0 && before.sizeBytes === sizeBytes) return;
  for (const field of others) entry.delete(field);
  writeField(entry, { blob, sizeBytes, writtenMs: Math.max(content.writtenMs, afterMs) });
}

/**
 * Gives the file a content beside those that its entry has: it was written by somebody who knew none of them. Returns
 * false when it is one of them. Must run in a transaction.
 */
export function addContent(entry: FileEntry, content: ListedContent): boolean {
  if (entry.has(CONTENT_PREFIX + content.blob)) return false;
  writeField(entry, content);
  return true;
}

/** Whether `content` counts where both are there. */
export function isAfter(
  content: Pick<ListedContent, 'blob' | 'writtenMs'>,
  other: Pick<ListedContent, 'blob' | 'writtenMs'>,
): boolean {
  if (content.writtenMs !== other.writtenMs) return content.writtenMs > other.writtenMs;
  return content.blob > other.blob;
}

function isContentField(field: string): boolean {
  return field === BARE_FIELD || field.startsWith(CONTENT_PREFIX);
}

function writeField(entry: FileEntry, { blob, sizeBytes, writtenMs }: ListedContent): void {
  const said = { writtenMs: toTime(writtenMs), ...(sizeBytes === undefined ? {} : { sizeBytes }) };
  entry.set(CONTENT_PREFIX + blob, said);
}

function readField(field: string, value: unknown, entry: FileEntry): ListedContent | undefined {
  if (field === BARE_FIELD) {
    return isBlobId(value) ? { blob: value, sizeBytes: toSize(entry.get('sizeBytes')), writtenMs: 0 } : undefined;
  }
  const blob = blobOfField(field);
  if (blob === undefined || typeof value !== 'object' || value === null) return undefined;
  const sizeBytes: unknown = Reflect.get(value, 'sizeBytes');
  return { blob, sizeBytes: toSize(sizeBytes), writtenMs: toTime(Reflect.get(value, 'writtenMs')) };
}

function toSize(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function toTime(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.min(Math.floor(value), MAX_TIME_MS) : 0;
}
