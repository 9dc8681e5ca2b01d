import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { createAttachmentPair } from '../../testing/attachment-pair.ts';
import { ManualScheduler } from '../../testing/manual-scheduler.ts';
import { reconnect, startOpened, write } from '../../testing/opened-document.ts';
import { settle } from '../../testing/scripted-relay.ts';
import { resolveOverlap } from '../away/overlap-ranges.ts';
import { readAwayMessage } from './away-messages.ts';
import { AttachedSession, AttachmentHost } from './index.ts';

/** A device on which something of self was not sent when it lost touch, and to which others' edits come back. */
async function startReturned() {
  const test = await startOpened();
  const host = new AttachmentHost(test.session);
  onTestFinished(() => host.dispose());
  const openWindow = () => {
    const window = new AttachedSession(new ManualScheduler());
    onTestFinished(() => window.dispose());
    const pair = createAttachmentPair();
    host.attach(pair.engine);
    window.attach(pair.window);
    return { window, loseEngine: () => pair.engine.dispose() };
  };
  const first = openWindow();
  test.relay.latest.pair.cut();
  test.text.insert(0, 'mine');
  await settle();
  await reconnect(test);
  const { doc } = write('theirs ');
  const handle = test.relay.latest.answerOpen(doc, { seq: 1 });
  await settle();
  return { ...test, openWindow, first, handle };
}

it('every window is told what happened, also one that comes late, and what others have settled', async () => {
  const { openWindow, first } = await startReturned();
  const change = first.window.away.summary?.changes[0];
  expect(change).toMatchObject({ fileId: 'file', text: 'both', overlaps: [{}], isLookedAt: false });
  const late = openWindow();
  await settle();
  expect(late.window.away.summary).toEqual(first.window.away.summary);
  late.window.away.lookedAt(['file']);
  await settle();
  expect(first.window.away.summary?.changes[0]?.isLookedAt).toBe(true);
  first.window.away.keep(['file', 'unknown']);
  await settle();
  expect(late.window.away.summary).toBeUndefined();
});

it('gives the texts, and marks that move with what is typed', async () => {
  const { text, first } = await startReturned();
  const answer = await first.window.away.readTexts('file');
  expect(answer).toMatchObject({
    ok: true,
    value: { base: '', mine: 'mine', theirs: 'theirs ', now: text.toString() },
  });
  const opened = first.window.open('file');
  onTestFinished(() => opened.dispose());
  const { doc } = opened;
  await settle();
  const [range] = first.window.away.summary?.changes[0]?.overlaps ?? [];
  if (!range) throw new Error('nothing overlaps');
  expect(resolveOverlap(doc, range)).toEqual({ start: 0, end: 'theirs mine'.length });
  doc.getText('content').insert(0, 'new\n');
  expect(resolveOverlap(doc, range)).toEqual({ start: 4, end: 4 + 'theirs mine'.length });
  expect(resolveOverlap(doc, { start: { item: 'x' }, end: 7 })).toBeUndefined();
  expect(await first.window.away.readTexts('other')).toMatchObject({ ok: false });
});

it('takes back what others did, sends it, and brings it back', async () => {
  const { text, first, relay } = await startReturned();
  const sent = relay.latest.ofType('update').length;
  expect(await first.window.away.act('file', 'undo-theirs')).toBeUndefined();
  await settle();
  expect(text.toString()).toBe('mine');
  expect(relay.latest.ofType('update')).toHaveLength(sent + 1);
  expect(first.window.away.summary?.changes[0]?.undone).toBe('theirs');
  expect(await first.window.away.act('file', 'undo-mine')).toContain('Restore first');
  expect(await first.window.away.act('file', 'restore-undone')).toBeUndefined();
  await settle();
  expect(text.toString()).toContain('theirs ');
  expect(first.window.away.summary?.changes[0]?.undone).toBeUndefined();
});

it('whoever lost the engine is told so', async () => {
  const { first } = await startReturned();
  const reading = first.window.away.readTexts('file');
  first.loseEngine();
  await settle();
  expect(await reading).toMatchObject({ ok: false });
  expect(await first.window.away.act('file', 'undo-mine')).toContain('lost the rest of Tutti');
});

it.each([
  { type: 'away-read', requestId: 1, fileId: '../etc' },
  { type: 'away-read', requestId: 'x', fileId: 'file' },
  { type: 'away-act', requestId: 1, fileId: 'file', action: 'undo-all' },
  { type: 'away-act', requestId: 1.5, fileId: 'file', action: 'undo-mine' },
  { type: 'away-keep', fileIds: 'file' },
  { type: 'away-looked', fileIds: ['file', 7] },
  { type: 'away-looked', fileIds: Array.from({ length: 20_000 }, () => 'file') },
  { type: 'away-other' },
  new Y.Doc(),
])('refuses what is no message, such as %o', (message) => {
  expect(readAwayMessage(message)).toBeUndefined();
});
