import type { SeededRandom } from '../shared/testing/seeded-random.ts';

/** Half of them take two code units, so that an edit between the halves breaks them. */
const NARROW_FIRST = 0x4e00;
const WIDE_FIRST = 0x20000;
const MARK = /[\u4e00-\u9fff]|[\u{20000}-\u{2a6df}]/gu;

interface Mark {
  /** Which file it was made in: files have numbers of their own, whatever the room calls them. */
  readonly origin: number;
  isRequired: boolean;
  /** When a device first said that it has it; by the time that passes. */
  promisedMs: number | undefined;
  /** Files of the room, by id, that it has left for another. */
  readonly left: Set<string>;
}

/** Characters that people write, each of them once: what must be found again in the end. */
export class Marks {
  private readonly known = new Map<string, Mark>();
  private origins = 0;

  /** A text in a new file. */
  begin(): string {
    return this.make(++this.origins);
  }

  /** Something to write into a file that has `text` so far. */
  continue(text: string): string {
    const first = marksIn(text)[0];
    const origin = first === undefined ? undefined : this.known.get(first)?.origin;
    return this.make(origin ?? ++this.origins);
  }

  /** The mark may go from now on: somebody meant to delete it. */
  release(marks: Iterable<string>): void {
    for (const mark of marks) this.of(mark).isRequired = false;
  }

  /** Somebody has put them back. */
  require(marks: Iterable<string>): void {
    for (const mark of marks) this.of(mark).isRequired = true;
  }

  /** One file gives them to another; undefined is one that the room does not have. */
  move(marks: Iterable<string>, from: string | undefined, to: string | undefined): void {
    for (const { left } of [...marks].map((mark) => this.of(mark))) {
      if (from !== undefined) left.add(from);
      if (to !== undefined) left.delete(to);
    }
  }

  /** Whether a file has given it to another, and just where that has not come yet still has it, too. */
  hasLeft(mark: string, fileId: string): boolean {
    return this.of(mark).left.has(fileId);
  }

  /** A device says that it keeps them. */
  promise(text: string, nowMs: number): void {
    for (const mark of marksIn(text)) this.of(mark).promisedMs ??= nowMs;
  }

  /** Since when a device keeps it; undefined when none has said so. */
  promisedMs(mark: string): number | undefined {
    return this.of(mark).promisedMs;
  }

  get required(): readonly string[] {
    return [...this.known].filter(([, { isRequired }]) => isRequired).map(([mark]) => mark);
  }

  originOf(mark: string): number {
    return this.of(mark).origin;
  }

  private make(origin: number): string {
    const number = this.known.size;
    const mark = String.fromCodePoint((number % 2 === 0 ? NARROW_FIRST : WIDE_FIRST) + number);
    this.known.set(mark, { origin, isRequired: true, promisedMs: undefined, left: new Set() });
    return mark;
  }

  private of(mark: string): Mark {
    const known = this.known.get(mark);
    if (!known) throw new Error(`nobody wrote ${mark} (U+${mark.codePointAt(0)?.toString(16)})`);
    return known;
  }
}

export function marksIn(text: string): string[] {
  return text.match(MARK) ?? [];
}

export interface TextChange {
  readonly offset: number;
  readonly deleteLength: number;
  readonly insert: string;
}

/** Puts a mark somewhere, or takes out something that is none. */
export function changeText(text: string, marks: Marks, random: SeededRandom): TextChange {
  const points = [...text];
  const at = random.below(points.length + 1);
  const offset = points.slice(0, at).join('').length;
  const rest = points.slice(at, at + 1 + random.below(8)).join('');
  if (random.chance(0.35) && marksIn(rest).length === 0) return { offset, deleteLength: rest.length, insert: '' };
  return { offset, deleteLength: 0, insert: marks.continue(text) + random.pick(['', '\n', 'word ']) };
}

export function applyChange(text: string, { offset, deleteLength, insert }: TextChange): string {
  return text.slice(0, offset) + insert + text.slice(offset + deleteLength);
}
