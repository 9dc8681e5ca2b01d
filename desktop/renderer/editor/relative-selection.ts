import * as Y from 'yjs';
import type { RelativeSelection } from '../../../shared/workspace/index.ts';
import { Selection, type editor } from './monaco.ts';
import type { TextBinding } from './text-binding.ts';

/** A selection as two offsets of a model. */
export interface OffsetSelection {
  readonly anchor: number;
  readonly head: number;
}

const STICKS_TO_RIGHT = 0;
const STICKS_TO_LEFT = -1;

export function toOffsets(model: editor.ITextModel, selection: Selection): OffsetSelection {
  return {
    anchor: model.getOffsetAt({
      lineNumber: selection.selectionStartLineNumber,
      column: selection.selectionStartColumn,
    }),
    head: model.getOffsetAt(selection.getPosition()),
  };
}

/** Both ends of a selection stick to what is selected, and a caret to what is before it, as they do in the editor. */
export function toRelative(binding: TextBinding, { anchor, head }: OffsetSelection): RelativeSelection {
  const place = (offset: number, isEnd: boolean): Y.RelativePosition =>
    Y.createRelativePositionFromTypeIndex(
      binding.text,
      binding.toTextIndex(offset),
      isEnd ? STICKS_TO_LEFT : STICKS_TO_RIGHT,
    );
  return { anchor: place(anchor, anchor >= head), head: place(head, head >= anchor) };
}

function rootNameOf(text: Y.Text): string | undefined {
  for (const [name, type] of text.doc?.share ?? []) {
    if (Object.is(type, text)) return name;
  }
  return undefined;
}

/**
 * The index of a position that may come from anybody. Undefined when it is of another text,
 * or when it is of an edit that has not arrived here yet.
 */
export function resolvePosition(text: Y.Text, position: Y.RelativePosition): number | undefined {
  const { doc } = text;
  if (!doc) return undefined;
  // Yjs creates a root type for any name that it is asked for, so a foreign name must not reach it.
  if (position.item === null && position.type === null && position.tname !== rootNameOf(text)) return undefined;
  const absolute = Y.createAbsolutePositionFromRelativePosition(position, doc);
  return absolute?.type === text ? absolute.index : undefined;
}

/** The selection in offsets of the model, or undefined as for {@link resolvePosition}. */
export function resolveSelection(binding: TextBinding, selection: RelativeSelection): OffsetSelection | undefined {
  const anchor = resolvePosition(binding.text, selection.anchor);
  const head = resolvePosition(binding.text, selection.head);
  if (anchor === undefined || head === undefined) return undefined;
  return { anchor: binding.toModelOffset(anchor), head: binding.toModelOffset(head) };
}

export function toModelSelection(model: editor.ITextModel, { anchor, head }: OffsetSelection): Selection {
  return Selection.fromPositions(model.getPositionAt(anchor), model.getPositionAt(head));
}
