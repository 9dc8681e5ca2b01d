import * as Y from 'yjs';
import type { CommentedRange } from '../../../shared/workspace/index.ts';
import { type editor, Range, Selection, SelectionDirection } from './monaco.ts';
import { resolvePosition, toOffsets, toRelative } from './relative-selection.ts';
import type { TextBinding } from './text-binding.ts';

/** Where a commented range is in a model. */
export interface ResolvedRange {
  readonly range: Range;
  /** Nothing is left of what was commented on. */
  readonly isOutdated: boolean;
}

/** What a comment is about when it is begun in an editor: the selection, or else the line of the caret without its indent. */
export function rangeToComment(codeEditor: editor.ICodeEditor): Range | undefined {
  const selection = codeEditor.getSelection();
  const model = codeEditor.getModel();
  if (!selection || !model) return undefined;
  const { startLineNumber, startColumn, endLineNumber, endColumn } = selection;
  if (!selection.isEmpty()) return new Range(startLineNumber, startColumn, endLineNumber, endColumn);
  const first = model.getLineFirstNonWhitespaceColumn(startLineNumber) || 1;
  return new Range(startLineNumber, first, startLineNumber, model.getLineMaxColumn(startLineNumber));
}

/** Ties a range to the text, so that it stays there whoever edits. */
export function anchorRange(binding: TextBinding, range: Range, maxQuoteCharacters: number): CommentedRange {
  const { model } = binding;
  const { anchor, head } = toRelative(binding, toOffsets(model, Selection.fromRange(range, SelectionDirection.LTR)));
  return {
    start: Y.encodeRelativePosition(anchor),
    end: Y.encodeRelativePosition(head),
    quote: model.getValueInRange(range).slice(0, maxQuoteCharacters),
  };
}

/** Finds a commented range again. Undefined when it is of a text that is not here, or was made up. */
export function resolveRange(binding: TextBinding, { start, end, quote }: CommentedRange): ResolvedRange | undefined {
  const from = resolveOffset(binding, start);
  const to = resolveOffset(binding, end);
  if (from === undefined || to === undefined) return undefined;
  if (from < to) return { range: rangeBetween(binding, from, to), isOutdated: false };
  const back = findAgain(binding, from, quote);
  return { range: back ?? rangeBetween(binding, from, from), isOutdated: back === undefined && quote !== '' };
}

function resolveOffset(binding: TextBinding, bytes: Uint8Array): number | undefined {
  const position = decodePosition(bytes);
  const index = position && resolvePosition(binding.text, position);
  return index === undefined ? undefined : binding.toModelOffset(index);
}

function decodePosition(bytes: Uint8Array): Y.RelativePosition | undefined {
  try {
    return Y.decodeRelativePosition(bytes);
  } catch {
    // Cut or made up by whoever wrote it: a place less is all that follows from it.
    return undefined;
  }
}

/** To everybody but the one who undid it, text that comes back is new text beside the place where it was. */
function findAgain(binding: TextBinding, offset: number, quote: string): Range | undefined {
  if (quote === '') return undefined;
  const candidates = [
    rangeBetween(binding, offset, offset + quote.length),
    rangeBetween(binding, offset - quote.length, offset),
  ];
  return candidates.find((range) => binding.model.getValueInRange(range) === quote);
}

function rangeBetween({ model }: TextBinding, from: number, to: number): Range {
  return Range.fromPositions(model.getPositionAt(Math.max(0, from)), model.getPositionAt(to));
}
