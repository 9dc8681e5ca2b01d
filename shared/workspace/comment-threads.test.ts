import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { createSeededRandom } from '../testing/seeded-random.ts';
import { CommentThreads, MAX_QUOTE_CHARACTERS } from './comment-threads.ts';
import { type TalkEntry, toStoredEntry } from './talk-entry.ts';

const RANGE = { start: new Uint8Array([1]), end: new Uint8Array([2]), quote: 'const' };
const random = createSeededRandom(11);
let nowMs = 1_700_000_000_000;

function openComments(state?: Uint8Array): { readonly doc: Y.Doc; readonly comments: CommentThreads } {
  const doc = new Y.Doc();
  if (state) Y.applyUpdate(doc, state);
  const comments = new CommentThreads(doc, { random: random.next, nowMs: () => nowMs++ });
  onTestFinished(() => {
    comments.dispose();
    doc.destroy();
  });
  return { doc, comments };
}

function entry(id: string): TalkEntry {
  return { id, text: id, atMs: 1, claimedSubject: 's', claimedName: 'Ana' };
}

it('lists threads by age with their answers, and tells of every change', () => {
  const { comments } = openComments();
  let changes = 0;
  const subscription = comments.onDidChange(() => changes++);
  const first = comments.add('f1', RANGE, entry('a'));
  const second = comments.add('f2', { ...RANGE, quote: 'x'.repeat(MAX_QUOTE_CHARACTERS + 1) }, entry('b'));
  expect(comments.reply(first, entry('c'))).toBe(true);
  expect(changes).toBe(3);
  subscription.dispose();
  expect(comments.threads.map(({ threadId }) => threadId)).toEqual([first, second]);
  expect(comments.get(first)).toEqual({
    threadId: first,
    fileId: 'f1',
    ...RANGE,
    isResolved: false,
    entries: [entry('a'), entry('c')],
  });
  expect(comments.get(second)?.quote).toHaveLength(MAX_QUOTE_CHARACTERS);
});

it('loses no answer when people answer and resolve at the same time', () => {
  const ana = openComments();
  const threadId = ana.comments.add('f1', RANGE, entry('a'));
  const ben = openComments(Y.encodeStateAsUpdate(ana.doc));
  ana.comments.reply(threadId, entry('b'));
  ben.comments.reply(threadId, entry('c'));
  ben.comments.setResolved(threadId, true);
  const [ofAna, ofBen] = [Y.encodeStateAsUpdate(ana.doc), Y.encodeStateAsUpdate(ben.doc)];
  Y.applyUpdate(ana.doc, ofBen);
  Y.applyUpdate(ben.doc, ofAna);
  expect(ana.comments.threads).toEqual(ben.comments.threads);
  expect(ana.comments.get(threadId)?.isResolved).toBe(true);
  expect(
    ana.comments
      .get(threadId)
      ?.entries.map(({ id }) => id)
      .sort(),
  ).toEqual(['a', 'b', 'c']);
});

it('takes out an entry, and the thread with the last one', () => {
  const { comments } = openComments();
  const threadId = comments.add('f1', RANGE, entry('a'));
  comments.reply(threadId, entry('b'));
  comments.removeEntry(threadId, 'a');
  expect(comments.get(threadId)?.entries).toEqual([entry('b')]);
  comments.removeEntry(threadId, 'unknown');
  expect(comments.threads).toHaveLength(1);
  comments.removeEntry(threadId, 'b');
  expect(comments.threads).toEqual([]);
  expect(comments.reply(threadId, entry('c'))).toBe(false);
  expect(comments.setResolved(threadId, true)).toBe(false);
});

it('leaves out what makes no sense, whatever others put there', () => {
  const { doc, comments } = openComments();
  const stored = doc.getMap<unknown>('threads');
  const put = (threadId: string, fields: Readonly<Record<string, unknown>>) => {
    const good = { fileId: 'f', ...RANGE, isResolved: false, entries: Y.Array.from([toStoredEntry(entry('a'))]) };
    stored.set(threadId, new Y.Map(Object.entries({ ...good, ...fields })));
  };
  stored.set('text', 'text');
  stored.set('plain', { fileId: 'f' });
  stored.set('list', new Y.Array());
  put('no file', {});
  put('odd-file', { fileId: '../x' });
  put('no-place', { start: 'x' });
  put('empty-place', { end: new Uint8Array(0) });
  put('large-place', { end: new Uint8Array(129) });
  put('no-quote', { quote: 5 });
  put('no-entries', { entries: [] });
  put('empty', { entries: new Y.Array() });
  put('odd-entries', { entries: Y.Array.from<object>([[1], { id: 'x' }]) });
  put('good', { isResolved: 'yes', entries: Y.Array.from<object>([[1], toStoredEntry(entry('b'))]) });
  expect(comments.threads.map(({ threadId }) => threadId)).toEqual(['good']);
  expect(comments.get('good')).toMatchObject({ isResolved: false, entries: [entry('b')] });
  expect(comments.reply('plain', entry('c'))).toBe(false);
  expect(comments.reply('no-entries', entry('c'))).toBe(false);
  comments.removeEntry('good', 'b');
  expect(comments.threads).toEqual([]);
});
