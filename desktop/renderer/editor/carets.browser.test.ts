import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSeededRandom } from '../../../shared/testing/seeded-random.ts';
import { connect, createReplica, failOnUnexpectedErrors, NETWORK, stateOf } from '../testing/editor-replica.ts';
import { type editor, Range, Selection } from './monaco.ts';
import { resolveSelection, toOffsets, toRelative } from './relative-selection.ts';

failOnUnexpectedErrors();

function pair(content: string) {
  const a = createReplica(10, stateOf(content));
  const b = createReplica(11, stateOf(content));
  connect(a.doc, b.doc);
  return { a, b, editorA: a.addEditor(), editorB: b.addEditor() };
}

function type(codeEditor: editor.ICodeEditor, text: string): void {
  for (const character of text) codeEditor.trigger('keyboard', 'type', { text: character });
}

function selectionsOf(codeEditor: editor.ICodeEditor): string[] {
  return (codeEditor.getSelections() ?? []).map(String);
}

function caret(line: number, column: number): string {
  return String(new Selection(line, column, line, column));
}

describe('a caret at which somebody else inserts', () => {
  it.each([
    ['in an empty file', '', 1, 1],
    ['at the beginning', 'alpha\nbeta', 1, 1],
    ['within a line', 'alpha\nbeta', 1, 3],
    ['before an emoji', 'al😀pha', 1, 3],
    ['at the end of a line', 'alpha\nbeta', 1, 6],
    ['at the end of the file', 'alpha\nbeta', 2, 5],
  ])('stays %s, so that two people who type there do not mix their letters', (_, content, lineNumber, column) => {
    const { a, b, editorA, editorB } = pair(content);
    editorA.setPosition({ lineNumber, column });
    editorB.setPosition({ lineNumber, column });
    for (let index = 0; index < 6; index++) {
      type(editorB, 'BOTHER'.charAt(index));
      type(editorA, 'hosted'.charAt(index));
    }
    expect(a.text.toJSON()).toContain('hostedBOTHER');
    expect(b.model.getValue()).toBe(a.model.getValue());
    expect(selectionsOf(editorA)).toEqual([caret(lineNumber, column + 6)]);
    expect(selectionsOf(editorB)).toEqual([caret(lineNumber, column + 12)]);
  });

  it.each([1, 2, 3, 4, 5, 6])('keeps three people apart whose letters cross on the way (seed %i)', (seed) => {
    const random = createSeededRandom(seed);
    const people = [10, 11, 12].map((clientID) => {
      const replica = createReplica(clientID, stateOf(''));
      const inbox: Uint8Array[] = [];
      return {
        ...replica,
        codeEditor: replica.addEditor(),
        inbox,
        left: String.fromCharCode(87 + clientID).repeat(20),
      };
    });
    for (const person of people) {
      person.doc.on('update', (update: Uint8Array, origin: unknown) => {
        if (origin === NETWORK) return;
        for (const other of people) if (other !== person) other.inbox.push(update);
      });
    }
    while (people.some(({ left, inbox }) => left !== '' || inbox.length > 0)) {
      const person = random.pick(people);
      if (random.chance(0.5)) {
        type(person.codeEditor, person.left.slice(0, 1));
        person.left = person.left.slice(1);
      } else {
        for (const update of person.inbox.splice(0, 1 + random.below(4))) Y.applyUpdate(person.doc, update, NETWORK);
      }
    }
    for (const { text, model } of people) {
      expect(text.toJSON()).toMatch(/^(?:(.)\1{19}){3}$/);
      expect(model.getValue()).toBe(people[0]?.text.toJSON());
    }
  });

  it('stays in every editor of the model and at each of several cursors, also two that are neighbours', () => {
    const { a, b, editorA } = pair('one two\nthree\n');
    const second = a.addEditor();
    const before = [
      new Selection(1, 1, 1, 1),
      new Selection(1, 2, 1, 2),
      new Selection(2, 6, 2, 6),
      new Selection(3, 1, 3, 1),
    ];
    editorA.setSelections(before);
    second.setSelections(before.toReversed());
    b.model.applyEdits([
      { range: new Range(1, 1, 1, 1), text: '<' },
      { range: new Range(1, 2, 1, 2), text: '😀' },
      { range: new Range(2, 6, 2, 6), text: '\n>' },
      { range: new Range(3, 1, 3, 1), text: 'end' },
    ]);
    const after = [caret(1, 1), caret(1, 3), caret(2, 6), caret(4, 1)];
    expect(a.model.getValue()).toBe('<o😀ne two\nthree\n>\nend');
    expect(selectionsOf(editorA)).toEqual(after);
    expect(selectionsOf(second).toSorted()).toEqual(after);
  });

  it('keeps a selection to what was selected, whichever way it was made', () => {
    const { b, editorA } = pair('alpha beta');
    for (const selection of [new Selection(1, 7, 1, 11), new Selection(1, 11, 1, 7)]) {
      editorA.setSelection(selection);
      b.model.applyEdits([
        { range: new Range(1, 7, 1, 7), text: 'x' },
        { range: new Range(1, 11, 1, 11), text: 'y' },
      ]);
      const { startColumn, endColumn } = editorA.getSelection() ?? new Range(1, 1, 1, 1);
      expect([startColumn, endColumn]).toEqual([8, 12]);
      b.model.applyEdits([
        { range: new Range(1, 7, 1, 8), text: '' },
        { range: new Range(1, 12, 1, 13), text: '' },
      ]);
    }
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'and every other one is where Yjs would put it, in two editors (seed %i)',
    (seed) => {
      const random = createSeededRandom(seed);
      const { a, b, editorA } = pair('alpha 😀 beta\n\ngamma😀\n');
      const editors = [editorA, a.addEditor()];
      const sorted = (all: readonly (readonly [number, number])[]) => all.map(String).toSorted();
      for (let round = 0; round < 60; round++) {
        for (const codeEditor of editors) {
          const place = () => a.model.getPositionAt(random.below(a.model.getValueLength() + 1));
          const made = Array.from({ length: 1 + random.below(3) }, () => {
            const start = a.model.validatePosition(place());
            return Selection.fromPositions(start, random.chance(0.7) ? start : a.model.validatePosition(place()));
          });
          codeEditor.setSelections(made);
        }
        const before = editors.map((codeEditor) =>
          (codeEditor.getSelections() ?? []).map((selection) => toRelative(a.binding, toOffsets(a.model, selection))),
        );
        // Often exactly at a caret or an edge of a selection.
        const edges = editors.flatMap((codeEditor) =>
          (codeEditor.getSelections() ?? []).map((selection) => a.model.getOffsetAt(selection.getPosition())),
        );
        const inserts = Array.from({ length: 1 + random.below(3) }, () => {
          const offset = random.chance(0.6) ? random.pick(edges) : random.below(b.model.getValueLength() + 1);
          return b.model.getOffsetAt(b.model.validatePosition(b.model.getPositionAt(offset)));
        });
        b.doc.transact(() => {
          // From the end to the beginning, so that each offset still means the same.
          for (const offset of inserts.toSorted((one, other) => other - one)) {
            b.text.insert(offset, random.pick(['x', '😀', '\n', 'two\nlines']));
          }
        });
        for (const [index, codeEditor] of editors.entries()) {
          const now = (codeEditor.getSelections() ?? []).map((selection) => toOffsets(a.model, selection));
          const expected = (before[index] ?? []).map((selection) => resolveSelection(a.binding, selection));
          expect(sorted(now.map(({ anchor, head }) => [anchor, head]))).toEqual(
            sorted(expected.map((found) => [found?.anchor ?? -1, found?.head ?? -1])),
          );
        }
      }
    },
  );

  it('goes on moving along with what is inserted at it here', () => {
    const { a, b, editorA } = pair('ab');
    editorA.setPosition({ lineNumber: 1, column: 2 });
    b.model.applyEdits([{ range: new Range(1, 2, 1, 2), text: 'B' }]);
    a.model.applyEdits([{ range: new Range(1, 2, 1, 2), text: 'here' }]);
    expect(selectionsOf(editorA)).toEqual([caret(1, 6)]);
  });

  it.each(['text', '\uFEFFtext', '\uFEFF\uFEFF'])(
    'stays at the start of a file whose text comes late: %j',
    (content) => {
      const a = createReplica(10);
      const codeEditor = a.addEditor();
      Y.applyUpdate(a.doc, stateOf(content), NETWORK);
      expect(a.model.getValue()).toBe(content);
      expect(selectionsOf(codeEditor)).toEqual([caret(1, 1)]);
    },
  );
});
