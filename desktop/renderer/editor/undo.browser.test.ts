import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../../shared/testing/seeded-random.ts';
import { connect, createReplica, stateOf } from '../testing/editor-replica.ts';
import { type editor, Range, Selection } from './monaco.ts';

function type(codeEditor: editor.ICodeEditor, text: string): void {
  for (const character of text) codeEditor.trigger('keyboard', 'type', { text: character });
}

/** Monaco gives undo and redo to the editor that has the focus, whichever is asked. */
function press(codeEditor: editor.ICodeEditor, command: 'undo' | 'redo'): void {
  codeEditor.focus();
  codeEditor.trigger('keyboard', command, undefined);
}

function pair(content: string) {
  const a = createReplica(10, stateOf(content));
  const b = createReplica(11, stateOf(content));
  connect(a.doc, b.doc);
  return { a, b, editorA: a.addEditor(), editorB: b.addEditor() };
}

function selectionsOf(codeEditor: editor.ICodeEditor): string[] {
  return (codeEditor.getSelections() ?? []).map(String);
}

describe('undo', () => {
  it('takes back what was typed here and leaves what others typed', () => {
    const { a, b, editorA, editorB } = pair('line\n');
    editorA.setPosition({ lineNumber: 1, column: 5 });
    type(editorA, 'AAA');
    editorB.setPosition({ lineNumber: 1, column: 1 });
    type(editorB, 'BBB');
    type(editorA, 'aaa');
    expect(a.text.toJSON()).toBe('BBBlineAAAaaa\n');
    press(editorA, 'undo');
    expect(a.model.getValue()).toBe('BBBline\n');
    expect(b.model.getValue()).toBe('BBBline\n');
    press(editorA, 'redo');
    expect(b.model.getValue()).toBe('BBBlineAAAaaa\n');
    press(editorB, 'undo');
    expect(a.model.getValue()).toBe('lineAAAaaa\n');
  });

  it('groups by the stops that Monaco sets, not by time', () => {
    const { a, editorA } = pair('');
    type(editorA, 'one two');
    editorA.pushUndoStop();
    type(editorA, 'X');
    const states: string[] = [];
    while (a.model.canUndo()) {
      void a.model.undo();
      states.push(a.model.getValue());
    }
    expect(states).toEqual(['one two', 'one', '']);
    expect(a.model.canRedo()).toBe(true);
    void a.model.redo();
    expect(a.model.getValue()).toBe('one');
  });

  it('keeps a word that is typed in one step although others type meanwhile', () => {
    const { a, b, editorA } = pair('\n\n');
    const interrupt = () => b.model.applyEdits([{ range: new Range(3, 1, 3, 1), text: '.' }]);
    for (const character of 'one two') {
      type(editorA, character);
      interrupt();
    }
    press(editorA, 'undo');
    expect(a.model.getLineContent(1)).toBe('one');
    type(editorA, 'X');
    interrupt();
    editorA.setPosition({ lineNumber: 2, column: 1 });
    type(editorA, 'Y');
    interrupt();
    editorA.trigger('keyboard', 'paste', { text: 'pasted text', pasteOnNewLine: false });
    press(editorA, 'undo');
    expect(a.model.getLineContent(2)).toBe('Y');
    press(editorA, 'undo');
    expect(a.model.getLinesContent().slice(0, 2)).toEqual(['oneX', '']);
  });

  it('joins with the step before when a stop is taken away', () => {
    const { a, editorA } = pair('');
    type(editorA, 'one');
    editorA.pushUndoStop();
    a.model.popStackElement();
    a.model.pushEditOperations(null, [{ range: new Range(1, 1, 1, 1), text: '>' }], () => null);
    press(editorA, 'undo');
    expect(a.model.getValue()).toBe('');
  });

  it('brings back the selections of before and after, carried along by what others typed meanwhile', () => {
    const { a, b, editorA } = pair('zero\nalpha\nbeta\ngamma\n');
    editorA.focus();
    const before = [new Selection(2, 1, 2, 6), new Selection(3, 5, 3, 1)];
    editorA.setSelections(before);
    type(editorA, 'x');
    expect(a.model.getValue()).toBe('zero\nx\nx\ngamma\n');
    b.model.applyEdits([{ range: new Range(1, 1, 1, 1), text: 'top\n' }]);
    editorA.setPosition({ lineNumber: 4, column: 3 });
    press(editorA, 'undo');
    expect(a.model.getValue()).toBe('top\nzero\nalpha\nbeta\ngamma\n');
    expect(selectionsOf(editorA)).toEqual([new Selection(3, 1, 3, 6), new Selection(4, 5, 4, 1)].map(String));
    editorA.setPosition({ lineNumber: 1, column: 1 });
    press(editorA, 'redo');
    expect(a.model.getValue()).toBe('top\nzero\nx\nx\ngamma\n');
    expect(selectionsOf(editorA)).toEqual([new Selection(3, 2, 3, 2), new Selection(4, 2, 4, 2)].map(String));
  });

  it('puts the caret where the text before ended although somebody typed above meanwhile', () => {
    const { b, editorA, editorB } = pair('host\n\nguest\n');
    editorA.setPosition({ lineNumber: 3, column: 6 });
    editorB.setPosition({ lineNumber: 1, column: 5 });
    const typeBoth = (text: string) => {
      for (const character of text) {
        type(editorA, character);
        type(editorB, character);
      }
    };
    typeBoth(' // bea types');
    press(editorA, 'undo');
    expect(b.model.getLineContent(3)).toBe('guest // bea');
    expect(selectionsOf(editorA)).toEqual([new Selection(3, 13, 3, 13)].map(String));
    type(editorA, '!');
    expect(b.model.getLineContent(3)).toBe('guest // bea!');
    press(editorA, 'undo');
    press(editorA, 'undo');
    expect(b.model.getLineContent(3)).toBe('guest //');
    expect(selectionsOf(editorA)).toEqual([new Selection(3, 9, 3, 9)].map(String));
    press(editorA, 'redo');
    expect(selectionsOf(editorA)).toEqual([new Selection(3, 13, 3, 13)].map(String));
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'leaves the caret where the restored text is, whatever others do (seed %i)',
    (seed) => {
      const random = createSeededRandom(seed);
      const { a, b, editorA } = pair('one\n\ntwo\n');
      // What the model of one without company would show: what was typed here, and the caret in it.
      const others = /[^a-z ]/g;
      const own = (offset: number) => a.model.getValue().slice(0, offset).replaceAll(others, '').length;
      const interrupt = () => {
        const offset = random.below(b.model.getValueLength() + 1);
        const position = b.model.getPositionAt(offset);
        b.model.applyEdits([{ range: Range.fromPositions(position), text: random.pick(['#', '\n', '##\n#']) }]);
      };
      const state = () => ({
        text: a.model.getValue().replaceAll(others, ''),
        caret: own(a.model.getOffsetAt(editorA.getPosition() ?? { lineNumber: 1, column: 1 })),
      });
      for (let round = 0; round < 12; round++) {
        editorA.setPosition(a.model.getPositionAt(random.below(a.model.getValueLength() + 1)));
        editorA.pushUndoStop();
        const before = state();
        for (const character of 'word'.slice(0, 1 + random.below(4))) {
          if (random.chance(0.7)) interrupt();
          if (random.chance(0.2)) editorA.trigger('keyboard', 'deleteLeft', undefined);
          type(editorA, character);
        }
        if (random.chance(0.7)) interrupt();
        const after = state();
        let undone = 0;
        while (state().text !== before.text && undone < 9) {
          press(editorA, 'undo');
          if (random.chance(0.7)) interrupt();
          undone += 1;
        }
        expect(state()).toEqual(before);
        for (; undone > 0; undone--) {
          if (random.chance(0.7)) interrupt();
          press(editorA, 'redo');
        }
        expect(state()).toEqual(after);
      }
    },
  );

  it('answers every Monaco command, also after edits to the model that no editor made', () => {
    const { a, editorA } = pair('b\na\n');
    editorA.setSelection(new Selection(1, 1, 2, 2));
    editorA.trigger('menu', 'editor.action.sortLinesAscending', undefined);
    expect(a.model.getValue()).toBe('a\nb\n');
    a.model.pushStackElement();
    a.model.pushEditOperations([], [{ range: new Range(1, 1, 1, 1), text: '# ' }], () => null);
    press(editorA, 'undo');
    expect(a.model.getValue()).toBe('a\nb\n');
    press(editorA, 'undo');
    expect(a.model.getValue()).toBe('b\na\n');
    expect(a.model.canUndo()).toBe(false);
    press(editorA, 'undo');
    expect(a.model.getValue()).toBe('b\na\n');
  });

  it.each([1, 2, 3, 4, 5])('never touches the text of others, however the typing was interleaved (seed %i)', (seed) => {
    const random = createSeededRandom(seed);
    const { a, b, editorA, editorB } = pair('');
    for (let step = 0; step < 120; step++) {
      const [codeEditor, model, letter] = random.chance(0.5)
        ? ([editorA, a.model, 'a'] as const)
        : ([editorB, b.model, 'b'] as const);
      const choice = random.below(8);
      if (choice < 2) codeEditor.setPosition(model.getPositionAt(random.below(model.getValueLength() + 1)));
      else if (choice === 2) codeEditor.pushUndoStop();
      else if (choice === 3) press(codeEditor, random.pick(['undo', 'redo'] as const));
      else type(codeEditor, random.pick([letter, letter.repeat(3), `${letter} ${letter}`]));
    }
    const typedByB = a.text.toJSON().replaceAll(/[^b]/g, '');
    while (a.model.canUndo()) void a.model.undo();
    expect(a.text.toJSON()).not.toContain('a');
    expect(a.text.toJSON().replaceAll(/[^b]/g, '')).toBe(typedByB);
    expect(b.model.getValue()).toBe(a.model.getValue());
  });

  it('gives the model its own undo back when disposed', () => {
    const { a, editorA } = pair('');
    a.undo.dispose();
    type(editorA, 'x');
    expect(a.undo.canUndo).toBe(false);
    expect(Object.keys(a.model)).not.toContain('undo');
    press(editorA, 'undo');
    expect(a.text.toJSON()).toBe('');
  });
});
