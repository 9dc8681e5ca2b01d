import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import * as Y from 'yjs';
import { Emitter } from '../../../shared/lifecycle/index.ts';
import { connect } from '../testing/editor-replica.ts';
import { EditorModels } from './editor-models.ts';
import { EditorPane, type PaneSelections } from './editor-pane.ts';
import { languageForPath } from './language-for-path.ts';
import { fetchLanguage } from './language-modules.ts';
import { editor } from './monaco.ts';

interface Document {
  readonly doc: Y.Doc;
  readonly arrive: () => void;
  readonly fail: (error: Error) => void;
  openCount: number;
}

function createSession(contents: Record<string, string>, canWrite = true) {
  const documents = new Map<string, Document>();
  const pending = new Map<string, Promise<Y.Text>>();
  for (const [fileId, content] of Object.entries(contents)) {
    const doc = new Y.Doc();
    const text = doc.getText('content');
    text.insert(0, content);
    const loaded = new Promise<Y.Text>((resolve, reject) => {
      documents.set(fileId, { doc, arrive: () => resolve(text), fail: reject, openCount: 0 });
    });
    pending.set(fileId, loaded);
  }
  const find = (fileId: string): Document => {
    const document = documents.get(fileId);
    if (!document) throw new Error(`No document ${fileId}.`);
    return document;
  };
  const models = new EditorModels({
    openDocument: (fileId) => {
      find(fileId).openCount += 1;
      return {
        text: pending.get(fileId) ?? Promise.reject(new Error('gone')),
        dispose: () => (find(fileId).openCount -= 1),
      };
    },
    canWrite: () => canWrite,
  });
  onTestFinished(() => {
    models.dispose();
    for (const { doc } of documents.values()) doc.destroy();
  });
  return { models, find };
}

function createPane(models: EditorModels): EditorPane {
  const element = document.createElement('div');
  element.style.cssText = 'width: 800px; height: 400px';
  document.body.append(element);
  const pane = new EditorPane({ element, models, options: { smoothScrolling: false } });
  onTestFinished(() => {
    pane.dispose();
    element.remove();
  });
  return pane;
}

describe('editor pane', () => {
  it('shows, and edits, the text of a document that was begun anew, with the caret where it was', async () => {
    const reset = new Emitter<void>();
    onTestFinished(() => reset.dispose());
    const docs = ['one two three\n', 'two three\n'].map((content) => {
      const doc = new Y.Doc();
      doc.getText('content').insert(0, content);
      onTestFinished(() => doc.destroy());
      return doc;
    });
    let opened = 0;
    const models = new EditorModels({
      openDocument: () => {
        const text = docs[opened++]?.getText('content');
        if (!text) throw new Error('opened too often');
        return { text: Promise.resolve(text), onDidReset: reset.event, dispose: () => undefined };
      },
      canWrite: () => true,
    });
    onTestFinished(() => models.dispose());
    const pane = createPane(models);
    pane.show('f1', 'src/a.ts');
    await vi.waitFor(() => expect(pane.state?.kind).toBe('ready'));
    pane.reveal({ lineNumber: 1, column: 9 });
    reset.fire();
    expect(pane.state?.kind).toBe('loading');
    pane.codeEditor.trigger('keyboard', 'type', { text: 'lost' });
    await vi.waitFor(() => expect(pane.state?.kind).toBe('ready'));
    expect(pane.codeEditor.getValue()).toBe('two three\n');
    expect(pane.codeEditor.getPosition()).toMatchObject({ column: 5 });
    pane.codeEditor.trigger('keyboard', 'type', { text: 'X' });
    expect(docs.map((doc) => doc.getText('content').toString())).toEqual(['one two three\n', 'two Xthree\n']);
    pane.execute('undo');
    expect(docs[1]?.getText('content').toString()).toBe('two three\n');
    docs[1]?.getText('content').insert(0, 'still ');
    await vi.waitFor(() => expect(pane.codeEditor.getValue()).toBe('still two three\n'));
  });

  it('is read-only until the text arrives, and then edits it', async () => {
    const { models, find } = createSession({ f1: 'const a = 1;\n' });
    const pane = createPane(models);
    pane.show('f1', 'src/a.ts');
    expect(pane.state?.kind).toBe('loading');
    pane.codeEditor.trigger('keyboard', 'type', { text: 'lost' });
    expect(pane.codeEditor.getValue()).toBe('');
    find('f1').arrive();
    await vi.waitUntil(() => pane.state?.kind === 'ready');
    expect(pane.codeEditor.getValue()).toBe('const a = 1;\n');
    await fetchLanguage('typescript');
    expect(pane.codeEditor.getModel()?.getLanguageId()).toBe('typescript');
    pane.codeEditor.trigger('keyboard', 'type', { text: '//' });
    expect(find('f1').doc.getText('content').toJSON()).toBe('//const a = 1;\n');
    pane.setReadOnly('You may only read this room.');
    pane.codeEditor.trigger('keyboard', 'type', { text: 'x' });
    expect(pane.codeEditor.getValue()).toBe('//const a = 1;\n');
    pane.setReadOnly(undefined);
    pane.execute('undo');
    expect(pane.codeEditor.getValue()).toBe('const a = 1;\n');
  });

  it('stays read-only and says why when the text cannot be loaded', async () => {
    const { models, find } = createSession({ f1: '' });
    const pane = createPane(models);
    pane.show('f1', 'a.txt');
    find('f1').fail(new Error('The relay does not know *a.b*.'));
    await vi.waitUntil(() => pane.state?.kind === 'failed');
    expect(pane.codeEditor.getOption(editor.EditorOption.readOnly)).toBe(true);
    expect(pane.codeEditor.getOption(editor.EditorOption.readOnlyMessage)).toMatchObject({
      value: 'The relay does not know \\*a\\.b\\*.',
    });
  });

  it('tells why at the caret when somebody types where they may only read', async () => {
    const { models, find } = createSession({ f1: 'const a = 1;\n' });
    const pane = createPane(models);
    pane.show('f1', 'src/a.ts');
    find('f1').arrive();
    await vi.waitUntil(() => pane.state?.kind === 'ready');
    pane.setReadOnly('You are here as a viewer.');
    pane.focus();
    await userEvent.keyboard('x');
    await expect.element(page.getByRole('paragraph').getByText('You are here as a viewer.')).toBeVisible();
    expect(pane.codeEditor.getValue()).toBe('const a = 1;\n');
    pane.setReadOnly(undefined);
    await expect.element(page.getByRole('paragraph').getByText('You are here as a viewer.')).not.toBeInTheDocument();
  });

  it('keeps the view of each file, shares models between panes, and lets go of what nobody shows', async () => {
    const lines = Array.from({ length: 200 }, (_, line) => `line ${line}`).join('\n');
    const { models, find } = createSession({ f1: lines, f2: 'second' });
    const [left, right] = [createPane(models), createPane(models)];
    find('f1').arrive();
    find('f2').arrive();
    left.show('f1', 'one.txt');
    await vi.waitUntil(() => left.state?.kind === 'ready');
    left.reveal({ lineNumber: 150, column: 3 });
    const top = left.codeEditor.getScrollTop();
    expect(top).toBeGreaterThan(0);
    left.show('f2', 'two.txt');
    await vi.waitUntil(() => left.state?.kind === 'ready');
    right.show('f1', 'one.txt');
    expect(right.state?.kind).toBe('ready');
    left.show('f1', 'one.txt');
    expect(left.codeEditor.getPosition()).toMatchObject({ lineNumber: 150, column: 3 });
    expect(left.codeEditor.getScrollTop()).toBe(top);
    expect(right.codeEditor.getModel()).toBe(left.codeEditor.getModel());
    expect(find('f1').openCount).toBe(1);
    left.close('f1');
    expect(left.codeEditor.getModel()).toBeNull();
    expect(find('f1').openCount).toBe(1);
    right.close('f1');
    expect(find('f1').openCount).toBe(0);
    expect(editor.getModels().filter(({ uri }) => uri.path.includes('one.txt'))).toEqual([]);
    expect(find('f1').doc.getText('content')._eH.l).toHaveLength(0);
  });

  it('tells its cursors and draws those of others', async () => {
    const { models, find } = createSession({ f1: 'alpha beta' });
    const [left, right] = [createPane(models), createPane(createSessionOn(find('f1').doc))];
    find('f1').arrive();
    left.show('f1', 'a.txt');
    right.show('f1', 'a.txt');
    await vi.waitUntil(() => left.state?.kind === 'ready' && right.state?.kind === 'ready');
    const sent: PaneSelections[] = [];
    const listener = left.onDidChangeSelections((selections) => sent.push(selections));
    onTestFinished(() => listener.dispose());
    left.reveal({ lineNumber: 1, column: 7 });
    await vi.waitUntil(() => sent.length > 0);
    const selections = sent.at(-1)?.selections ?? new Uint8Array();
    right.setPeers([{ presenceId: 'left', name: 'Lea', colorIndex: 4, isActive: true, selections }]);
    await vi.waitUntil(() => right.revealPeer('left'));
    await vi.waitFor(() =>
      expect(right.codeEditor.getDomNode()?.querySelector('.tutti-peer-caret.tutti-peer-4')).not.toBeNull(),
    );
  });

  it('takes on the language of a new name', async () => {
    const { models, find } = createSession({ f1: '#!/usr/bin/env python\nprint(1)\n' });
    const pane = createPane(models);
    pane.show('f1', 'tool');
    find('f1').arrive();
    await vi.waitUntil(() => pane.state?.kind === 'ready');
    await fetchLanguage('python');
    expect(pane.codeEditor.getModel()?.getLanguageId()).toBe('python');
    models.rename('f1', 'tool.rs');
    await fetchLanguage('rust');
    expect(pane.codeEditor.getModel()?.getLanguageId()).toBe('rust');
  });

  it('does nothing with a text that arrives after its file was closed', async () => {
    const { models, find } = createSession({ f1: 'late' });
    const pane = createPane(models);
    pane.show('f1', 'a.txt');
    pane.close('f1');
    find('f1').arrive();
    await Promise.resolve();
    expect(find('f1').openCount).toBe(0);
    expect(find('f1').doc.getText('content')._eH.l).toHaveLength(0);
  });
});

/** Another person's models, on a copy of the document that follows it. */
function createSessionOn(original: Y.Doc): EditorModels {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(original));
  connect(original, doc);
  const models = new EditorModels({
    openDocument: () => ({ text: Promise.resolve(doc.getText('content')), dispose: () => undefined }),
    canWrite: () => true,
  });
  onTestFinished(() => {
    models.dispose();
    doc.destroy();
  });
  return models;
}

describe('languages', () => {
  it.each([
    ['src/main.ts', 'typescript'],
    ['a/b.d.ts', 'typescript'],
    ['App.tsx', 'typescript'],
    ['package.json', 'json'],
    ['Dockerfile', 'dockerfile'],
    ['README.md', 'markdown'],
    ['Makefile', 'plaintext'],
    ['notes', 'plaintext'],
    ['styles.SCSS', 'scss'],
    ['deploy.sh', 'shell'],
    ['x.py', 'python'],
  ])('of %s is %s', (path, language) => {
    expect(languageForPath(path)).toBe(language);
  });
});
