import { describe, expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { connect, createReplica, failOnUnexpectedErrors, NETWORK, stateOf } from '../testing/editor-replica.ts';
import { editor, Range, Selection } from './monaco.ts';
import { bindText } from './text-binding.ts';

failOnUnexpectedErrors();

function at(line: number, column: number): Range {
  return new Range(line, column, line, column);
}

describe('text binding', () => {
  it('shows the text and follows it both ways', () => {
    const { text, model } = createReplica(10, stateOf('hello\nworld'));
    expect(model.getValue()).toBe('hello\nworld');
    model.applyEdits([{ range: at(1, 1), text: 'x' }]);
    expect(text.toJSON()).toBe('xhello\nworld');
    text.insert(0, '>>');
    expect(model.getValue()).toBe('>>xhello\nworld');
  });

  it('applies a remote delta of several parts as one edit', () => {
    const { text, model } = createReplica(10, stateOf('one two three four'));
    let events = 0;
    const listener = model.onDidChangeContent(() => (events += 1));
    text.applyDelta([
      { insert: 'A' },
      { retain: 4 },
      { delete: 3 },
      { insert: 'ZWEI\n' },
      { retain: 1 },
      { delete: 5 },
    ]);
    listener.dispose();
    expect(model.getValue()).toBe(text.toJSON());
    expect(model.getValue()).toBe('Aone ZWEI\n  four');
    expect(events).toBe(1);
  });

  it('writes a multi-cursor edit in one transaction', () => {
    const replica = createReplica(10, stateOf('a\nb\nc\n'));
    const codeEditor = replica.addEditor();
    let updates = 0;
    replica.doc.on('update', () => (updates += 1));
    codeEditor.setSelections([new Selection(1, 1, 1, 1), new Selection(2, 2, 2, 1), new Selection(3, 2, 3, 2)]);
    codeEditor.trigger('keyboard', 'type', { text: '#' });
    expect(replica.text.toJSON()).toBe('#a\n#\nc#\n');
    expect(updates).toBe(1);
  });

  it('keeps several cursors and selections where they were when others edit', () => {
    const replica = createReplica(10, stateOf('first line\nsecond line\nthird line'));
    const codeEditor = replica.addEditor();
    codeEditor.setSelections([new Selection(1, 2, 1, 6), new Selection(2, 8, 2, 1), new Selection(3, 4, 3, 4)]);
    replica.text.insert(0, 'new\n');
    expect(codeEditor.getSelections()?.map(String)).toEqual(
      [new Selection(2, 2, 2, 6), new Selection(3, 8, 3, 1), new Selection(4, 4, 4, 4)].map(String),
    );
  });

  it('turns CRLF and lone CR into LF on both sides', () => {
    const replica = createReplica(10, stateOf('x'));
    const codeEditor = replica.addEditor();
    codeEditor.setPosition({ lineNumber: 1, column: 2 });
    codeEditor.trigger('keyboard', 'paste', { text: 'a\r\nb\rc\nd', pasteOnNewLine: false });
    expect(replica.model.getValue()).toBe('xa\nb\nc\nd');
    expect(replica.text.toJSON()).toBe('xa\nb\nc\nd');
    replica.model.applyEdits([{ range: at(1, 1), text: '\r' }]);
    expect(replica.text.toJSON()).toBe('\nxa\nb\nc\nd');
    expect(replica.model.getValue()).toBe(replica.text.toJSON());
  });

  it('removes the carriage returns that a foreign client brings, and keeps a lone one in step', () => {
    const a = createReplica(10, stateOf('1\r\n2\r\n'));
    expect(a.text.toJSON()).toBe('1\n2\n');
    expect(a.model.getValue()).toBe('1\n2\n');
    a.text.insert(1, 'x\r\ny\r');
    expect(a.text.toJSON()).toBe('1x\ny\r\n2\n'.replace('\r\n', '\n'));
    expect(a.model.getValue()).toBe(a.text.toJSON());
    a.text.insert(0, 'p\rq');
    expect(a.model.getValue().length).toBe(a.text.length);
    expect(a.model.getValue()).toBe(a.text.toJSON().replace('\r', '\n'));
  });

  it('does not write to a text that this person may only read', () => {
    const doc = new Y.Doc();
    const text = doc.getText('content');
    text.insert(0, 'a\r\nb');
    const model = editor.createModel('', 'plaintext');
    const binding = bindText({ model, text, canWrite: () => false });
    onTestFinished(() => (binding.dispose(), model.dispose(), doc.destroy()));
    expect(text.toJSON()).toBe('a\r\nb');
    text.insert(4, 'c');
    expect(model.getValue()).toBe('a\n\nbc');
  });

  it('puts LF back when something changes the line ending, and loses nothing edited meanwhile', () => {
    const { model, text } = createReplica(10, stateOf('one\ntwo\nthree'));
    model.pushEOL(editor.EndOfLineSequence.CRLF);
    expect(model.getEOL()).toBe('\n');
    expect(text.toJSON()).toBe('one\ntwo\nthree');
    model.setEOL(editor.EndOfLineSequence.CRLF);
    model.applyEdits([{ range: at(3, 1), text: 'x' }]);
    expect(text.toJSON()).toBe('one\ntwo\nxthree');
    model.setValue('one\r\ntwo\r\nfour');
    expect(text.toJSON()).toBe('one\ntwo\nfour');
    expect(model.getValue()).toBe('one\ntwo\nfour');
  });

  it('takes in an edit that an earlier listener made while the model had CRLF', () => {
    const doc = new Y.Doc();
    const text = doc.getText('content');
    text.insert(0, 'one\ntwo\nthree');
    const model = editor.createModel('one\ntwo\nthree', 'plaintext');
    let isEdited = false;
    const listener = model.onDidChangeContent((event) => {
      if (!event.isEolChange || isEdited) return;
      isEdited = true;
      model.applyEdits([{ range: at(3, 1), text: '>' }]);
    });
    const binding = bindText({ model, text });
    onTestFinished(() => (binding.dispose(), listener.dispose(), model.dispose(), doc.destroy()));
    model.setEOL(editor.EndOfLineSequence.CRLF);
    expect(model.getValue()).toBe('one\ntwo\n>three');
    expect(text.toJSON()).toBe('one\ntwo\n>three');
  });

  it.each(['before', 'after'])('keeps edits made by a listener that was added %s the binding', (order) => {
    const doc = new Y.Doc();
    const text = doc.getText('content');
    text.insert(0, 'ab');
    const model = editor.createModel('ab', 'plaintext');
    let budget = 0;
    const listen = (): void => {
      const listener = model.onDidChangeContent(() => {
        if (budget-- > 0) model.applyEdits([{ range: at(1, 2), text: String(budget) }]);
      });
      onTestFinished(() => listener.dispose());
    };
    if (order === 'before') listen();
    const binding = bindText({ model, text });
    if (order === 'after') listen();
    onTestFinished(() => (binding.dispose(), model.dispose(), doc.destroy()));
    budget = 3;
    model.applyEdits([{ range: at(1, 1), text: 'L' }]);
    expect(text.toJSON()).toBe(model.getValue());
    expect(text.toJSON()).toHaveLength(6);
    budget = 3;
    text.insert(0, 'R');
    expect(text.toJSON()).toBe(model.getValue());
    expect(text.toJSON()).toHaveLength(10);
  });

  it('puts announcements that Monaco delivers out of order back into order', () => {
    const doc = new Y.Doc();
    const text = doc.getText('content');
    text.insert(0, '0123456789');
    const model = editor.createModel('0123456789', 'plaintext');
    let isArmed = false;
    const versions: number[] = [];
    const editOnce = (column: number, inserted: string) => {
      let isDone = false;
      const listener = model.onDidChangeContent(() => {
        if (!isArmed || isDone) return;
        isDone = true;
        model.applyEdits([{ range: at(1, column), text: inserted }]);
      });
      onTestFinished(() => listener.dispose());
    };
    editOnce(3, 'AAA');
    const binding = bindText({ model, text });
    const listener = model.onDidChangeContent(({ versionId }) => versions.push(versionId));
    editOnce(8, 'CC');
    onTestFinished(() => (listener.dispose(), binding.dispose(), model.dispose(), doc.destroy()));
    isArmed = true;
    model.applyEdits([{ range: at(1, 1), text: '>' }]);
    expect(versions).not.toEqual(versions.toSorted((a, b) => a - b));
    expect(text.toJSON()).toBe(model.getValue());
  });

  it('keeps a model edit made by an observer of the text that runs first, and one made inside a foreign transaction', () => {
    const doc = new Y.Doc();
    const text = doc.getText('content');
    text.insert(0, 'abc');
    const model = editor.createModel('', 'plaintext');
    let isArmed = false;
    const observer = (): void => {
      if (!isArmed) return;
      isArmed = false;
      model.applyEdits([{ range: at(1, 3), text: '|' }]);
    };
    text.observe(observer);
    const binding = bindText({ model, text });
    onTestFinished(() => (binding.dispose(), model.dispose(), doc.destroy()));
    isArmed = true;
    text.insert(0, 'XYZ');
    expect(text.toJSON()).toBe('XYZab|c');
    expect(model.getValue()).toBe('XYZab|c');
    doc.transact(() => {
      model.applyEdits([{ range: at(1, 1), text: '(' }]);
      text.insert(text.length, ')');
    }, 'somebody');
    expect(text.toJSON()).toBe('(XYZab|c)');
    expect(model.getValue()).toBe('(XYZab|c)');
  });

  it('keeps two models on one text identical, also when a listener on one edits', () => {
    const a = createReplica(10, stateOf('abc'));
    const second = editor.createModel('', 'plaintext');
    const binding = bindText({ model: second, text: a.text });
    let isArmed = true;
    const listener = a.model.onDidChangeContent(() => {
      if (!isArmed) return;
      isArmed = false;
      second.applyEdits([{ range: at(1, 3), text: '2' }]);
    });
    onTestFinished(() => (listener.dispose(), binding.dispose(), second.dispose()));
    a.text.insert(0, 'R');
    second.applyEdits([{ range: at(1, 1), text: 'S' }]);
    a.model.applyEdits([{ range: at(1, 1), text: 'M' }]);
    expect(second.getValue()).toBe(a.text.toJSON());
    expect(a.model.getValue()).toBe(a.text.toJSON());
    expect(a.text.toJSON()).toHaveLength(7);
  });

  it('agrees with every replica about a surrogate pair that somebody split', () => {
    const a = createReplica(10, stateOf('x😀y😀z'));
    const b = createReplica(11, stateOf('x😀y😀z'));
    connect(a.doc, b.doc);
    a.text.insert(2, 'in');
    a.text.delete(7, 1);
    expect(a.model.getValue()).toBe(a.text.toJSON());
    expect(b.model.getValue()).toBe(b.text.toJSON());
    expect(a.text.toJSON()).toBe(b.text.toJSON());
  });

  it('replaces a lone surrogate, which could not be sent, in the model too', () => {
    const a = createReplica(10, stateOf(''));
    const b = createReplica(11, stateOf(''));
    connect(a.doc, b.doc);
    a.model.applyEdits([{ range: at(1, 1), text: 'a\ud83db 😀' }]);
    expect(a.model.getValue()).toBe('a\uFFFDb 😀');
    expect(b.model.getValue()).toBe('a\uFFFDb 😀');
  });

  it('keeps a byte order mark and an embedded object of a foreign client in step', () => {
    const a = createReplica(10, stateOf('\uFEFFabc'));
    expect(a.model.getValueLength()).toBe(4);
    a.text.insertEmbed(2, { image: 'x' });
    expect(a.model.getValueLength()).toBe(5);
    a.model.applyEdits([{ range: at(1, 6), text: '!' }]);
    expect(a.text.length).toBe(6);
    expect(a.text.toJSON()).toBe('\uFEFFabc!');
  });

  it('stays in step with what a foreign client puts into a text that is no text, and cannot be deleted', () => {
    const a = createReplica(10, stateOf('abc'));
    const foreign = new Y.Doc();
    foreign.clientID = 90;
    foreign.getArray('content').insert(0, [1, 2]);
    Y.applyUpdate(a.doc, Y.encodeStateAsUpdate(foreign));
    expect(a.model.getValue()).toBe('abc\uFFFC\uFFFC');
    const b = createReplica(11, Y.encodeStateAsUpdate(a.doc));
    connect(a.doc, b.doc);
    b.model.applyEdits([{ range: at(1, 6), text: 'xyz' }]);
    a.model.applyEdits([{ range: at(1, 7), text: '-' }]);
    expect(b.model.getValue()).toBe('abc\uFFFC\uFFFCx-yz');
    a.model.applyEdits([{ range: new Range(1, 3, 1, 7), text: '' }]);
    expect(a.model.getValue()).toBe('ab\uFFFC\uFFFC-yz');
    expect(b.model.getValue()).toBe('ab\uFFFC\uFFFC-yz');
  });

  it('rewrites only what differs when a model is set anew', () => {
    const a = createReplica(10, stateOf('alpha beta gamma'));
    let bytes = 0;
    a.doc.on('update', (update: Uint8Array) => (bytes += update.length));
    a.model.setValue('alpha BETA gamma');
    expect(a.text.toJSON()).toBe('alpha BETA gamma');
    expect(bytes).toBeLessThan(60);
  });

  it('lets a held model lag, writes local edits meanwhile, and catches up on release', () => {
    const a = createReplica(10, stateOf('hello world'));
    const b = createReplica(11, stateOf('hello world'));
    connect(a.doc, b.doc);
    const hold = a.binding.hold();
    b.model.applyEdits([
      { range: at(1, 1), text: '>> ' },
      { range: new Range(1, 6, 1, 7), text: '_' },
    ]);
    expect(a.model.getValue()).toBe('hello world');
    a.model.applyEdits([{ range: at(1, 12), text: '!' }]);
    a.model.applyEdits([{ range: new Range(1, 1, 1, 3), text: 'HE' }]);
    expect(a.model.getValue()).toBe('HEllo world!');
    expect(b.model.getValue()).toBe('>> HEllo_world!');
    hold.dispose();
    expect(a.model.getValue()).toBe('>> HEllo_world!');
  });

  it('leaves nothing behind when disposed', () => {
    const a = createReplica(10, stateOf('abc'));
    const binding = bindText({ model: a.model, text: a.text });
    binding.dispose();
    a.undo.dispose();
    a.binding.dispose();
    a.text.insert(0, 'x');
    expect(a.model.getValue()).toBe('abc');
    a.model.applyEdits([{ range: at(1, 1), text: 'y' }]);
    expect(a.text.toJSON()).toBe('xabc');
    expect(a.text._eH.l).toHaveLength(0);
    expect(a.doc._observers.get('beforeObserverCalls')?.size ?? 0).toBe(0);
    expect(a.doc._observers.get('afterTransaction')?.size ?? 0).toBe(0);
  });

  it('disposes itself with its model', () => {
    const a = createReplica(10, stateOf('abc'));
    a.model.dispose();
    Y.applyUpdate(a.doc, stateOf('abc'), NETWORK);
    a.text.insert(0, 'x');
    expect(a.text._eH.l).toHaveLength(0);
  });
});
