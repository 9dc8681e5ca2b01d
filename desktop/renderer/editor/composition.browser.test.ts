import { describe, expect, it } from 'vitest';
import type {} from '@vitest/browser-playwright';
import { cdp } from 'vitest/browser';
import { connect, createReplica, stateOf } from '../testing/editor-replica.ts';
import { Range } from './monaco.ts';

function compose(text: string): Promise<unknown> {
  return cdp().send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
}

function commit(text: string): Promise<unknown> {
  return cdp().send('Input.insertText', { text });
}

describe('input methods', () => {
  it('compose undisturbed while others edit at the caret, before it and after it', async () => {
    const a = createReplica(10, stateOf('ab\nend'));
    const b = createReplica(11, stateOf('ab\nend'));
    connect(a.doc, b.doc);
    const codeEditor = a.addEditor();
    codeEditor.focus();
    codeEditor.setPosition({ lineNumber: 1, column: 2 });
    await compose('k');
    expect(a.model.getValue()).toBe('akb\nend');
    expect(b.model.getValue()).toBe('akb\nend');
    b.model.applyEdits([
      { range: new Range(1, 1, 1, 1), text: '>>' },
      { range: new Range(1, 3, 1, 3), text: 'REMOTE' },
      { range: new Range(2, 4, 2, 4), text: '!' },
    ]);
    expect(a.model.getValue()).toBe('akb\nend');
    await compose('か');
    await compose('かん');
    b.model.applyEdits([{ range: new Range(1, 1, 1, 2), text: '' }]);
    await compose('かんじ');
    await commit('漢字');
    expect(a.model.getValue()).toBe(a.text.toJSON());
    expect(b.model.getValue()).toBe(a.model.getValue());
    expect(a.model.getValue().replace('REMOTE', '')).toBe('>a漢字b\nend!');
    expect(a.model.getValue()).toContain('REMOTE');
    await commit('x');
    expect(a.model.getValue()).toContain('漢字xREMOTE');
    codeEditor.trigger('keyboard', 'undo', undefined);
    codeEditor.trigger('keyboard', 'undo', undefined);
    expect(b.model.getValue()).toBe(a.model.getValue());
    expect(a.model.getValue()).toContain('REMOTE');
    expect(a.model.getValue()).not.toContain('漢字');
  });

  it('let the text catch up when a composition is given up or the editor loses the focus', async () => {
    const a = createReplica(10, stateOf('ab'));
    const b = createReplica(11, stateOf('ab'));
    connect(a.doc, b.doc);
    const codeEditor = a.addEditor();
    codeEditor.focus();
    await compose('n');
    b.model.applyEdits([{ range: new Range(1, 1, 1, 1), text: '1' }]);
    expect(a.model.getValue()).toBe('nab');
    await compose('');
    expect(a.model.getValue()).toBe(b.model.getValue());
    await compose('n');
    b.model.applyEdits([{ range: new Range(1, 1, 1, 1), text: '2' }]);
    const other = document.createElement('input');
    document.body.append(other);
    other.focus();
    expect(a.model.getValue()).toBe(b.model.getValue());
    expect(a.model.getValue()).toContain('2');
    other.remove();
  });
});
