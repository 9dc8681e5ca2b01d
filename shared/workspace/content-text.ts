import * as Y from 'yjs';
import type { TextEdit } from './text-edit.ts';

/** What stands for each unit of a shared text that is no character, such as an embedded object. */
export const OBJECT_REPLACEMENT = '\uFFFC';

/** The text as people see it: exactly as long as Yjs counts it, whatever foreign programs have put into it. */
export function readContent(text: Y.Text): string {
  const characters = text.toJSON();
  if (characters.length === text.length) return characters;
  let content = '';
  for (let item = text._start; item !== null; item = item.right) {
    if (!item.deleted && item.countable) content += shownBy(item);
  }
  return content;
}

/** What an item of a text shows. */
export function shownBy({ content, length }: Y.Item): string {
  return content instanceof Y.ContentString ? content.str : OBJECT_REPLACEMENT.repeat(length);
}

/** Makes edits, which ascend and do not overlap, in one transaction. They count in what {@link readContent} gives. */
export function editContent(text: Y.Text, edits: readonly TextEdit[], origin: unknown): void {
  text.doc?.transact(() => {
    const isPlain = text.toJSON().length === text.length;
    // Forwards, Yjs finds each place next to the one before.
    let shift = 0;
    for (const { offset, deleteLength, insert } of edits) {
      if (isPlain && deleteLength > 0) text.delete(offset + shift, deleteLength);
      const deleted = isPlain ? deleteLength : deleteContent(text, offset + shift, deleteLength);
      if (insert !== '') text.insert(offset + shift, insert);
      shift += insert.length - deleted;
    }
  }, origin);
}

/** Deletes a stretch but for what Yjs cannot delete from a text. Gives how many units it deleted. */
export function deleteContent(text: Y.Text, offset: number, length: number): number {
  let deleted = 0;
  for (const { start, end } of deletableIn(text, offset, offset + length).toReversed()) {
    text.delete(start, end - start);
    deleted += end - start;
  }
  return deleted;
}

interface Stretch {
  readonly start: number;
  end: number;
}

/** `Y.Text.delete` would pass over what it cannot delete, and delete as much behind the stretch instead. */
function deletableIn(text: Y.Text, from: number, to: number): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let start = 0;
  for (let item = text._start; item !== null && start < to; item = item.right) {
    if (item.deleted || !item.countable) continue;
    const end = start + item.length;
    if (end > from && isDeletable(item)) {
      const part = { start: Math.max(start, from), end: Math.min(end, to) };
      const last = stretches.at(-1);
      if (last?.end === part.start) last.end = part.end;
      else stretches.push(part);
    }
    start = end;
  }
  return stretches;
}

function isDeletable({ content }: Y.Item): boolean {
  return content instanceof Y.ContentString || content instanceof Y.ContentEmbed || content instanceof Y.ContentType;
}
