import { afterEach, beforeEach, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { DisposableStore, setUnexpectedErrorHandler } from '../../../shared/lifecycle/index.ts';
import { holdDuringComposition } from '../editor/composition.ts';
import { editor } from '../editor/monaco.ts';
import { EDITOR_OPTIONS } from '../editor/editor-options.ts';
import { bindText, type TextBinding } from '../editor/text-binding.ts';
import { TextUndo } from '../editor/undo.ts';

/** One person's document, model, binding and, if asked for, editor. It is taken down when the test finishes. */
export interface EditorReplica {
  readonly doc: Y.Doc;
  readonly text: Y.Text;
  readonly model: editor.ITextModel;
  readonly binding: TextBinding;
  readonly undo: TextUndo;
  addEditor(): editor.IStandaloneCodeEditor;
}

/** Updates from the network have this origin. */
export const NETWORK = 'network';

export function createReplica(clientID: number, initial?: Uint8Array): EditorReplica {
  const doc = new Y.Doc();
  doc.clientID = clientID;
  if (initial) Y.applyUpdate(doc, initial, NETWORK);
  const text = doc.getText('content');
  const model = editor.createModel('', 'plaintext');
  const binding = bindText({ model, text });
  const undo = new TextUndo(binding);
  const store = new DisposableStore();
  onTestFinished(() => {
    store.dispose();
    undo.dispose();
    binding.dispose();
    model.dispose();
    doc.destroy();
  });
  const addEditor = (): editor.IStandaloneCodeEditor => {
    const element = document.createElement('div');
    element.style.cssText = 'width: 800px; height: 400px';
    document.body.append(element);
    const codeEditor = editor.create(element, { ...EDITOR_OPTIONS, model });
    store.add({
      dispose: () => {
        codeEditor.dispose();
        element.remove();
      },
    });
    store.add(holdDuringComposition(codeEditor, binding));
    store.add(undo.trackEditor(codeEditor));
    return codeEditor;
  };
  return { doc, text, model, binding, undo, addEditor };
}

/** Carries every update of each document to the others at once. */
export function connect(...docs: readonly Y.Doc[]): void {
  for (const doc of docs) {
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === NETWORK) return;
      for (const other of docs) if (other !== doc) Y.applyUpdate(other, update, NETWORK);
    });
  }
}

/** The encoded state of a document that holds `content`. */
export function stateOf(content: string): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = 1;
  doc.getText('content').insert(0, content);
  const state = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return state;
}

/** Makes every test of a file fail in which an unexpected error is reported, such as a binding that had to mend its model. */
export function failOnUnexpectedErrors(): void {
  let errors: unknown[] = [];
  beforeEach(() => {
    errors = [];
    setUnexpectedErrorHandler((error) => errors.push(error));
  });
  afterEach(() => {
    setUnexpectedErrorHandler();
    if (errors.length > 0) throw new AggregateError(errors, `Unexpected: ${errors.map(String).join('; ')}`);
  });
}
