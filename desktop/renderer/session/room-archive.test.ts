import { strFromU8, unzipSync } from 'fflate';
import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { settle } from '../../../shared/testing/scripted-relay.ts';
import { WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { NotificationView } from '../ui/workbench-model.ts';
import { openRoomUnderTest } from '../testing/room-under-test.ts';
import { FilesCopy } from './files-copy.ts';

const TEXT = { eol: 'LF', bom: false, kind: 'text' } as const;
const BLOB = 'a'.repeat(64);

/** A room with files that this device has never opened, and a copy of them that is begun. */
async function beginCopy(content: { readonly ok: boolean } = { ok: true }) {
  const { room, relay } = await openRoomUnderTest();
  const list = new Y.Doc();
  const index = new WorkspaceIndex(list, { random: Math.random, nowMs: () => 0 });
  index.add([
    { ...TEXT, fileId: 'plain', path: 'plain.ts' },
    { ...TEXT, fileId: 'windows', path: 'windows.bat', eol: 'CRLF', bom: true },
    { fileId: 'image', path: 'image.png', eol: 'LF', bom: false, kind: 'binary', sizeBytes: 3, blob: BLOB },
  ]);
  relay.latest.welcome();
  relay.latest.answerOpen(list, { seq: 1 });
  await settle();
  const saved: Uint8Array[] = [];
  const shown: NotificationView[] = [];
  const removed: string[] = [];
  const copy = new FilesCopy({
    scheduler: systemScheduler,
    notices: { show: (notice) => shown.push(notice), remove: (id) => removed.push(id) },
    api: {
      invoke: async (channel: string, request: unknown): Promise<never> => {
        const answer =
          channel === 'file:save'
            ? { ok: true, value: true }
            : { ...content, value: new Uint8Array([1, 2, 3]), explanation: 'the relay is away' };
        if (channel === 'file:save' && typeof request === 'object' && request !== null && 'content' in request)
          if (request.content instanceof Uint8Array) saved.push(request.content);
        return Promise.resolve(answer) as Promise<never>;
      },
    },
  });
  onTestFinished(() => {
    copy.dispose();
    index.dispose();
    list.destroy();
  });
  const outcome = copy.save(room, 'room.zip');
  await settle();
  const answer = (document: string, text: string) => {
    const { latest } = relay;
    const open = latest.ofType('open').find((message) => message.document === document);
    const doc = new Y.Doc();
    doc.getText('content').insert(0, text);
    latest.send(
      {
        type: 'opened',
        handle: open?.handle ?? 0,
        epoch: 'e',
        headSeq: 1,
        stateVector: Y.encodeStateVector(doc),
        access: 'write',
      },
      { type: 'sync', handle: open?.handle ?? 0, throughSeq: 1, isLast: true, payload: Y.encodeStateAsUpdate(doc) },
    );
    doc.destroy();
  };
  return { copy, outcome, answer, relay, saved, shown, removed };
}

it('fetches every text and every content that is not on this device', async () => {
  const { outcome, answer, saved, shown } = await beginCopy();
  answer('plain', 'one\ntwo\n');
  answer('windows', 'a\nb\n');
  expect(await outcome).toEqual({ ok: true });
  const files = unzipSync(saved[0] ?? new Uint8Array());
  expect(Object.keys(files).toSorted()).toEqual(['image.png', 'plain.ts', 'windows.bat']);
  expect(strFromU8(files['plain.ts'] ?? new Uint8Array())).toBe('one\ntwo\n');
  expect(Buffer.from(files['windows.bat'] ?? []).toString()).toBe('\uFEFFa\r\nb\r\n');
  expect(files['image.png']).toEqual(new Uint8Array([1, 2, 3]));
  expect(shown.map(({ id }) => id)).not.toContain('files-copy:left-out');
});

it('leaves out and names what cannot be had, and writes no empty file for it', async () => {
  const { outcome, answer, relay, saved, shown } = await beginCopy({ ok: false });
  answer('plain', 'one\n');
  await settle();
  relay.latest.goodbye(1012);
  expect(await outcome).toEqual({ ok: true });
  expect(Object.keys(unzipSync(saved[0] ?? new Uint8Array()))).toEqual(['plain.ts']);
  const told = shown.find(({ id }) => id === 'files-copy:left-out');
  expect(told?.title).toBe('The copy has 1 file; 2 files are not in it.');
  expect(told?.detail).toContain('windows.bat: its text is not on this device, and the relay does not give it now.');
  expect(told?.detail).toContain('image.png');
});

it('saves nothing when it is cancelled, or when it has nothing', async () => {
  const cancelled = await beginCopy();
  cancelled.shown.find(({ id }) => id === 'files-copy:progress')?.actions[0]?.run();
  expect(await cancelled.outcome).toEqual({ ok: true });
  expect([cancelled.saved, cancelled.removed.at(-1)]).toEqual([[], 'files-copy:progress']);
  const nothing = await beginCopy({ ok: false });
  nothing.relay.latest.goodbye(1012);
  expect(await nothing.outcome).toMatchObject({
    ok: false,
    explanation: expect.stringContaining('plain.ts') as unknown,
  });
  expect(nothing.saved).toEqual([]);
});
