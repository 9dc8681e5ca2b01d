import { expect, it, onTestFinished, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import * as Y from 'yjs';
import type { AwayChange } from '../../../shared/sync/away/away-summary.ts';
import { WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { ScriptedEngine } from '../testing/scripted-engine.ts';
import { OpenRoom } from './open-room.ts';
import { RoomEditors } from './room-editors.ts';
import { RoomTalk } from './room-talk.ts';

const TEXT = 'one\ntwo\nthree\nfour\nfive\n';

/** A window on a file in which self and Ben changed the lines two and four while self was away. */
async function openFile() {
  const engine = new ScriptedEngine();
  const index = new WorkspaceIndex(engine.doc('index'), { random: Math.random, nowMs: Date.now });
  index.add([{ fileId: 'f', path: 'a.txt', eol: 'LF', bom: false, kind: 'text' }]);
  const text = engine.doc('f').getText('content');
  text.insert(0, TEXT);
  const room = new OpenRoom(engine.windowPort, { kind: 'open', room: 'r', folderPath: undefined, isOwner: false });
  const talk = new RoomTalk(room);
  const asked: string[] = [];
  const editors = new RoomEditors(talk, () => undefined, {
    onCommentWanted: () => undefined,
    onComparisonWanted: (fileId) => asked.push(fileId),
  });
  const elements = [0, 1].map(() => {
    const element = document.createElement('div');
    element.style.cssText = 'width: 800px; height: 300px';
    document.body.append(element);
    return element;
  });
  const [editor, second] = elements.map((element) => editors.attach('f', element));
  onTestFinished(() => {
    editors.dispose();
    talk.dispose();
    room.dispose();
    index.dispose();
    for (const element of elements) element.remove();
  });
  engine.setSelf({});
  if (!editor || !second) throw new Error('no editors');
  await vi.waitFor(() => expect([editor, second].every(({ status }) => status.get())).toBe(true));
  const place = (index: number, assoc: number): unknown =>
    Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, index, assoc));
  const change: AwayChange = {
    fileId: 'f',
    path: 'a.txt',
    list: undefined,
    text: 'both',
    hasTexts: true,
    theirs: { inserted: 1, deleted: 1 },
    mine: { inserted: 1, deleted: 1 },
    overlaps: ['two', 'four'].map((part) => ({
      start: place(TEXT.indexOf(part), 0),
      end: place(TEXT.indexOf(part) + part.length, -1),
    })),
    people: [{ subject: 'ben', name: 'Ben', firstMs: 0, lastMs: 0 }],
    takenBack: undefined,
    undone: undefined,
    listPeople: [],
    isWithoutBefore: false,
    isLookedAt: false,
    returnNumber: 1,
  };
  const tell = (part: Partial<AwayChange>) =>
    engine.postAway({
      returnNumber: 1,
      announcedNumber: 1,
      newlyTakenBack: [],
      leftMs: 0,
      lastLeftMs: 0,
      returnedMs: 9_000,
      changes: [{ ...change, ...part }],
      unlistedCount: 0,
      ownCount: 0,
    });
  tell({});
  const marked = () => elements.map((element) => element.querySelectorAll('.tutti-overlap-line').length);
  await vi.waitFor(() => expect(marked()).toEqual([2, 2]));
  return { engine, editor, elements, asked, tell, marked };
}

it('overlapping edits stay marked until each was looked at, in every editor of the file', async () => {
  const { engine, editor, marked } = await openFile();
  editor.focus();
  await userEvent.keyboard('{ArrowDown}');
  await vi.waitFor(() => expect(marked()).toEqual([1, 1]));
  expect(engine.lookedAt).toEqual([]);
  editor.revealOverlap('next');
  expect(editor.status.get()?.line).toBe(4);
  await vi.waitFor(() => expect(marked()).toEqual([0, 0]));
  await vi.waitFor(() => expect(engine.lookedAt).toEqual(['f']));
});

it('the marks go when the file was looked at elsewhere, and while something of it is undone', async () => {
  const { engine, tell, marked } = await openFile();
  tell({ undone: 'theirs' });
  await vi.waitFor(() => expect(marked()).toEqual([0, 0]));
  tell({});
  await vi.waitFor(() => expect(marked()).toEqual([2, 2]));
  tell({ isLookedAt: true });
  await vi.waitFor(() => expect(marked()).toEqual([0, 0]));
  tell({});
  await vi.waitFor(() => expect(marked()).toEqual([2, 2]));
  engine.postAway(undefined);
  await vi.waitFor(() => expect(marked()).toEqual([0, 0]));
});

it('the sign of a mark asks for the comparison, and tells with whom it is', async () => {
  const { elements, asked } = await openFile();
  const sign = await vi.waitUntil(() => elements[0]?.querySelector('.tutti-overlap-glyph'));
  await userEvent.hover(page.elementLocator(sign));
  await expect.element(page.getByText('You and Ben changed this while you were away. Press to compare.')).toBeVisible();
  await page.elementLocator(sign).click();
  expect(asked).toEqual(['f']);
});
