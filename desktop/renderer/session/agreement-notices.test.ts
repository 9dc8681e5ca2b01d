import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { type EngineMessage, readWindowMessage } from '../../../shared/sync/attachment/attachment-messages.ts';
import type { AgreementState, ResyncOutcome } from '../../../shared/sync/index.ts';
import { createAttachmentPair } from '../../../shared/testing/attachment-pair.ts';
import { settle } from '../../../shared/testing/scripted-relay.ts';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { ObservableValue } from '../ui/observable.ts';
import type { NotificationView } from '../ui/workbench-model.ts';
import { AgreementNotices } from './agreement-notices.ts';
import { OpenRoom } from './open-room.ts';

const IDENTITY = { subject: 'ben', name: 'Ben', role: 'editor' } as const;
const BEN = { presenceId: 2, ...IDENTITY, state: undefined };
const STATUS = {
  access: 'write',
  isRestricted: false,
  saveState: { kind: 'on-the-relay' },
  isSynced: true,
  wasSynced: true,
  isKnown: true,
} as const;

/** The engine's end of a window's port: it has a list of files, and answers no request by itself. */
function createEngine() {
  const { window: port, engine } = createAttachmentPair();
  const list = new Y.Doc();
  const index = new WorkspaceIndex(list, { random: Math.random, nowMs: () => 0 });
  index.add([{ fileId: 'f1', path: 'src/a.ts', eol: 'LF', bom: false, kind: 'text' }]);
  const asked: { readonly requestId: number; readonly isUnkept: boolean }[] = [];
  const post = (message: EngineMessage) => engine.post(message);
  const listening = engine.onMessage((value) => {
    const message = readWindowMessage(value);
    if (message?.type === 'resync') asked.push(message);
    if (message?.type !== 'open') return;
    const { document } = message;
    const doc = document === INDEX_DOCUMENT ? list : new Y.Doc();
    const [stateVector, payload] = [Y.encodeStateVector(doc), Y.encodeStateAsUpdate(doc)];
    post({ type: 'opened', document, stateVector, payload, beginning: { session: 's', count: 0 }, status: STATUS });
  });
  onTestFinished(() => {
    listening.dispose();
    engine.dispose();
    index.dispose();
    list.destroy();
  });
  return { port, post, asked };
}

/** A window that has `src/a.ts` open, with Ben. */
async function start() {
  const { port, post, asked } = createEngine();
  const room = new OpenRoom(port, { kind: 'open', room: 'room', folderPath: undefined, isOwner: false });
  const shown = new Map<string, NotificationView>();
  const notices = new AgreementNotices(new ObservableValue<OpenRoom | undefined>(room), {
    show: (notice) => shown.set(notice.id, notice),
    remove: (id) => shown.delete(id),
  });
  const file = room.session.open('f1');
  onTestFinished(() => {
    notices.dispose();
    file.dispose();
    room.dispose();
  });
  post({ type: 'participants', changed: [BEN], gone: [] });
  await settle();
  return {
    file,
    notices,
    asked,
    tell: async (agreement: AgreementState) => {
      post({ type: 'agreement', document: 'f1', agreement });
      await settle();
    },
    answer: async (outcome: ResyncOutcome) => {
      post({ type: 'resynced', requestId: asked.at(-1)?.requestId ?? 0, outcome });
      await settle();
    },
    notice: () => [...shown.values()][0],
    titles: () => [...shown.values()].map(({ title }) => title),
  };
}

const DIFFERS: AgreementState = { kind: 'differs', withWhom: [2], sinceMs: 0 };

it('tells with whom a file differs, until it does not, or is closed here', async () => {
  const { file, tell, titles, notice } = await start();
  await tell({ kind: 'identical', people: [2] });
  expect(titles()).toEqual([]);
  await tell(DIFFERS);
  expect(titles()).toEqual(['"src/a.ts" is not the same here and with Ben.']);
  expect(notice()?.quoted).toEqual(['src/a.ts', 'Ben']);
  await tell({ kind: 'differs', withWhom: [-1, 2], sinceMs: 0 });
  expect(titles()).toEqual(['"src/a.ts" is not the same here and with what this device has, Ben.']);
  await tell({ kind: 'identical', people: [2] });
  expect(titles()).toEqual([]);
  await tell(DIFFERS);
  file.dispose();
  expect(titles()).toEqual([]);
});

it('resyncs once at a time, and says where the text is that was here', async () => {
  const { tell, notice, asked, answer, titles } = await start();
  await tell(DIFFERS);
  const differing = notice();
  differing?.actions[0]?.run();
  differing?.actions[0]?.run();
  await settle();
  expect(asked).toHaveLength(1);
  await answer({ kind: 'done', keptPath: 'src/a (kept).ts' });
  await tell({ kind: 'unknown' });
  expect(titles()).toEqual(['"src/a.ts" has the text of the relay now.']);
  expect(notice()?.detail).toContain('"src/a (kept).ts"');
});

it('offers to go on without keeping the text only when it cannot be kept, and to try again otherwise', async () => {
  const { notices, notice, asked, answer } = await start();
  void notices.resync('f1');
  await settle();
  await answer({ kind: 'failed', explanation: 'No connection.' });
  const failed = notice();
  expect([failed?.severity, failed?.detail, failed?.actions[0]?.label]).toEqual([
    'error',
    'No connection.',
    'Try Again',
  ]);
  failed?.actions[0]?.run();
  await settle();
  expect(asked.at(-1)).toMatchObject({ isUnkept: false });
  await answer({ kind: 'cannot-keep', explanation: 'You may not add files.' });
  expect(notice()?.actions[0]?.label).toBe('Resync Without Keeping My Text');
  notice()?.actions[0]?.run();
  await settle();
  expect(asked.at(-1)).toMatchObject({ isUnkept: true });
});
