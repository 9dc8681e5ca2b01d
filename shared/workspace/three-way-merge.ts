import { diffArrays } from 'diff';
import { systemScheduler } from '../lifecycle/index.ts';
import type { TextEdit } from './text-edit.ts';

/** Hunks of more characters are replaced as a whole. */
const MAX_REFINED_LENGTH = 20_000;
/** Longer words are replaced as a whole. */
const MAX_REFINED_WORD_LENGTH = 200;
/** A shorter text that both sides inserted may be one by chance, unless they inserted nothing else. */
const MIN_SHARED_LENGTH = 8;
const DEFAULT_DEADLINE_MS = 500;
const COMPARISONS_PER_CHECK = 1_000;

/**
 * The edits that turn `base` into `disk`, ascending, in UTF-16 offsets of `base`; none splits a surrogate pair. Past
 * the deadline they become coarser, never wrong.
 */
export function diskEdits(base: string, disk: string, deadlineMs = DEFAULT_DEADLINE_MS): TextEdit[] {
  if (base === disk) return [];
  const deadline = new Deadline(deadlineMs);
  return lineHunks(base, disk, deadline).flatMap((hunk) => refine(base, hunk, deadline));
}

/** As {@link diskEdits}, by whole lines. */
export function lineEdits(base: string, disk: string): TextEdit[] {
  return base === disk ? [] : lineHunks(base, disk, new Deadline(DEFAULT_DEADLINE_MS));
}

/**
 * Moves edits of `base` onto `current`, which came from `base` by other edits: both sides survive. Where both inserted
 * at one place, what `current` has comes first, unless it replaced something there. What both did alike counts once.
 */
export function rebaseEdits(
  base: string,
  current: string,
  edits: readonly TextEdit[],
  deadlineMs = DEFAULT_DEADLINE_MS,
): TextEdit[] {
  if (base === current) return [...edits];
  return rebaseOver(edits, diskEdits(base, current, deadlineMs));
}

/** As {@link rebaseEdits}, over the edits that made the current text of the base. */
export function rebaseOver(edits: readonly TextEdit[], others: readonly TextEdit[]): TextEdit[] {
  return edits.flatMap((edit) => rebaseOne(edit, others));
}

function rebaseOne({ offset, deleteLength, insert }: TextEdit, others: readonly TextEdit[]): TextEdit[] {
  const edits: TextEdit[] = [];
  const add = (edit: TextEdit) => {
    const last = edits.at(-1);
    if (last?.deleteLength === 0 && last.offset === edit.offset)
      edits[edits.length - 1] = { ...edit, insert: last.insert };
    else edits.push(edit);
  };
  const own = withoutShared(insert, others.find((other) => other.offset === offset)?.insert ?? '');
  if (own !== '') add({ offset: placeOf(offset, others), deleteLength: 0, insert: own });
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

/** What is left to insert where the other side inserted `shared`: what both inserted counts once. */
function withoutShared(insert: string, shared: string): string {
  if (insert === shared) return '';
  const isLong = Math.min(insert.length, shared.length) >= MIN_SHARED_LENGTH;
  if (isLong && (shared.startsWith(insert) || shared.endsWith(insert))) return '';
  if (isLong && insert.startsWith(shared)) return insert.slice(shared.length);
  return insert;
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

/** How much of two texts lies between what they begin and end with alike, in characters of both. */
export function differingLength(base: string, disk: string): number {
  const { start, baseEnd, diskEnd } = trimCommon(base, disk);
  return baseEnd - start + (diskEnd - start);
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

/** Widens a difference to whole lines: cut inside a word, two insertions that begin alike would become entangled. */
function wholeLines(base: string, { start, baseEnd, diskEnd }: ReturnType<typeof trimCommon>) {
  const nextBreak = base.indexOf('\n', baseEnd);
  const widened = (nextBreak < 0 ? base.length : nextBreak + 1) - baseEnd;
  const lineStart = start === 0 ? 0 : base.lastIndexOf('\n', start - 1) + 1;
  return { start: lineStart, baseEnd: baseEnd + widened, diskEnd: diskEnd + widened };
}

function lineHunks(base: string, disk: string, deadline: Deadline): TextEdit[] {
  const { start, baseEnd, diskEnd } = wholeLines(base, trimCommon(base, disk));
  const [baseMiddle, diskMiddle] = [base.slice(start, baseEnd), disk.slice(start, diskEnd)];
  const changes = deadline.keep((comparator) =>
    diffArrays(splitLines(baseMiddle), splitLines(diskMiddle), { comparator }),
  );
  if (!changes) return [{ offset: start, deleteLength: baseMiddle.length, insert: diskMiddle }];
  const hunks = toEdits(changes.map(({ added, removed, value }) => ({ added, removed, value: value.join('') })));
  return hunks.map((hunk) => ({ ...hunk, offset: hunk.offset + start }));
}

function refine(base: string, hunk: TextEdit, deadline: Deadline): TextEdit[] {
  const deleted = base.slice(hunk.offset, hunk.offset + hunk.deleteLength);
  if (deleted === '' || hunk.insert === '' || deleted.length + hunk.insert.length > MAX_REFINED_LENGTH) return [hunk];
  const changes = deadline.keep((comparator) =>
    diffArrays(splitWords(deleted), splitWords(hunk.insert), { comparator }),
  );
  if (!changes) return [trimEdit(base, hunk)];
  const words = toEdits(changes.map(({ added, removed, value }) => ({ added, removed, value: value.join('') })));
  return words.flatMap((edit) => refineWord(base, { ...edit, offset: edit.offset + hunk.offset }, deadline));
}

/** A word that was changed is edited by its letters; one that became another is replaced, lest two such mix. */
function refineWord(base: string, edit: TextEdit, deadline: Deadline): TextEdit[] {
  const trimmed = trimEdit(base, edit);
  const { offset, deleteLength, insert } = trimmed;
  const longest = Math.max(deleteLength, insert.length);
  if (deleteLength === 0 || insert === '' || longest > MAX_REFINED_WORD_LENGTH) return [trimmed];
  // By code points, so that no edit cuts one in two.
  const points = deadline.keep((comparator) =>
    diffArrays([...base.slice(offset, offset + deleteLength)], [...insert], { comparator }),
  );
  if (!points) return [trimmed];
  const changes = points.map(({ added, removed, value }) => ({ added, removed, value: value.join('') }));
  const keptLength = changes.reduce((sum, { added, removed, value }) => sum + (added || removed ? 0 : value.length), 0);
  if (keptLength * 2 < longest) return [trimmed];
  return toEdits(changes).map((part) => ({ ...part, offset: part.offset + offset }));
}

/** Leaves out what an edit would put back at its ends. */
function trimEdit(base: string, { offset, deleteLength, insert }: TextEdit): TextEdit {
  const { start, baseEnd, diskEnd } = trimCommon(base.slice(offset, offset + deleteLength), insert);
  return { offset: offset + start, deleteLength: baseEnd - start, insert: insert.slice(start, diskEnd) };
}

/** Thrown by a comparison: the only way out of a difference that is being looked for. */
class DeadlinePassed extends Error {}

/** A bound on the time that looking for differences takes, which a change of the clock neither widens nor narrows. */
class Deadline {
  private readonly untilMs: number;
  private comparisons = 0;

  constructor(spanMs: number) {
    this.untilMs = systemScheduler.elapsedMs() + spanMs;
  }

  /** Gives what `task` finds by comparing as it is told to; undefined once the time has passed. */
  keep<T>(task: (comparator: (left: string, right: string) => boolean) => T): T | undefined {
    try {
      this.check();
      return task((left, right) => {
        if (++this.comparisons % COMPARISONS_PER_CHECK === 0) this.check();
        return left === right;
      });
    } catch (error) {
      if (error instanceof DeadlinePassed) return undefined;
      throw error;
    }
  }

  private check(): void {
    if (systemScheduler.elapsedMs() > this.untilMs) throw new DeadlinePassed();
  }
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

function splitWords(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+|[^\S\n]+|[^]/gu) ?? [];
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
