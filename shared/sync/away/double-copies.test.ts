import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { ManualScheduler } from '../../testing/manual-scheduler.ts';
import { MemoryDisk, MemoryOfflineStore } from '../../testing/memory-offline-store.ts';
import { CONTENT_TEXT } from '../../workspace/index.ts';
import { AwayWatch } from './away-watch.ts';
import { removeDoubles } from './double-copies.ts';
import { noteTakenBack, type RestoredCopy, type TakenBack, watchTakenBack } from './restored-copies.ts';

/** Two people of one text, of whom the second has the higher Yjs client. */
function two() {
  const [low, high] = [1, 2].map((clientID) => {
    const doc = new Y.Doc();
    doc.clientID = clientID;
    return { doc, text: doc.getText(CONTENT_TEXT) };
  });
  if (!low || !high) throw new Error('There are two.');
  low.text.insert(0, 'a cow');
  Y.applyUpdate(high.doc, Y.encodeStateAsUpdate(low.doc));
  return { low, high };
}

type Person = ReturnType<typeof two>['low'];

/** Somebody brings back what lay from `from` on, at the end. */
function bringBack({ doc, text }: Person, from: Pick<RestoredCopy, 'fromClient' | 'fromClock'>, shown: string): void {
  const clock = Y.getState(doc.store, doc.clientID);
  const copy = { client: doc.clientID, clock, length: shown.length, ...from };
  doc.transact(() => {
    text.insert(text.length, shown);
    noteTakenBack(doc, { what: 'restored', of: [], copies: [copy] });
  });
}

/** Gives `to` all that `from` has, and has it remove what is there twice. */
function tell(from: Person, to: Person): void {
  const heard: TakenBack[] = [];
  const stop = watchTakenBack(to.doc, (acts) => heard.push(...acts));
  Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc));
  stop();
  removeDoubles(to.text, heard);
}

const COW = { fromClient: 1, fromClock: 2 };

it('lets the higher client remove what both brought back, also from a copy of a copy', () => {
  const { low, high } = two();
  bringBack(low, COW, 'cow');
  const clock = Y.getState(high.doc.store, 2);
  bringBack(high, COW, 'cow');
  high.text.delete(5, 3);
  bringBack(high, { fromClient: 2, fromClock: clock }, 'cow');
  tell(high, low);
  expect(low.text.toString()).toBe('a cowcowcow');
  tell(low, high);
  expect(high.text.toString()).toBe('a cowcow');
});

it('leaves what others brought back of something else', () => {
  const { low, high } = two();
  bringBack(low, { fromClient: 1, fromClock: 0 }, 'a c');
  bringBack(high, COW, 'cow');
  tell(low, high);
  expect(high.text.length).toBe(11);
});

it.each([2 ** 40, Number.MAX_SAFE_INTEGER])('[FI3] takes copies of %i structs for none', (length) => {
  const { low, high } = two();
  bringBack(high, COW, 'cow');
  noteTakenBack(low.doc, { what: 'restored', of: [], copies: [{ client: 1, clock: 0, length, ...COW }] });
  tell(low, high);
  expect(high.text.toString()).toBe('a cowcow');
});

it('[FI3] believes what was brought back only of those who wrote it', () => {
  const { low, high } = two();
  high.text.insert(5, '!cow');
  bringBack(low, COW, 'cow');
  // As if the other had brought back what was typed.
  noteTakenBack(low.doc, { what: 'restored', of: [], copies: [{ client: 2, clock: 1, length: 3, ...COW }] });
  tell(low, high);
  expect(high.text.toString().length).toBe('a cow!cowcow'.length);
});

it('[FI3] removes one for each that others brought back, however often they say so', () => {
  const { low, high } = two();
  bringBack(high, COW, 'cow');
  high.text.insert(high.text.length, ' and more');
  bringBack(high, COW, 'cow');
  const again = { client: 1, clock: Y.getState(low.doc.store, 1), length: 3, ...COW };
  bringBack(low, COW, 'cow');
  noteTakenBack(low.doc, { what: 'restored', of: [], copies: [again, again, { ...again, length: 2 }] });
  tell(low, high);
  expect(high.text.toString().match(/cow/g)).toHaveLength(3);
});

it.each([
  ['write', 'a cowcow'],
  ['read', 'a cowcowcow'],
  ['none', 'a cowcowcow'],
] as const)('removes nothing from a text that self may not write: access %s', async (access, expected) => {
  const { low, high } = two();
  bringBack(low, COW, 'cow');
  bringBack(high, COW, 'cow');
  const watch = new AwayWatch({
    store: new MemoryOfflineStore(new MemoryDisk()),
    scheduler: new ManualScheduler(),
    open: () => {
      throw new Error('Nothing is opened.');
    },
    indexDocument: () => undefined,
    compareHeads: () => new Promise(() => undefined),
    present: () => new Map(),
    authors: undefined,
    onFailure: (error) => expect.fail(String(error)),
  });
  onTestFinished(() => watch.dispose());
  const follower = watch.follow({
    name: 'file',
    doc: high.doc,
    sourceOf: (origin) => (origin === 'remote' ? 'remote' : 'local'),
    access: () => access,
    cursor: () => undefined,
    edits: () => ({ last: 0, firstUnacked: Infinity }),
    write: () => undefined,
  });
  Y.applyUpdate(high.doc, Y.encodeStateAsUpdate(low.doc), 'remote');
  await Promise.resolve();
  expect(high.text.toString()).toBe(expected);
  follower?.close();
});
