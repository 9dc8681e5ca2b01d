import { expect, it, onTestFinished, vi } from 'vitest';
import type { LabelledEvent, LabelsPage } from '../../../shared/sync/administration/index.ts';
import { writeReplacement } from '../../../shared/sync/blobs/index.ts';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { settle } from '../../../shared/testing/scripted-relay.ts';
import { openRoomUnderTest } from '../testing/room-under-test.ts';
import { ObservableValue } from '../ui/observable.ts';
import { type EventsHost, RoomEventsModel } from './events-model.ts';
import type { OpenRoom } from './open-room.ts';

const PAGE = 30;

/** The events of a room whose history the test writes. */
async function watchEvents() {
  const { room, relay } = await openRoomUnderTest();
  const history: LabelledEvent[] = [];
  const hidden = new Set<number>();
  let failure: string | undefined;
  const asked: (number | undefined)[] = [];
  const documents: string[] = [];
  const list = (before: number | undefined, limit: number): LabelsPage => {
    const page = history.filter(({ seq }) => before === undefined || seq < before).slice(0, limit);
    const lastSeq = page.at(-1)?.seq ?? 1;
    return { events: page.filter(({ seq }) => !hidden.has(seq)), next: lastSeq > 1 ? lastSeq : undefined };
  };
  const ask: EventsHost['list'] = async ({ before, limit }) => {
    asked.push(before);
    await Promise.resolve();
    if (failure !== undefined) return { ok: false, explanation: failure };
    return { ok: true, value: list(before, limit) };
  };
  const listDocuments: EventsHost['listDocuments'] = async ({ seq }) => {
    await Promise.resolve();
    return seq === 1 ? { ok: true, value: documents } : { ok: false, explanation: 'The relay does not have it.' };
  };
  const scheduler = new ManualScheduler();
  const open = new ObservableValue<OpenRoom | undefined>(room);
  const model = new RoomEventsModel(open, { list: ask, listDocuments }, scheduler);
  onTestFinished(() => model.dispose());
  return {
    model,
    scheduler,
    asked,
    documents,
    room,
    relay,
    hidden,
    open,
    add: (count: number, part: Partial<LabelledEvent> = {}) => {
      for (let added = 0; added < count; added++)
        history.unshift({ ...createEvent((history[0]?.seq ?? 0) + 1), ...part });
    },
    fail: (explanation: string | undefined) => (failure = explanation),
    seqs: () => model.state.get().events.map(({ seq }) => seq),
  };
}

function createEvent(seq: number): LabelledEvent {
  const base = { id: `event-number-${seq}`, kind: 'bulk', label: `act ${seq}`, detail: '', files: 3 };
  return { seq, ...base, actor: 'ben', actorName: 'Ben', atMs: seq, receivedMs: seq };
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: from - to + 1 }, (_, index) => from - index);
}

it('asks the relay only while somebody looks, and then again and again', async () => {
  const { model, scheduler, asked, add, seqs } = await watchEvents();
  add(2);
  scheduler.advance(60_000);
  expect(asked).toEqual([]);
  const watching = model.watch();
  await vi.waitFor(() => expect(seqs()).toEqual([2, 1]));
  add(1);
  scheduler.advance(20_000);
  await vi.waitFor(() => expect(seqs()).toEqual([3, 2, 1]));
  watching.dispose();
  scheduler.advance(60_000);
  await settle();
  expect(asked).toHaveLength(2);
});

it('pages back, keeps older pages while nothing is missing between, and begins anew when something is', async () => {
  const { model, scheduler, add, seqs } = await watchEvents();
  add(70);
  onTestFinished(() => watching.dispose());
  const watching = model.watch();
  await vi.waitFor(() => expect(seqs()).toEqual(range(70, 41)));
  expect(model.state.get().hasMore).toBe(true);
  await model.loadMore();
  await model.loadMore();
  expect(seqs()).toEqual(range(70, 1));
  expect(model.state.get().hasMore).toBe(false);
  add(5);
  scheduler.advance(20_000);
  await vi.waitFor(() => expect(seqs()).toEqual(range(75, 1)));
  add(PAGE + 5);
  scheduler.advance(20_000);
  await vi.waitFor(() => expect(seqs()).toEqual(range(110, 81)));
  await model.loadMore();
  expect(seqs()).toEqual(range(110, 51));
});

it('goes over pages of which self may see nothing', async () => {
  const { model, add, hidden, seqs } = await watchEvents();
  add(100);
  for (const seq of range(70, 11)) hidden.add(seq);
  const watching = model.watch();
  onTestFinished(() => watching.dispose());
  await vi.waitFor(() => expect(seqs()).toEqual(range(100, 71)));
  await model.loadMore();
  expect(seqs()).toEqual([...range(100, 71), ...range(10, 1)]);
});

it('says why the relay did not tell, beside what was known, and forgets it all with the room', async () => {
  const { model, scheduler, add, fail, open, seqs } = await watchEvents();
  add(1, { atMs: 9_000, receivedMs: 5_000 });
  const watching = model.watch();
  onTestFinished(() => watching.dispose());
  await vi.waitFor(() => expect(seqs()).toEqual([1]));
  expect(model.state.get().events[0]).toMatchObject({ name: 'Ben', fileCount: 3, atMs: 5_000, isSelf: false });
  fail('The relay cannot be reached.');
  scheduler.advance(20_000);
  await vi.waitFor(() => expect(model.state.get().explanation).toBe('The relay cannot be reached.'));
  expect(seqs()).toEqual([1]);
  fail(undefined);
  scheduler.advance(20_000);
  await vi.waitFor(() => expect(model.state.get().explanation).toBeUndefined());
  open.set(undefined);
  expect(model.state.get()).toEqual({ events: [], hasMore: false, isLoading: false, explanation: undefined });
});

it('names the files of an event, also of one that is no text, and counts what has no name', async () => {
  const { model, add, documents, room } = await watchEvents();
  const blob = { blob: 'a'.repeat(64), sizeBytes: 1 };
  add(1, { files: 5 });
  add(1, { kind: 'blob', detail: writeReplacement({ fileId: 'f2', from: blob, to: blob }), files: 1 });
  add(1);
  const watching = model.watch();
  onTestFinished(() => watching.dispose());
  const file = { eol: 'LF', bom: false, kind: 'text' } as const;
  room.index.add([
    { ...file, fileId: 'f10', path: 'src/file10.ts' },
    { ...file, fileId: 'f2', path: 'src/file2.ts' },
    { ...file, fileId: 'old', path: 'old.ts' },
  ]);
  room.index.remove(['old']);
  documents.push('index', 'f10', 'old', 'f2', 'unknown');
  await vi.waitFor(() => expect(model.state.get().events).toHaveLength(3));
  expect(await model.listFiles(1)).toEqual({
    ok: true,
    value: {
      files: [
        { fileId: 'old', path: 'old.ts', isListed: false },
        { fileId: 'f2', path: 'src/file2.ts', isListed: true },
        { fileId: 'f10', path: 'src/file10.ts', isListed: true },
      ],
      moreCount: 0,
      unnamedCount: 2,
    },
  });
  expect(await model.listFiles(2)).toMatchObject({ ok: true, value: { files: [{ fileId: 'f2' }], unnamedCount: 0 } });
  expect(await model.listFiles(3)).toEqual({ ok: false, explanation: 'The relay does not have it.' });
  expect(await model.listFiles(4)).toMatchObject({ ok: false });
});

it('asks soon after the list of files changed, and when it is told to', async () => {
  const { model, scheduler, add, room, seqs } = await watchEvents();
  const watching = model.watch();
  onTestFinished(() => watching.dispose());
  await vi.waitFor(() => expect(model.state.get().isLoading).toBe(false));
  room.index.add([{ eol: 'LF', bom: false, kind: 'text', path: 'a.ts' }]);
  add(1);
  scheduler.advance(500);
  await vi.waitFor(() => expect(seqs()).toEqual([1]));
  add(1);
  model.refresh();
  await vi.waitFor(() => expect(seqs()).toEqual([2, 1]));
  add(1);
  model.notePosted('room');
  await vi.waitFor(() => expect(seqs()).toEqual([3, 2, 1]));
});

it('says whose events are those of self, also without a connection', async () => {
  const { model, add, relay } = await watchEvents();
  relay.latest.welcome();
  add(1, { actor: 'me' });
  const watching = model.watch();
  onTestFinished(() => watching.dispose());
  await vi.waitFor(() => expect(model.state.get().events).toMatchObject([{ isSelf: true }]));
  relay.latest.goodbye(1012);
  await settle();
  relay.latest.pair.deliverAll();
  await settle();
  expect(model.state.get().events).toMatchObject([{ isSelf: true }]);
});

it('says which of two replacements at once does not count, whichever event came last', async () => {
  const { model, add, room } = await watchEvents();
  const [old, bens, roots] = ['a', 'b', 'c'].map((digit) => ({ blob: digit.repeat(64), sizeBytes: 1 }));
  if (!old || !bens || !roots) throw new Error('there are three contents');
  const file = { eol: 'LF', bom: false, kind: 'binary', path: 'pic.bin' } as const;
  const [fileId = ''] = room.index.add([{ ...file, blob: bens.blob, sizeBytes: 1 }]);
  const replaced = { kind: 'blob', label: 'Replaced pic.bin', files: 1 };
  add(1, { ...replaced, detail: writeReplacement({ fileId, from: old, to: bens }) });
  add(1, { ...replaced, detail: writeReplacement({ fileId, from: old, to: roots }) });
  const watching = model.watch();
  onTestFinished(() => watching.dispose());
  const labels = () => model.state.get().events.map(({ label }) => label);
  await vi.waitFor(() =>
    expect(labels()).toEqual(['Replaced pic.bin, where another version counts', 'Replaced pic.bin']),
  );
  room.index.update(fileId, { blob: roots.blob });
  await vi.waitFor(() => expect(labels()).toEqual(['Replaced pic.bin', 'Replaced pic.bin']));
});
