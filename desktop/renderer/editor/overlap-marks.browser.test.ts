import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import * as Y from 'yjs';
import { createReplica, type EditorReplica, failOnUnexpectedErrors, stateOf } from '../testing/editor-replica.ts';
import { type OverlapMark, OverlapMarks } from './overlap-marks.ts';

failOnUnexpectedErrors();

const TEXT = 'one\ntwo\nthree\nfour\nfive\n';

function markOf({ text }: EditorReplica, part: string): OverlapMark {
  const start = text.toString().indexOf(part);
  const place = (index: number, assoc: number): unknown =>
    Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, index, assoc));
  return { key: part, start: place(start, 0), end: place(start + part.length, -1) };
}

function showMarks(replica: EditorReplica, marks: readonly OverlapMark[]) {
  const codeEditor = replica.addEditor();
  const overlaps = new OverlapMarks({ codeEditor, binding: replica.binding });
  const visited: string[] = [];
  const pressed: number[] = [];
  const subscriptions = [overlaps.onDidVisit((key) => visited.push(key)), overlaps.onDidPress(() => pressed.push(1))];
  onTestFinished(() => {
    for (const subscription of subscriptions) subscription.dispose();
    overlaps.dispose();
  });
  overlaps.setMarks(marks, 'You and Ben <b>_changed_</b> this.');
  return { codeEditor, overlaps, visited, pressed };
}

function markedLines({ model }: EditorReplica): readonly number[] {
  return model
    .getAllDecorations()
    .filter(({ options }) => options.linesDecorationsClassName === 'tutti-overlap-line')
    .flatMap(({ range }) =>
      Array.from(
        { length: range.endLineNumber - range.startLineNumber + 1 },
        (_, line) => range.startLineNumber + line,
      ),
    );
}

describe('marks of overlapping edits', () => {
  it('are at the lines that both changed, in the margin and the ruler, and move with the text', async () => {
    const replica = createReplica(2, stateOf(TEXT));
    const { overlaps } = showMarks(replica, [markOf(replica, 'two\nthree\n'), markOf(replica, 'five')]);
    expect(markedLines(replica)).toEqual([2, 3, 5]);
    await vi.waitFor(() => expect(document.querySelectorAll('.tutti-overlap-line')).toHaveLength(3));
    expect(document.querySelectorAll('.tutti-overlap-glyph').length).toBeGreaterThan(0);
    const [decoration] = replica.model.getAllDecorations().filter(({ options }) => options.glyphMarginClassName);
    expect(decoration?.options.overviewRuler?.color).toBeDefined();
    replica.text.insert(0, 'zero\n');
    expect(markedLines(replica)).toEqual([3, 4, 6]);
    overlaps.setMarks([], '');
    expect(markedLines(replica)).toEqual([]);
  });

  it('say what they are as text, whatever is in it', async () => {
    const replica = createReplica(2, stateOf(TEXT));
    showMarks(replica, [markOf(replica, 'two')]);
    const sign = await vi.waitUntil(() => document.querySelector('.tutti-overlap-glyph'));
    await userEvent.hover(page.elementLocator(sign));
    await expect.element(page.getByText('You and Ben <b>_changed_</b> this.')).toBeVisible();
  });

  it('are visited by a person, not by what moves the caret by itself', async () => {
    const replica = createReplica(2, stateOf(TEXT));
    const { codeEditor, visited, pressed } = showMarks(replica, [markOf(replica, 'two'), markOf(replica, 'four')]);
    codeEditor.setPosition({ lineNumber: 4, column: 3 });
    replica.text.insert(replica.text.toString().indexOf('four'), 'y');
    codeEditor.setPosition({ lineNumber: 1, column: 1 });
    replica.text.insert(0, 'x');
    expect(visited).toEqual([]);
    codeEditor.focus();
    await userEvent.keyboard('{ArrowDown}');
    expect(visited).toEqual(['two']);
    const sign = await vi.waitUntil(() => document.querySelector('.tutti-overlap-glyph'));
    await page.elementLocator(sign).click();
    expect(pressed).toEqual([1]);
  });

  it('are walked from the caret on, around the ends of the file', () => {
    const replica = createReplica(2, stateOf(TEXT));
    const { codeEditor, overlaps } = showMarks(replica, [markOf(replica, 'four'), markOf(replica, 'two')]);
    const from = (lineNumber: number) => {
      codeEditor.setPosition({ lineNumber, column: 1 });
      return [overlaps.neighbour('previous')?.key, overlaps.neighbour('next')?.key];
    };
    expect([1, 2, 3, 4, 5].map(from)).toEqual([
      ['four', 'two'],
      ['four', 'four'],
      ['two', 'four'],
      ['two', 'two'],
      ['four', 'two'],
    ]);
  });

  it('wait for text that is not here yet, and leave out what is no place', async () => {
    const replica = createReplica(2, stateOf(TEXT));
    const other = createReplica(3, Y.encodeStateAsUpdate(replica.doc));
    other.text.insert(0, 'new\n');
    showMarks(replica, [markOf(other, 'new'), { key: 'x', start: { item: 'no' }, end: undefined }]);
    expect(markedLines(replica)).toEqual([]);
    Y.applyUpdate(replica.doc, Y.encodeStateAsUpdate(other.doc), 'network');
    await vi.waitFor(() => expect(markedLines(replica)).toEqual([1]));
  });
});
