import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { readUnsentText, readUnsentTexts } from './unsent-texts.ts';

function record(edit: (text: Y.Text) => void, base: readonly Uint8Array[] = []): Uint8Array[] {
  const doc = new Y.Doc();
  for (const update of base) Y.applyUpdate(doc, update);
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => void updates.push(update));
  edit(doc.getText('content'));
  doc.destroy();
  return updates;
}

it('tells the text with and without what the relay has not acked', () => {
  const acked = record((text) => text.insert(0, 'one two'));
  const unacked = record((text) => {
    text.delete(0, 4);
    text.insert(3, ' three');
  }, acked);
  expect(readUnsentText({ document: 'f', acked, unacked })).toEqual({
    fileId: 'f',
    before: 'one two',
    after: 'two three',
  });
});

it('knows a file that the relay has nothing of, and edits that came to nothing', () => {
  const unacked = record((text) => text.insert(0, 'new'));
  expect(readUnsentText({ document: 'f', acked: [], unacked })).toEqual({
    fileId: 'f',
    before: undefined,
    after: 'new',
  });
  const nothing = record((text) => {
    text.insert(0, 'x');
    text.delete(0, 1);
  }, unacked);
  expect(readUnsentText({ document: 'f', acked: unacked, unacked: nothing })).toBeUndefined();
});

it('tells those of files only', () => {
  const unacked = record((text) => text.insert(0, 'new'));
  const documents = ['index', 'chat', 'f', 'g'].map((document) => ({ document, acked: [], unacked }));
  expect(readUnsentTexts(documents).map(({ fileId }) => fileId)).toEqual(['f', 'g']);
});
