import type * as Y from 'yjs';
import { shownBy } from '../../workspace/index.ts';

/** A stretch of a text as Yjs holds it: its first struct and where it is in the text. */
export interface TextItem {
  readonly client: number;
  readonly clock: number;
  readonly offset: number;
  readonly length: number;
}

/** A stretch of a text as Yjs holds it, or what is left of one that was deleted. */
export interface TextStretch {
  readonly client: number;
  readonly clock: number;
  readonly length: number;
  /** Undefined when it was deleted: Yjs does not keep what. */
  readonly text: string | undefined;
}

/** The parts of a text that are there, in order. */
export function* itemsOf(text: Y.Text): Generator<TextItem> {
  let offset = 0;
  for (let item = text._start; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue;
    yield { client: item.id.client, clock: item.id.clock, offset, length: item.length };
    offset += item.length;
  }
}

/** All that a text ever had, in order. */
export function* stretchesOf(text: Y.Text): Generator<TextStretch> {
  for (let item = text._start; item !== null; item = item.right) {
    if (!item.deleted && !item.countable) continue;
    const { client, clock } = item.id;
    yield { client, clock, length: item.length, text: item.deleted ? undefined : shownBy(item) };
  }
}

/** Structs by Yjs client: clocks from, and until without. */
export class StructRanges<T> {
  private readonly byClient = new Map<number, { readonly from: number; readonly to: number; readonly value: T }[]>();

  add(client: number, from: number, to: number, value: T): void {
    const ranges = this.byClient.get(client) ?? [];
    ranges.push({ from, to, value });
    this.byClient.set(client, ranges);
  }

  /** The parts of an item that are in a range, with what was noted of it; in the order of the ranges. */
  within({
    client,
    clock,
    offset,
    length,
  }: TextItem): { readonly start: number; readonly end: number; readonly value: T }[] {
    return (this.byClient.get(client) ?? []).flatMap(({ from, to, value }) => {
      const [first, last] = [Math.max(from, clock), Math.min(to, clock + length)];
      return first < last ? [{ start: offset + first - clock, end: offset + last - clock, value }] : [];
    });
  }
}
