import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ChatLog, CommentThreads, type TalkEntry } from '../../../shared/workspace/index.ts';
import { ScriptedEngine } from '../testing/scripted-engine.ts';
import { presenceColorIndex } from '../theme/presence-palette.ts';
import { ObservableValue } from '../ui/observable.ts';
import { RoomChatModel } from './chat-model.ts';
import { RoomCommentsModel } from './comments-model.ts';
import { OpenRoom } from './open-room.ts';
import { RoomTalk } from './room-talk.ts';

beforeEach(() => window.localStorage.clear());

const RANGE = { start: new Uint8Array([1]), end: new Uint8Array([1]), quote: 'x' };

interface Talker {
  readonly engine: ScriptedEngine;
  readonly talk: RoomTalk;
  readonly chat: RoomChatModel;
  readonly comments: RoomCommentsModel;
  leave(): void;
}

function enterRoom(engine = new ScriptedEngine(), room = 'r'): Talker {
  const open = new OpenRoom(engine.windowPort, { kind: 'open', room, folderPath: undefined, isOwner: false });
  const talk = new RoomTalk(open);
  const current = new ObservableValue<RoomTalk | undefined>(talk);
  const chat = new RoomChatModel(current);
  const comments = new RoomCommentsModel(current);
  const leave = () => {
    current.set(undefined);
    talk.dispose();
    open.dispose();
  };
  onTestFinished(() => {
    leave();
    chat.dispose();
    comments.dispose();
  });
  return { engine, talk, chat, comments, leave };
}

/** What others write, with the engine between them and the window. */
function othersIn(engine: ScriptedEngine) {
  const log = new ChatLog(engine.doc('chat'));
  const threads = new CommentThreads(engine.doc('comments'), { random: Math.random, nowMs: Date.now });
  onTestFinished(() => {
    log.dispose();
    threads.dispose();
  });
  return { log, threads };
}

function entry(id: string, rest: Partial<TalkEntry> = {}): TalkEntry {
  return { id, text: id, atMs: 5, claimedSubject: 'ben', claimedName: 'Ben', ...rest };
}

const textsOf = (chat: RoomChatModel) => chat.messages.get().map(({ text }) => text);

describe('the chat', () => {
  it('brings messages to the room under self’s name, and those of others here', async () => {
    const { engine, chat } = enterRoom();
    const { log } = othersIn(engine);
    engine.setSelf({});
    await vi.waitFor(() => expect(chat.lockReason.get()).toBeUndefined());
    expect(chat.send('Hello \n')).toEqual({ ok: true });
    await vi.waitFor(() => expect(log.messages).toHaveLength(1));
    expect(log.messages[0]).toMatchObject({ text: 'Hello', claimedSubject: 'ana', claimedName: 'Ana' });
    log.append(entry('hi'));
    await vi.waitFor(() => expect(textsOf(chat)).toEqual(['Hello', 'hi']));
    expect(chat.messages.get().map(({ author }) => [author.name, author.isSelf])).toEqual([
      ['Ana', true],
      ['Ben', false],
    ]);
  });

  it('refuses what says nothing or is too long, and says so', async () => {
    const { engine, chat } = enterRoom();
    engine.setSelf({});
    await vi.waitFor(() => expect(chat.lockReason.get()).toBeUndefined());
    expect(chat.send(' \n')).toEqual({ ok: false, explanation: 'There is nothing to send yet.' });
    expect(chat.send('x'.repeat(4_001))).toEqual({
      ok: false,
      explanation: 'At most 4000 characters can be sent at once; these are 4001.',
    });
    expect(textsOf(chat)).toEqual([]);
  });

  it('calls people in the room as the relay does, and others by their own word', async () => {
    const { engine, chat } = enterRoom();
    const { log } = othersIn(engine);
    const participant = { presenceId: 7, subject: 'ben', name: 'Benjamin', role: 'editor', state: undefined } as const;
    engine.setParticipants([participant]);
    log.append(entry('a'));
    log.append(entry('b', { claimedSubject: 'cleo', claimedName: 'Cleo' }));
    log.append(entry('c', { claimedSubject: 'nobody', claimedName: '' }));
    const shown = () => chat.messages.get().map(({ author }) => author.name);
    await vi.waitFor(() => expect(shown()).toEqual(['Benjamin', 'Cleo', 'Somebody']));
    expect(chat.messages.get()[1]?.author.colorIndex).toBe(presenceColorIndex('Cleo'));
    engine.setParticipants([], [7]);
    await vi.waitFor(() => expect(shown()).toEqual(['Ben', 'Cleo', 'Somebody']));
  });

  it('counts what others wrote until it was shown, also after a reload, and in each room apart', async () => {
    const engine = new ScriptedEngine();
    const { log } = othersIn(engine);
    for (const id of ['a', 'b']) log.append(entry(id));
    const first = enterRoom(engine);
    engine.setSelf({});
    await vi.waitFor(() => expect(first.chat.unreadCount.get()).toBe(2));
    first.chat.markRead();
    expect(first.chat.unreadCount.get()).toBe(0);
    first.chat.send('mine');
    log.append(entry('c'));
    await vi.waitFor(() => expect(textsOf(first.chat)).toHaveLength(4));
    expect(first.chat.unreadCount.get()).toBe(1);

    const again = new ScriptedEngine();
    const later = othersIn(again).log;
    for (const id of ['a', 'b', 'c']) later.append(entry(id));
    const second = enterRoom(again);
    await vi.waitFor(() => expect(second.chat.unreadCount.get()).toBe(1));

    const other = new ScriptedEngine();
    othersIn(other).log.append(entry('a'));
    const third = enterRoom(other, 'other');
    await vi.waitFor(() => expect(third.chat.unreadCount.get()).toBe(1));
  });

  it('goes by the time of what was read last where that was deleted', async () => {
    const first = enterRoom();
    othersIn(first.engine).log.append(entry('read', { atMs: 10 }));
    await vi.waitFor(() => expect(first.chat.unreadCount.get()).toBe(1));
    first.chat.markRead();
    const second = enterRoom();
    const { log } = othersIn(second.engine);
    log.append(entry('old', { atMs: 9 }));
    log.append(entry('new', { atMs: 11 }));
    await vi.waitFor(() => expect(textsOf(second.chat)).toEqual(['old', 'new']));
    expect(second.chat.unreadCount.get()).toBe(1);
  });

  it('can be written without a relay by who was there before, and tells that it waits', async () => {
    const before = enterRoom();
    expect(before.chat.lockReason.get()).toContain('once the relay has been reached');
    expect(before.chat.send('x')).toMatchObject({ ok: false });
    before.engine.setSelf({ name: 'Anna' });
    await vi.waitFor(() => expect(before.chat.lockReason.get()).toBeUndefined());
    before.leave();
    const { engine, chat } = enterRoom();
    engine.setSelf(undefined);
    engine.setStatus('chat', { access: 'unknown', saveState: { kind: 'on-this-device' } });
    await vi.waitFor(() => expect(chat.delivery.get()).toEqual({ kind: 'waiting' }));
    expect(chat.send('later')).toEqual({ ok: true });
    expect(chat.messages.get()[0]?.author).toMatchObject({ name: 'Anna', isSelf: true });
    engine.setSelf({});
    await vi.waitFor(() => expect(chat.delivery.get()).toEqual({ kind: 'delivered' }));
    engine.setStatus('chat', { saveState: { kind: 'refused', explanation: 'Full.' } });
    await vi.waitFor(() => expect(chat.delivery.get()).toEqual({ kind: 'refused', explanation: 'Full.' }));
  });

  it.each([
    [
      { role: 'viewer' },
      'read',
      'Only commenters, editors and owners may write in this chat. You are here as a viewer.',
    ],
    [
      { role: 'commenter', chat: 'editors' },
      'read',
      'Only editors and owners may write in this chat. You are here as a commenter.',
    ],
    [{ role: 'viewer', chat: 'everyone' }, 'write', undefined],
    [
      { role: 'editor', writesAs: 'viewer', presenter: 'ben' },
      'read',
      'Ben is presenting: nobody else can write here for now.',
    ],
    [{ role: 'editor' }, 'none', 'The chat is not shared with you.'],
  ] as const)('tells %j with access to %s why they cannot write', async (self, access, reason) => {
    const { engine, chat } = enterRoom();
    engine.setParticipants([{ presenceId: 7, subject: 'ben', name: 'Ben', role: 'owner', state: undefined }]);
    engine.setStatus('chat', { access });
    engine.setSelf(self);
    await vi.waitFor(() => expect(chat.lockReason.get()).toBe(reason));
    expect(chat.send('x').ok).toBe(reason === undefined);
  });

  it('stays locked for a viewer whose connection is lost', async () => {
    const { engine, chat } = enterRoom();
    engine.setSelf({ role: 'viewer' });
    engine.setStatus('chat', { access: 'read' });
    await vi.waitFor(() => expect(chat.lockReason.get()).toContain('viewer'));
    engine.setSelf(undefined);
    engine.setStatus('chat', { access: 'unknown' });
    await vi.waitFor(() => expect(chat.delivery.get()).toEqual({ kind: 'delivered' }));
    expect(chat.send('x').ok).toBe(false);
  });

  it('is empty when no room is open', async () => {
    const { engine, chat, comments, leave } = enterRoom();
    const { log, threads } = othersIn(engine);
    log.append(entry('a'));
    threads.add('f', RANGE, entry('b'));
    await vi.waitFor(() => expect([chat.unreadCount.get(), comments.threads.get().length]).toEqual([1, 1]));
    leave();
    expect([textsOf(chat), chat.unreadCount.get(), comments.threads.get()]).toEqual([[], 0, []]);
    expect(chat.send('x').ok).toBe(false);
    expect(comments.reply('t', 'x').ok).toBe(false);
  });
});

describe('comments', () => {
  it('are listed with their file and place, answered, resolved, and deleted by who wrote them', async () => {
    const { engine, talk, comments } = enterRoom();
    const { threads } = othersIn(engine);
    engine.setSelf({});
    const threadId = threads.add('f', RANGE, entry('why'));
    await vi.waitFor(() => expect(comments.threads.get()).toHaveLength(1));
    expect(comments.threads.get()[0]).toMatchObject({
      path: undefined,
      line: undefined,
      isOutdated: false,
      quote: 'x',
    });
    talk.room.index.add([{ fileId: 'f', path: 'src/a.ts', eol: 'LF', bom: false, kind: 'text' }]);
    const editor = {};
    talk.setPlaces(editor, new Map([[threadId, { line: 4, isOutdated: true }]]));
    expect(comments.threads.get()[0]).toMatchObject({ path: 'src/a.ts', line: 4, isOutdated: true });
    talk.setPlaces(editor, undefined);
    expect(comments.threads.get()[0]).toMatchObject({ line: undefined, isOutdated: false });
    await vi.waitFor(() => expect(comments.lockReason.get()).toBeUndefined());
    expect(comments.reply(threadId, 'so')).toEqual({ ok: true });
    expect(comments.setResolved(threadId, true)).toEqual({ ok: true });
    await vi.waitFor(() => expect(threads.get(threadId)).toMatchObject({ isResolved: true }));
    const [bens = '', own = ''] = threads.get(threadId)?.entries.map(({ id }) => id) ?? [];
    expect(comments.remove(threadId, bens)).toMatchObject({ ok: false });
    expect(comments.remove(threadId, own)).toEqual({ ok: true });
    await vi.waitFor(() => expect(threads.get(threadId)?.entries).toHaveLength(1));
    threads.removeEntry(threadId, bens);
    await vi.waitFor(() => expect(comments.threads.get()).toEqual([]));
    expect(comments.reply(threadId, 'so')).toEqual({
      ok: false,
      explanation: 'This thread was deleted by somebody else.',
    });
  });

  it.each([
    [{ role: 'commenter' }, 'write', undefined],
    [{ role: 'viewer' }, 'read', 'Only commenters, editors and owners may comment. You are here as a viewer.'],
    [{ role: 'editor' }, 'none', "Comments are not shared with you, since only a part of this room's files is."],
  ] as const)('tell %j with access to %s why they cannot write', async (self, access, reason) => {
    const { engine, comments } = enterRoom();
    engine.setStatus('comments', { access });
    engine.setSelf(self);
    await vi.waitFor(() => expect(comments.lockReason.get()).toBe(reason));
    expect(comments.isClosed.get()).toBe(access === 'none');
    if (reason !== undefined) expect(comments.setResolved('t', true)).toEqual({ ok: false, explanation: reason });
  });
});
