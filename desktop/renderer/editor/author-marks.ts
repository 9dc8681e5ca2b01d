import { escapeMarkdown } from './escape-markdown.ts';
import { editor, Range } from './monaco.ts';
import { PEER_COLORS, peerColorIndex } from './peer-colors.ts';
import './changes.css';
import './remote-cursors.css';

/** Who wrote a part of a text; UTF-16 offsets, `end` is exclusive. */
export interface AuthoredPart {
  readonly start: number;
  readonly end: number;
  /** From others: shown as text only. */
  readonly name: string;
  /** Any number; it picks one of {@link PEER_COLORS}. */
  readonly colorIndex: number;
}

/** Underlines each part in its author's colour, and tells the name under the pointer. */
export function authorDecorations(
  model: editor.ITextModel,
  authors: readonly AuthoredPart[],
): editor.IModelDeltaDecoration[] {
  return authors.map(({ start, end, name, colorIndex }) => {
    const index = peerColorIndex(colorIndex);
    const color = PEER_COLORS[index]?.light ?? '';
    const darkColor = PEER_COLORS[index]?.dark ?? '';
    return {
      range: Range.fromPositions(model.getPositionAt(start), model.getPositionAt(end)),
      options: {
        inlineClassName: `tutti-author tutti-peer-${index}`,
        hoverMessage: { value: escapeMarkdown(name) },
        overviewRuler: { color, darkColor, position: editor.OverviewRulerLane.Left },
      },
    };
  });
}
