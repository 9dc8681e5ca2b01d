import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { ChatLog, MAX_SHOWN_MESSAGES } from './chat-log.ts';
import type { TalkEntry } from './talk-entry.ts';

function openChat(): { readonly doc: Y.Doc; readonly log: ChatLog } {
  const doc = new Y.Doc();
  const log = new ChatLog(doc);
  onTestFinished(() => {
    log.dispose();
    doc.destroy();
  });
  return { doc, log };
}

function message(id: string, text = id): TalkEntry {
  return { id, text, atMs: 1, claimedSubject: 's', claimedName: 'Ana' };
}

function textsOf({ messages }: ChatLog): readonly string[] {
  return messages.map(({ text }) => text);
}

it('keeps the messages of people who wrote apart from each other, in one order for all', () => {
  const [ana, ben] = [openChat(), openChat()];
  ana.log.append(message('a1'));
  Y.applyUpdate(ben.doc, Y.encodeStateAsUpdate(ana.doc));
  ana.log.append(message('a2'));
  ana.log.append(message('a3'));
  ben.log.append(message('b1'));
  ben.log.append(message('b2'));
  const [ofAna, ofBen] = [Y.encodeStateAsUpdate(ana.doc), Y.encodeStateAsUpdate(ben.doc)];
  Y.applyUpdate(ana.doc, ofBen);
  Y.applyUpdate(ben.doc, ofAna);
  expect(textsOf(ana.log)).toEqual(textsOf(ben.log));
  expect(textsOf(ana.log)[0]).toBe('a1');
  expect(textsOf(ana.log).filter((text) => text.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
  expect(textsOf(ana.log).filter((text) => text.startsWith('b'))).toEqual(['b1', 'b2']);
});

it('tells of every change, and gives the identical list until then', () => {
  const { log } = openChat();
  let changes = 0;
  const subscription = log.onDidChange(() => changes++);
  const before = log.messages;
  expect(log.messages).toBe(before);
  log.append(message('a'));
  expect(changes).toBe(1);
  expect(log.messages).not.toBe(before);
  subscription.dispose();
});

it('leaves out what makes no sense, whatever others put there', () => {
  const { doc, log } = openChat();
  const nested = new Y.Map([['text', 'x']]);
  doc.getArray<unknown>('messages').push([7, nested, ['a'], { id: 'x' }, new Y.Text('text'), new Uint8Array(4)]);
  log.append(message('b'));
  doc.getArray<unknown>('messages').push([null, 'text']);
  expect(textsOf(log)).toEqual(['b']);
});

it('reads the latest messages of a long chat', () => {
  const { doc, log } = openChat();
  doc.transact(() => {
    for (let count = 0; count < MAX_SHOWN_MESSAGES + 10; count++) log.append(message(`m${count}`));
  });
  expect(log.messages).toHaveLength(MAX_SHOWN_MESSAGES);
  expect(log.messages[0]?.id).toBe('m10');
});
