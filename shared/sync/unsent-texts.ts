import * as Y from 'yjs';
import { CONTENT_TEXT, isReservedDocument, readContent } from '../workspace/index.ts';

/** What a device keeps of a document that has edits which the relay has not acked. */
export interface UnsentDocument {
  readonly document: string;
  /** What the relay has, in an order in which it can be applied; empty when it has nothing of the document. */
  readonly acked: readonly Uint8Array[];
  readonly unacked: readonly Uint8Array[];
}

/** The text of a file document with and without the edits that the relay does not have. */
export interface UnsentText {
  readonly fileId: string;
  /** Undefined when the relay has nothing of it. */
  readonly before: string | undefined;
  readonly after: string;
}

/** Tells what was edited in a document; undefined when its text is the same with the edits. */
export function readUnsentText({ document, acked, unacked }: UnsentDocument): UnsentText | undefined {
  const doc = new Y.Doc();
  try {
    const apply = (updates: readonly Uint8Array[]) =>
      doc.transact(() => {
        for (const update of updates) Y.applyUpdate(doc, update);
      });
    apply(acked);
    // A store may keep the state of a document that is empty.
    const before = doc.store.clients.size === 0 ? undefined : readContent(doc.getText(CONTENT_TEXT));
    apply(unacked);
    const after = readContent(doc.getText(CONTENT_TEXT));
    return after === (before ?? '') ? undefined : { fileId: document, before, after };
  } finally {
    doc.destroy();
  }
}

/** The same for all documents that hold a file. */
export function readUnsentTexts(documents: readonly UnsentDocument[]): readonly UnsentText[] {
  return documents.flatMap((document): UnsentText[] => {
    const text = isReservedDocument(document.document) ? undefined : readUnsentText(document);
    return text ? [text] : [];
  });
}
