import { Range, type editor } from './monaco.ts';
import type { TextDelta } from './text-delta.ts';

/** A replacement in coordinates of the text before the change. */
interface Replacement {
  start: number;
  end: number;
  text: string;
}

/** What Yjs leaves of a surrogate pair that somebody split. */
const SPLIT_SURROGATE = '\uFFFD';

function toReplacements(delta: TextDelta): Replacement[] {
  const replacements: Replacement[] = [];
  let offset = 0;
  for (const step of delta) {
    if (step.kind === 'retain') {
      offset += step.length;
      continue;
    }
    let last = replacements.at(-1);
    if (last?.end !== offset) {
      last = { start: offset, end: offset, text: '' };
      replacements.push(last);
    }
    if (step.kind === 'insert') {
      last.text += step.text;
    } else {
      last.end += step.length;
      offset += step.length;
    }
  }
  return replacements;
}

/**
 * A text as the model holds it: same length, LF only. A foreign carriage return becomes a line feed here;
 * the surplus half of a CRLF goes away when the text itself is normalised.
 */
export function toModelText(text: string): string {
  return text.includes('\r') ? text.replaceAll('\r', '\n') : text;
}

/** Monaco moves an edit out of a surrogate pair, so an edit that starts or ends inside one has to take in its other half. */
function widenToWholeCharacters(model: editor.ITextModel, replacement: Replacement): void {
  const isInsidePair = (offset: number): boolean => {
    const position = model.getPositionAt(offset);
    return model.validatePosition(position).column !== position.column;
  };
  if (isInsidePair(replacement.start)) {
    const isPureInsert = replacement.start === replacement.end;
    replacement.start -= 1;
    replacement.text = SPLIT_SURROGATE + replacement.text;
    if (isPureInsert) {
      replacement.end += 1;
      replacement.text += SPLIT_SURROGATE;
      return;
    }
  }
  if (replacement.end > replacement.start && isInsidePair(replacement.end)) {
    replacement.end += 1;
    replacement.text += SPLIT_SURROGATE;
  }
}

/** Turns a delta into the edits of one `applyEdits`, all in coordinates of the model as it is now. */
export function toModelEdits(model: editor.ITextModel, delta: TextDelta): editor.IIdentifiedSingleEditOperation[] {
  const replacements = toReplacements(delta);
  for (const replacement of replacements) widenToWholeCharacters(model, replacement);
  return replacements.map(({ start, end, text }) => ({
    range: Range.fromPositions(model.getPositionAt(start), model.getPositionAt(end)),
    text: toModelText(text),
    forceMoveMarkers: false,
  }));
}

function isHighSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xd800 && unit < 0xdc00;
}

/** The smallest single replacement that turns `before` into `after`; it starts and ends after no high surrogate. */
export function differenceBetween(
  before: string,
  after: string,
): { offset: number; deleteLength: number; text: string } {
  const shorter = Math.min(before.length, after.length);
  let prefix = 0;
  while (prefix < shorter && before.charCodeAt(prefix) === after.charCodeAt(prefix)) prefix += 1;
  while (prefix > 0 && isHighSurrogate(before, prefix - 1)) prefix -= 1;
  let suffix = 0;
  const suffixLimit = shorter - prefix;
  while (
    suffix < suffixLimit &&
    before.charCodeAt(before.length - 1 - suffix) === after.charCodeAt(after.length - 1 - suffix)
  ) {
    suffix += 1;
  }
  while (suffix > 0 && isHighSurrogate(before, before.length - suffix - 1)) suffix -= 1;
  return {
    offset: prefix,
    deleteLength: before.length - prefix - suffix,
    text: after.slice(prefix, after.length - suffix),
  };
}
