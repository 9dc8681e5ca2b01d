import * as Y from 'yjs';

const known = new Map<number, Uint8Array[]>();

/** Updates of somebody who types one character after the other, made once for each author. */
export function typedUpdates(author: number, count: number): readonly Uint8Array[] {
  const updates = known.get(author) ?? [];
  if (updates.length < count) {
    updates.length = 0;
    const doc = new Y.Doc();
    doc.clientID = author;
    doc.on('update', (update: Uint8Array) => updates.push(update));
    const content = doc.getText('content');
    for (let index = 0; index < count; index++) content.insert(index, String.fromCharCode(97 + (index % 26)));
    doc.destroy();
    known.set(author, updates);
  }
  return updates.slice(0, count);
}
