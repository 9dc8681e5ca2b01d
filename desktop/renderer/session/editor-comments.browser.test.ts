import { expect, it, onTestFinished, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { CommentThreads, type TalkEntry, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { ScriptedEngine } from '../testing/scripted-engine.ts';
import { OpenRoom } from './open-room.ts';
import { RoomEditors } from './room-editors.ts';
import { RoomTalk } from './room-talk.ts';

const TEXT = 'one\n  two\nthree\n';

/** A window on a file of a room, whose comments others read in `threads`. */
async function openFile() {
  const engine = new ScriptedEngine();
  const index = new WorkspaceIndex(engine.doc('index'), { random: Math.random, nowMs: Date.now });
  index.add([{ fileId: 'f', path: 'a.txt', eol: 'LF', bom: false, kind: 'text' }]);
  engine.doc('f').getText('content').insert(0, TEXT);
  const threads = new CommentThreads(engine.doc('comments'), { random: Math.random, nowMs: Date.now });
  const room = new OpenRoom(engine.windowPort, { kind: 'open', room: 'r', folderPath: undefined, isOwner: false });
  const talk = new RoomTalk(room);
  const asked: string[] = [];
  const editors = new RoomEditors(talk, () => undefined, {
    onCommentWanted: () => asked.push('comment'),
    onComparisonWanted: () => undefined,
  });
  const element = document.createElement('div');
  element.style.cssText = 'width: 800px; height: 400px';
  document.body.append(element);
  const editor = editors.attach('f', element);
  onTestFinished(() => {
    editors.dispose();
    talk.dispose();
    room.dispose();
    threads.dispose();
    index.dispose();
    element.remove();
  });
  engine.setSelf({});
  await vi.waitFor(() => expect(editor.status.get()).toBeDefined());
  await vi.waitFor(() => expect(talk.commentsStatus.lockReason).toBeUndefined());
  return { engine, threads, talk, editor, element, asked };
}

function entry(id: string): TalkEntry {
  return { id, text: id, atMs: 5, claimedSubject: 'ben', claimedName: 'Ben' };
}

it('a comment is begun on the line of the caret, and is a thread for everybody once it is posted', async () => {
  const { threads, talk, editor } = await openFile();
  editor.focus();
  await userEvent.keyboard('{ArrowDown}');
  expect(editor.startComment()).toEqual({ ok: true });
  const draft = editor.commentZone.get();
  expect(draft).toMatchObject({ threadId: undefined, isFocused: true });
  expect(draft?.element.isConnected).toBe(true);
  expect(draft?.post(' ')).toMatchObject({ ok: false });
  expect(draft?.post('why two?')).toEqual({ ok: true });
  await vi.waitFor(() => expect(threads.threads).toHaveLength(1));
  const [thread] = threads.threads;
  expect(thread).toMatchObject({ fileId: 'f', quote: 'two', entries: [{ text: 'why two?', claimedSubject: 'ana' }] });
  expect(editor.commentZone.get()?.threadId).toBe(thread?.threadId);
  expect(talk.placeOf(thread?.threadId ?? '')).toEqual({ line: 2, isOutdated: false });
  if (thread) threads.removeEntry(thread.threadId, thread.entries[0]?.id ?? '');
  await vi.waitFor(() => expect(editor.commentZone.get()).toBeUndefined());
  editor.dispose();
  expect(talk.placeOf(thread?.threadId ?? '')).toBeUndefined();
});

it('who may only read the file can comment on it, and who may not comment is told why', async () => {
  const { engine, talk, editor } = await openFile();
  engine.setStatus('f', { access: 'read' });
  engine.setSelf({ role: 'commenter' });
  await vi.waitFor(() => expect(talk.room.session.self?.role).toBe('commenter'));
  expect(editor.startComment()).toEqual({ ok: true });
  editor.closeCommentZone();
  engine.setSelf({ role: 'viewer' });
  engine.setStatus('comments', { access: 'read' });
  await vi.waitFor(() => expect(talk.commentsStatus.lockReason).toContain('viewer'));
  expect(editor.startComment()).toMatchObject({ ok: false });
  expect(editor.commentZone.get()).toBeUndefined();
});

it('the sign in the margin opens the threads of its line one after the other, and closes the last', async () => {
  const { threads, talk, editor, element } = await openFile();
  expect(editor.startComment()).toEqual({ ok: true });
  editor.commentZone.get()?.post('first');
  await vi.waitFor(() => expect(threads.threads).toHaveLength(1));
  const [{ start, end } = { start: new Uint8Array(), end: new Uint8Array() }] = threads.threads;
  const second = threads.add('f', { start, end, quote: 'one' }, entry('second'));
  await vi.waitFor(() => expect(talk.placeOf(second)).toBeDefined());
  editor.closeCommentZone();
  const ids = threads.threads.map(({ threadId }) => threadId);
  const opened: (string | undefined)[] = [];
  for (let press = 0; press < 4; press++) {
    const sign = await vi.waitUntil(() => element.querySelector('.tutti-comment-glyph'));
    await page.elementLocator(sign).click();
    opened.push(editor.commentZone.get()?.threadId);
  }
  expect(opened).toEqual([...ids, undefined, ids[0]]);
});

it('threads are walked through by key from the caret on, in the order of the text, and around', async () => {
  const { threads, talk, editor } = await openFile();
  const ids: string[] = [];
  for (const [line, key] of ['', '{ArrowDown}', '{ArrowDown}'].entries()) {
    editor.focus();
    if (key !== '') await userEvent.keyboard(key);
    expect(editor.startComment()).toEqual({ ok: true });
    editor.commentZone.get()?.post(`on ${line}`);
    ids.push(editor.commentZone.get()?.threadId ?? '');
  }
  await vi.waitFor(() => expect(threads.threads).toHaveLength(3));
  await vi.waitFor(() => expect(ids.map((id) => talk.placeOf(id)?.line)).toEqual([1, 2, 3]));
  const walk = (direction: 'next' | 'previous') => {
    editor.revealNeighbour(direction);
    return ids.indexOf(editor.commentZone.get()?.threadId ?? '');
  };
  expect([walk('next'), walk('next'), walk('previous'), walk('previous')]).toEqual([0, 1, 0, 2]);
  editor.closeCommentZone();
  editor.focus();
  await userEvent.keyboard('{ArrowUp}{Home}');
  expect(walk('previous')).toBe(0);
  editor.closeCommentZone();
  expect(walk('next')).toBe(1);
});

it('a thread that is asked for before the text is there opens with it', async () => {
  const { threads, editor, talk, element } = await openFile();
  editor.startComment();
  editor.commentZone.get()?.post('wait');
  await vi.waitFor(() => expect(threads.threads).toHaveLength(1));
  const threadId = threads.threads[0]?.threadId ?? '';
  editor.dispose();
  const editors = new RoomEditors(talk, () => undefined, {
    onCommentWanted: () => undefined,
    onComparisonWanted: () => undefined,
  });
  const again = editors.attach('f', element);
  again.revealThread(threadId);
  expect(again.commentZone.get()).toBeUndefined();
  await vi.waitFor(() => expect(again.commentZone.get()?.threadId).toBe(threadId));
  editors.dispose();
});
