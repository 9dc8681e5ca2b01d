import * as Y from 'yjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DocumentStore, OfflineStore, StoredDocument } from '../sync/offline-store.ts';

/** Where the stores of one test lie. */
export interface StoreSite {
  /** Opens a store on what earlier stores of the site have kept. The earlier ones are closed. */
  open(): Promise<OfflineStore>;
}

interface OpenedDocument {
  readonly doc: Y.Doc;
  readonly store: DocumentStore;
  readonly stored: StoredDocument;
}

/** What every offline store must do. `createSite` makes a place that is empty; it cleans up with `onTestFinished`. */
export function describeOfflineStore(name: string, createSite: () => StoreSite): void {
  describe(`${name}, as an offline store`, () => {
    it('has nothing of a document that was never written', async () => {
      const store = await createSite().open();
      const { stored } = await openDocument(store, 'file');
      expect(stored.unacked).toEqual([]);
      expect(stored.cursor).toBeUndefined();
      expect(textOf(stored)).toBe('');
      expect(await store.listUnacked()).toEqual([]);
    });

    it('brings back what was appended, whoever wrote it', async () => {
      const site = createSite();
      const first = await openDocument(await site.open(), 'file');
      await type(first, 'mine');
      await receive(first, 'theirs');
      await first.store.close();
      const { stored, doc } = await openDocument(await site.open(), 'file');
      expect([...textOf(stored, doc)].sort().join('')).toBe(Array.from('minetheirs').sort().join(''));
      expect(stored.unacked).toHaveLength(1);
    });

    it('puts one state in the place of all that is stored of a document', async () => {
      const site = createSite();
      const store = await site.open();
      const first = await openDocument(store, 'file');
      const other = await openDocument(store, 'other');
      await type(first, 'old');
      await type(other, 'kept');
      await Promise.all([first.store.close(), other.store.close()]);
      const fresh = new Y.Doc();
      fresh.getText('content').insert(0, 'new');
      await store.replaceDocument('file', Y.encodeStateAsUpdate(fresh), { epoch: 'e', seq: 9 });
      const again = await openDocument(store, 'file');
      expect(textOf(again.stored, again.doc)).toBe('new');
      expect(again.stored).toMatchObject({ unacked: [], cursor: { epoch: 'e', seq: 9 } });
      await type(again, 'er');
      await again.store.close();
      const reopened = await site.open();
      const last = await openDocument(reopened, 'file');
      expect(sortedLetters(textOf(last.stored, last.doc))).toBe(sortedLetters('newer'));
      expect(await reopened.listUnacked()).toEqual(expect.arrayContaining(['file', 'other']));
      const untouched = await openDocument(reopened, 'other');
      expect(sortedLetters(textOf(untouched.stored, untouched.doc))).toBe(sortedLetters('kept'));
    });

    it('keeps documents apart', async () => {
      const site = createSite();
      const store = await site.open();
      const first = await openDocument(store, 'one');
      const second = await openDocument(store, 'two');
      await type(first, '1');
      await receive(second, '2');
      await Promise.all([first.store.close(), second.store.close()]);
      const reopened = await site.open();
      expect([...(await reopened.listDocuments())].sort()).toEqual(['one', 'two']);
      expect(await reopened.listUnacked()).toEqual(['one']);
      const one = await openDocument(reopened, 'one');
      const two = await openDocument(reopened, 'two');
      expect(textOf(one.stored, one.doc)).toBe('1');
      expect(textOf(two.stored, two.doc)).toBe('2');
    });

    it('tells which local updates are not acked, in their order, across starts', async () => {
      const site = createSite();
      const first = await openDocument(await site.open(), 'file');
      const ids = [await type(first, 'a'), await type(first, 'b'), await type(first, 'c')];
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
      await first.store.markAcked(ids[0] ?? 0);
      await first.store.close();
      const second = await openDocument(await site.open(), 'file');
      expect(textOf(second.stored, second.doc)).toBe('abc');
      expect(second.stored.unacked).toHaveLength(2);
      expect(insertsOf(second.stored)).toEqual(['b', 'c']);
      await second.store.markAcked(second.stored.unacked.at(-1)?.localId ?? 0);
      const added = await type(second, 'd');
      await second.store.close();
      const third = await openDocument(await site.open(), 'file');
      expect(insertsOf(third.stored)).toEqual(['d']);
      expect(added).toBeGreaterThan(0);
    });

    it('does not forget a later update when an earlier one is acked', async () => {
      const site = createSite();
      const first = await openDocument(await site.open(), 'file');
      const early = type(first, 'a').then((id) => first.store.markAcked(id));
      await Promise.all([early, type(first, 'b')]);
      await first.store.close();
      const { stored } = await openDocument(await site.open(), 'file');
      expect(insertsOf(stored)).toContain('b');
    });

    it('keeps the latest cursor', async () => {
      const site = createSite();
      const first = await openDocument(await site.open(), 'file');
      await receive(first, 'x');
      await first.store.saveCursor({ epoch: 'e1', seq: 1 });
      await first.store.saveCursor({ epoch: 'e2', seq: 7 });
      await first.store.close();
      const store = await site.open();
      expect(await store.listCursors()).toEqual(new Map([['file', { epoch: 'e2', seq: 7 }]]));
      const { stored } = await openDocument(store, 'file');
      expect(stored.cursor).toEqual({ epoch: 'e2', seq: 7 });
    });

    it('takes calls in their order although nobody waits, and closes after them', async () => {
      const site = createSite();
      const first = await openDocument(await site.open(), 'file');
      const writes = Array.from({ length: 50 }, (_, index) => type(first, String(index % 10)));
      await first.store.close();
      const ids = await Promise.all(writes);
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
      const { stored, doc } = await openDocument(await site.open(), 'file');
      expect(textOf(stored, doc)).toBe('0123456789'.repeat(5));
    });

    it('keeps a long log readable', async () => {
      const site = createSite();
      for (let start = 0; start < 3; start++) {
        const opened = await openDocument(await site.open(), 'file');
        restore(opened);
        const writes = Array.from({ length: 400 }, () => receive(opened, 'x'));
        writes.push(type(opened, 'y').then(() => undefined));
        await Promise.all(writes);
        await opened.store.close();
      }
      const { stored, doc } = await openDocument(await site.open(), 'file');
      expect([...textOf(stored, doc)].sort().join('')).toBe('x'.repeat(1200) + 'yyy');
      expect(stored.unacked).toHaveLength(3);
    });

    it('keeps every unacked edit of a long time offline, and forgets them when the last one is acked', async () => {
      const site = createSite();
      const first = await openDocument(await site.open(), 'file');
      let content = '';
      for (let start = 0; start < 5; start++) {
        const writes: Promise<number>[] = [];
        for (let count = 0; count < 500; count++) {
          content += String(count % 10);
          writes.push(type(first, String(count % 10)));
        }
        const ids = await Promise.all(writes);
        expect(ids).toEqual([...ids].sort((a, b) => a - b));
      }
      await first.store.close();
      const second = await openDocument(await site.open(), 'file');
      expect(textOf(second.stored, second.doc)).toBe(content);
      // However they were merged, those alone say all that was typed.
      const unacked = { ...second.stored, updates: second.stored.unacked.map(({ payload }) => payload) };
      expect(textOf(unacked)).toBe(content);
      const ids = second.stored.unacked.map(({ localId }) => localId);
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
      await second.store.markAcked(ids.at(-1) ?? 0);
      await second.store.close();
      const third = await openDocument(await site.open(), 'file');
      expect(third.stored.unacked).toEqual([]);
      expect(textOf(third.stored, third.doc)).toBe(content);
    });

    it('keeps an update of several megabytes, and one that waits for others', async () => {
      const site = createSite();
      const source = new Y.Doc();
      const updates: Uint8Array[] = [];
      source.on('update', (update: Uint8Array) => updates.push(update));
      source.getText('content').insert(0, 'first');
      source.getText('content').insert(5, 'z'.repeat(3_000_000));
      const first = await openDocument(await site.open(), 'file');
      for (const update of [...updates].reverse()) {
        Y.applyUpdate(first.doc, update, 'remote');
        await first.store.appendRemote(update);
      }
      await first.store.close();
      const { stored, doc } = await openDocument(await site.open(), 'file');
      expect(textOf(stored, doc)).toHaveLength(3_000_005);
    });
  });
}

async function openDocument(store: OfflineStore, name: string): Promise<OpenedDocument> {
  const doc = new Y.Doc();
  onTestFinished(() => doc.destroy());
  const documentStore = store.openDocument(name, doc);
  return { doc, store: documentStore, stored: await documentStore.load() };
}

function restore({ doc, stored }: OpenedDocument): void {
  for (const update of stored.updates) Y.applyUpdate(doc, update, 'stored');
}

function edit(doc: Y.Doc, origin: string, characters: string): Uint8Array {
  let made: Uint8Array | undefined;
  const listener = (update: Uint8Array) => {
    made = update;
  };
  doc.on('update', listener);
  doc.transact(() => doc.getText('content').insert(doc.getText('content').length, characters), origin);
  doc.off('update', listener);
  if (!made) throw new Error('the edit made no update');
  return made;
}

function type({ doc, store }: OpenedDocument, characters: string): Promise<number> {
  return store.appendLocal(edit(doc, 'local', characters));
}

/** Somebody else writes at the end of what they know, which is only their own. */
async function receive({ doc, store }: OpenedDocument, characters: string): Promise<void> {
  const update = edit(new Y.Doc(), 'remote', characters);
  Y.applyUpdate(doc, update, 'remote');
  await store.appendRemote(update);
}

/** The text of what was stored. A store may have applied it to `doc` by itself. */
function textOf({ updates }: StoredDocument, doc = new Y.Doc()): string {
  for (const update of updates) Y.applyUpdate(doc, update, 'stored');
  return doc.getText('content').toString();
}

/** What each unacked update inserted. */
function insertsOf({ unacked }: StoredDocument): string[] {
  return unacked.map(({ payload }) =>
    Y.decodeUpdate(payload)
      .structs.map((struct) =>
        'content' in struct && struct.content instanceof Y.ContentString ? struct.content.str : '',
      )
      .join(''),
  );
}

function sortedLetters(text: string): string {
  return text.split('').toSorted().join('');
}
