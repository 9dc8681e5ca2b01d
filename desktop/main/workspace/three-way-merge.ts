import { diffArrays, diffChars } from 'diff';
import type { TextEdit } from './shared-files.ts';

/** Hunks of more characters are replaced as a whole. */
const MAX_REFINED_LENGTH = 4000;
const DEFAULT_DEADLINE_MS = 500;

/**
 * The edits that turn `base` into `disk`, ascending, in UTF-16 offsets of `base`; none splits a surrogate pair. Past
 * the deadline they become coarser, never wrong.
 */
export function diskEdits(base: string, disk: string, deadlineMs = DEFAULT_DEADLINE_MS): TextEdit[] {
  if (base === disk) return [];
  const { start, baseEnd, diskEnd } = trimCommon(base, disk);
  const baseMiddle = base.slice(start, baseEnd);
  const diskMiddle = disk.slice(start, diskEnd);
  const until = Date.now() + deadlineMs;
  const hunks = lineHunks(baseMiddle, diskMiddle, deadlineMs);
  return hunks.flatMap((hunk) => refine(baseMiddle, hunk, until)).map((edit) => ({ ...edit, offset: edit.offset + start }));
}

/**
 * Moves edits of `base` onto `current`, which came from `base` by other edits: both sides survive. Where both inserted
 * at one place, what `current` has comes first; what `current` deleted is not deleted again.
 */
export function rebaseEdits(base: string, current: string, edits: readonly TextEdit[]): TextEdit[] {
  if (base === current) return [...edits];
  const others = diskEdits(base, current);
  return edits.flatMap((edit) => rebaseOne(edit, others));
}

function rebaseOne({ offset, deleteLength, insert }: TextEdit, others: readonly TextEdit[]): TextEdit[] {
  const edits: TextEdit[] = [];
  const add = (edit: TextEdit) => {
    const last = edits.at(-1);
    if (last?.deleteLength === 0 && last.offset === edit.offset) edits[edits.length - 1] = { ...edit, insert: last.insert };
    else edits.push(edit);
  };
  if (insert !== '') add({ offset: placeOf(offset, others), deleteLength: 0, insert });
  // Only what the other side still has can be deleted, and nothing that it put in between.
  const end = offset + deleteLength;
  let position = offset;
  const deleteUntil = (until: number) => {
    if (until > position) add({ offset: placeOf(position, others), deleteLength: until - position, insert: '' });
  };
  for (const other of others) {
    if (other.offset >= end) break;
    const otherEnd = other.offset + other.deleteLength;
    if (otherEnd <= position && other.offset < position) continue;
    deleteUntil(other.offset);
    position = Math.max(position, other.offset, otherEnd);
  }
  deleteUntil(end);
  return edits;
}

/** Where a place in the base is after `others`: behind what was inserted there. */
function placeOf(position: number, others: readonly TextEdit[]): number {
  let shift = 0;
  for (const { offset, deleteLength, insert } of others) {
    if (offset > position) break;
    if (offset + deleteLength > position) return offset < position ? offset + shift + insert.length : position + shift;
    shift += insert.length - deleteLength;
  }
  return position + shift;
}

/** Applies edits as {@link diskEdits} gives them. */
export function applyTextEdits(text: string, edits: readonly TextEdit[]): string {
  let result = '';
  let position = 0;
  for (const { offset, deleteLength, insert } of edits) {
    result += text.slice(position, offset) + insert;
    position = offset + deleteLength;
  }
  return result + text.slice(position);
}

function trimCommon(base: string, disk: string) {
  const shorter = Math.min(base.length, disk.length);
  let start = 0;
  while (start < shorter && base.charCodeAt(start) === disk.charCodeAt(start)) start++;
  if (start > 0 && isHighSurrogate(base.charCodeAt(start - 1))) start--;
  let baseEnd = base.length;
  let diskEnd = disk.length;
  while (baseEnd > start && diskEnd > start && base.charCodeAt(baseEnd - 1) === disk.charCodeAt(diskEnd - 1)) {
    baseEnd--;
    diskEnd--;
  }
  if (isLowSurrogate(base.charCodeAt(baseEnd)) || isLowSurrogate(disk.charCodeAt(diskEnd))) {
    baseEnd++;
    diskEnd++;
  }
  return { start, baseEnd, diskEnd };
}

function lineHunks(base: string, disk: string, timeout: number): TextEdit[] {
  const changes = diffArrays(splitLines(base), splitLines(disk), { timeout });
  if (!changes) return [{ offset: 0, deleteLength: base.length, insert: disk }];
  return toEdits(changes.map(({ added, removed, value }) => ({ added, removed, value: value.join('') })));
}

function refine(base: string, hunk: TextEdit, untilMs: number): TextEdit[] {
  const deleted = base.slice(hunk.offset, hunk.offset + hunk.deleteLength);
  const timeout = untilMs - Date.now();
  if (deleted === '' || hunk.insert === '' || deleted.length + hunk.insert.length > MAX_REFINED_LENGTH) return [hunk];
  if (timeout <= 0) return [hunk];
  // By code points, so that no edit cuts one in two.
  const changes = diffChars(deleted, hunk.insert, { timeout });
  if (!changes) return [hunk];
  return toEdits(changes).map((edit) => ({ ...edit, offset: edit.offset + hunk.offset }));
}

interface Change {
  readonly added: boolean;
  readonly removed: boolean;
  readonly value: string;
}

function toEdits(changes: readonly Change[]): TextEdit[] {
  const edits: TextEdit[] = [];
  let offset = 0;
  let deleteLength = 0;
  let insert = '';
  const finish = () => {
    if (deleteLength > 0 || insert !== '') edits.push({ offset, deleteLength, insert });
    offset += deleteLength;
    deleteLength = 0;
    insert = '';
  };
  for (const { added, removed, value } of changes) {
    if (added) insert += value;
    else if (removed) deleteLength += value.length;
    else {
      finish();
      offset += value.length;
    }
  }
  finish();
  return edits;
}

function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
