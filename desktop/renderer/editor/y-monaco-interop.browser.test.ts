import { describe, expect, it, onTestFinished } from 'vitest';
import { MonacoBinding } from 'y-monaco';
import * as Y from 'yjs';
import { createSeededRandom } from '../../../shared/testing/seeded-random.ts';
import { connect, createReplica, stateOf } from '../testing/editor-replica.ts';
import { editor, Range } from './monaco.ts';

function createStockPeer(state: Uint8Array) {
  const doc = new Y.Doc();
  doc.clientID = 20;
  Y.applyUpdate(doc, state);
  const text = doc.getText('content');
  const model = editor.createModel('', 'plaintext');
  model.setEOL(editor.EndOfLineSequence.LF);
  const binding = new MonacoBinding(text, model);
  onTestFinished(() => {
    binding.destroy();
    model.dispose();
    doc.destroy();
  });
  return { doc, text, model };
}

describe('a peer with stock y-monaco', () => {
  it.each([1, 2, 3, 4, 5])('joins, edits and ends with the same text (seed %i)', (seed) => {
    const random = createSeededRandom(seed);
    const tutti = createReplica(10, stateOf('fn main() {\n  "😀"\n}\n'));
    const codeEditor = tutti.addEditor();
    tutti.model.applyEdits([{ range: new Range(1, 1, 1, 1), text: '// before the peer joined\n' }]);
    const stock = createStockPeer(Y.encodeStateAsUpdate(tutti.doc));
    expect(stock.model.getValue()).toBe(tutti.model.getValue());
    connect(tutti.doc, stock.doc);
    for (let step = 0; step < 120; step++) {
      const model = random.chance(0.5) ? tutti.model : stock.model;
      const start = model.getPositionAt(random.below(model.getValueLength() + 1));
      const end = model.getPositionAt(model.getOffsetAt(start) + random.below(5));
      const range = model.validateRange(Range.fromPositions(start, end));
      if (random.chance(0.1)) {
        codeEditor.focus();
        codeEditor.trigger('keyboard', random.pick(['undo', 'redo']), undefined);
      } else {
        model.pushEditOperations(null, [{ range, text: random.pick(['a', '\n', '😀', 'word ', '']) }], () => null);
      }
      expect(stock.model.getValue()).toBe(tutti.model.getValue());
    }
    expect(tutti.text.toJSON()).toBe(tutti.model.getValue());
    expect(stock.text.toJSON()).toBe(tutti.model.getValue());
  });
});
