import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { page } from 'vitest/browser';
import * as Y from 'yjs';
import type { CommentedRange } from '../../../shared/workspace/index.ts';
import {
  connect,
  createReplica,
  type EditorReplica,
  failOnUnexpectedErrors,
  stateOf,
} from '../testing/editor-replica.ts';
import { anchorRange, rangeToComment, resolveRange } from './comment-anchor.ts';
import { CommentMarks, type CommentPlace } from './comment-marks.ts';
import { LineZone } from './line-zone.ts';
import { type editor, Range, Selection } from './monaco.ts';

failOnUnexpectedErrors();

const TEXT = 'first line\n  second line\nthird line\n';

function anchor({ binding }: EditorReplica, range: Range): CommentedRange {
  return anchorRange(binding, range, 100);
}

function textAt(replica: EditorReplica, commented: CommentedRange): string | undefined {
  const resolved = resolveRange(replica.binding, commented);
  return (
    resolved &&
    (resolved.isOutdated ? `outdated at ${resolved.range.toString()}` : replica.model.getValueInRange(resolved.range))
  );
}

function createMarks(replica: EditorReplica) {
  const codeEditor = replica.addEditor();
  const marks = new CommentMarks({ codeEditor, binding: replica.binding });
  let places: ReadonlyMap<string, CommentPlace> = new Map();
  const pressed: (readonly string[])[] = [];
  const subscriptions = [
    marks.onDidChangePlaces((next) => (places = next)),
    marks.onDidPress((threadIds) => pressed.push(threadIds)),
  ];
  onTestFinished(() => {
    for (const subscription of subscriptions) subscription.dispose();
    marks.dispose();
  });
  return { codeEditor, marks, pressed, placeOf: (threadId: string) => places.get(threadId) };
}

function elementOf(codeEditor: editor.ICodeEditor): HTMLElement {
  const element = codeEditor.getContainerDomNode();
  if (!(element instanceof HTMLElement)) throw new Error('the editor is nowhere');
  return element;
}

describe('a commented range', () => {
  it('is what is selected, or else the line without its indent', () => {
    const replica = createReplica(2, stateOf(TEXT));
    const codeEditor = replica.addEditor();
    codeEditor.setSelection(new Selection(1, 7, 1, 1));
    expect(rangeToComment(codeEditor)).toEqual(new Range(1, 1, 1, 7));
    codeEditor.setSelection(new Selection(2, 8, 2, 8));
    expect(rangeToComment(codeEditor)).toEqual(new Range(2, 3, 2, 14));
    codeEditor.setSelection(new Selection(4, 1, 4, 1));
    expect(rangeToComment(codeEditor)).toEqual(new Range(4, 1, 4, 1));
  });

  it('stays with its text whoever edits, and takes in only what is typed inside', () => {
    const state = stateOf(TEXT);
    const [ana, ben] = [createReplica(2, state), createReplica(3, state)];
    connect(ana.doc, ben.doc);
    const commented = anchor(ana, new Range(2, 3, 2, 9));
    expect(commented.quote).toBe('second');
    ana.text.insert(0, 'above\n');
    ben.text.insert(ben.text.toJSON().indexOf('second'), '[');
    ben.text.insert(ben.text.toJSON().indexOf('second') + 6, ']');
    ben.text.insert(ben.text.toJSON().indexOf('second') + 3, '-');
    expect(textAt(ana, commented)).toBe('sec-ond');
    expect(textAt(ben, commented)).toBe('sec-ond');
  });

  it('is outdated when its text is deleted, and is found again where the text comes back', () => {
    const state = stateOf(TEXT);
    const [ana, ben] = [createReplica(2, state), createReplica(3, state)];
    connect(ana.doc, ben.doc);
    const commented = anchor(ana, new Range(2, 3, 2, 9));
    const codeEditor = ben.addEditor();
    codeEditor.executeEdits('test', [{ range: new Range(2, 3, 2, 9), text: '' }]);
    codeEditor.pushUndoStop();
    expect(textAt(ana, commented)).toBe('outdated at [2,3 -> 2,3]');
    ben.undo.undo();
    expect(ana.model.getValue()).toBe(TEXT);
    expect(textAt(ana, commented)).toBe('second');
    expect(textAt(ben, commented)).toBe('second');
  });

  it('of an empty line is nothing that can be gone', () => {
    const replica = createReplica(2, stateOf('a\n\nb'));
    expect(textAt(replica, anchor(replica, new Range(2, 1, 2, 1)))).toBe('');
  });

  it('that was made up is nowhere', () => {
    const replica = createReplica(2, stateOf(TEXT));
    const elsewhere = Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(replica.doc.getText('other'), 0));
    const names = [...replica.doc.share.keys()];
    const { end } = anchor(replica, new Range(1, 1, 1, 3));
    const bytes = [elsewhere, new Uint8Array([]), new Uint8Array([9, 9]), new Uint8Array([0, 255, 255, 255, 255])];
    for (const start of bytes) expect(resolveRange(replica.binding, { start, end, quote: 'x' })).toBeUndefined();
    expect([...replica.doc.share.keys()]).toEqual(names);
  });
});

describe('comment marks', () => {
  it('show the range and a sign in the margin, and follow edits', async () => {
    const replica = createReplica(2, stateOf(TEXT));
    const { codeEditor, marks, placeOf } = createMarks(replica);
    marks.setMarks([
      { threadId: 'open', isResolved: false, ...anchor(replica, new Range(1, 1, 2, 9)) },
      { threadId: 'done', isResolved: true, ...anchor(replica, new Range(3, 1, 3, 6)) },
      { threadId: 'odd', isResolved: false, start: new Uint8Array([7]), end: new Uint8Array([7]), quote: '' },
    ]);
    const element = elementOf(codeEditor);
    await vi.waitFor(() => expect(element.querySelectorAll('.tutti-comment-glyph')).toHaveLength(2));
    expect(element.querySelectorAll('.tutti-comment-resolved')).toHaveLength(1);
    expect(element.querySelectorAll('.tutti-comment-range').length).toBeGreaterThan(0);
    expect([placeOf('open'), placeOf('done'), placeOf('odd')]).toEqual([
      { line: 2, isOutdated: false },
      { line: 3, isOutdated: false },
      undefined,
    ]);
    replica.text.insert(0, 'above\n');
    await vi.waitFor(() => expect(placeOf('open')).toEqual({ line: 3, isOutdated: false }));
    replica.text.delete(0, replica.text.length);
    await vi.waitFor(() => expect(placeOf('open')).toEqual({ line: 1, isOutdated: true }));
    expect(marks.rangeOf('open')).toEqual(new Range(1, 1, 1, 1));
    expect(marks.rangeOf('odd')).toBeUndefined();
  });

  it('tell which threads are at the sign that is pressed', async () => {
    const replica = createReplica(2, stateOf(TEXT));
    const { codeEditor, marks, pressed } = createMarks(replica);
    marks.setMarks([
      { threadId: 'a', isResolved: false, ...anchor(replica, new Range(1, 1, 2, 1)) },
      { threadId: 'b', isResolved: false, ...anchor(replica, new Range(1, 3, 1, 5)) },
      { threadId: 'c', isResolved: false, ...anchor(replica, new Range(2, 3, 2, 5)) },
    ]);
    const element = elementOf(codeEditor);
    await vi.waitFor(() => expect(element.querySelector('.tutti-comment-glyph')).not.toBeNull());
    const sign = element.querySelector('.tutti-comment-glyph');
    if (sign) await page.elementLocator(sign).click();
    expect(pressed).toEqual([['a', 'b']]);
  });
});

it('a line zone makes room below its line, as high as what is in it, and keeps keys from the editor', async () => {
  const replica = createReplica(2, stateOf(TEXT));
  const codeEditor = replica.addEditor();
  const topOfThird = codeEditor.getTopForLineNumber(3);
  const zone = new LineZone(codeEditor, 2);
  const input = document.createElement('textarea');
  input.style.cssText = 'display: block; box-sizing: border-box; height: 60px; padding: 0; border: 0';
  zone.element.append(input);
  await vi.waitFor(() => expect(codeEditor.getTopForLineNumber(3)).toBe(topOfThird + 60));
  const bottomOfSecond = codeEditor.getTopForLineNumber(2) + 19;
  const top = () => input.getBoundingClientRect().top - elementOf(codeEditor).getBoundingClientRect().top;
  await vi.waitFor(() => expect(top()).toBeCloseTo(bottomOfSecond, -1));
  await page.elementLocator(input).click();
  await page.elementLocator(input).fill('abc');
  expect(replica.model.getValue()).toBe(TEXT);
  input.style.height = '90px';
  await vi.waitFor(() => expect(codeEditor.getTopForLineNumber(3)).toBe(topOfThird + 90));
  zone.moveTo(1);
  expect(codeEditor.getTopForLineNumber(2)).toBeGreaterThan(90);
  zone.dispose();
  expect(codeEditor.getTopForLineNumber(3)).toBe(topOfThird);
  expect(input.isConnected).toBe(false);
});
