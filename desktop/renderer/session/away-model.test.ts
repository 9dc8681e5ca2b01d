import { expect, it, onTestFinished } from 'vitest';
import type { AwayChange, AwaySummary } from '../../../shared/sync/index.ts';
import { settle } from '../../../shared/testing/scripted-relay.ts';
import { ScriptedEngine } from '../testing/scripted-engine.ts';
import { ObservableValue } from '../ui/observable.ts';
import { RoomAwayModel } from './away-model.ts';
import { OpenRoom } from './open-room.ts';

const CHANGE: AwayChange = {
  fileId: 'a',
  path: 'old.txt',
  list: undefined,
  text: 'theirs',
  hasTexts: true,
  isWithoutBefore: false,
  theirs: { inserted: 3, deleted: 0 },
  mine: { inserted: 0, deleted: 0 },
  overlaps: [],
  people: [{ subject: 'ben', name: 'Ben', firstMs: 1, lastMs: 2 }],
  listPeople: [],
  takenBack: undefined,
  undone: undefined,
  isLookedAt: false,
  returnNumber: 1,
};

function summaryOf(
  changes: readonly AwayChange[],
  returnNumber = 1,
  announcedNumber = returnNumber,
  newlyTakenBack: readonly string[] = [],
): AwaySummary {
  const times = { leftMs: 1_000, lastLeftMs: 1_000, returnedMs: 61_000 };
  return { returnNumber, announcedNumber, newlyTakenBack, ...times, changes, unlistedCount: 0, ownCount: 2 };
}

async function open() {
  const engine = new ScriptedEngine();
  const room = new OpenRoom(engine.windowPort, { kind: 'open', room: 'r', folderPath: undefined, isOwner: false });
  const rooms = new ObservableValue<OpenRoom | undefined>(room);
  const model = new RoomAwayModel(rooms);
  let returns = 0;
  const counting = model.onDidReturn(() => returns++);
  onTestFinished(() => {
    counting.dispose();
    model.dispose();
    room.dispose();
  });
  room.index.add([{ fileId: 'a', path: 'new.txt', eol: 'LF', bom: false, kind: 'text' }]);
  engine.setSelf({ role: 'editor', writesAs: 'editor' });
  await settle();
  return { engine, room, rooms, model, countReturns: () => returns };
}

it('shows what happened, by the paths of now, once for each return', async () => {
  const { engine, model, rooms, countReturns } = await open();
  expect(model.summary.get()).toBeUndefined();
  const gone: AwayChange = { ...CHANGE, fileId: 'b', path: 'gone.txt', list: { kind: 'deleted' }, isLookedAt: true };
  engine.postAway(summaryOf([CHANGE, gone]));
  await settle();
  expect(model.summary.get()).toMatchObject({
    absenceMs: 60_000,
    ownCount: 2,
    files: [
      { path: 'new.txt', isListed: true, overlapCount: 0, lockReason: undefined, people: [{ name: 'Ben' }] },
      { path: 'gone.txt', isListed: false, isEarlier: false },
    ],
  });
  expect([model.newCount.get(), countReturns()]).toEqual([1, 1]);
  engine.postAway(summaryOf([{ ...CHANGE, isLookedAt: true }]));
  await settle();
  expect([model.newCount.get(), countReturns()]).toEqual([0, 1]);
  engine.postAway(summaryOf([CHANGE], 2));
  await settle();
  expect(countReturns()).toBe(2);
  expect(model.summary.get()?.files[0]?.isEarlier).toBe(true);
  rooms.set(undefined);
  expect([model.summary.get(), model.newCount.get()]).toEqual([undefined, 0]);
  expect(await model.undoMine('a')).toMatchObject({ ok: false });
});

it('brings forward only what others are known to have done, as soon as that is known', async () => {
  const { engine, model, countReturns } = await open();
  const doubted: AwayChange = { ...CHANGE, people: [] };
  engine.postAway(summaryOf([doubted], 1, 0));
  await settle();
  expect([model.newCount.get(), countReturns()]).toEqual([1, 0]);
  engine.postAway(summaryOf([CHANGE], 1, 1));
  engine.postAway(summaryOf([doubted], 2, 1));
  await settle();
  expect(countReturns()).toBe(1);
  engine.postAway(summaryOf([CHANGE], 2, 2));
  await settle();
  expect(countReturns()).toBe(2);
});

it('says why whoever may only read cannot undo', async () => {
  const { engine, model } = await open();
  engine.setSelf({ role: 'viewer', writesAs: 'viewer' });
  engine.postAway(summaryOf([CHANGE]));
  await settle();
  expect(model.summary.get()?.files[0]?.lockReason).toContain('viewer');
});

it('lists a file again that others deleted, unless its path is taken', async () => {
  const { engine, model, room } = await open();
  const gone: AwayChange = { ...CHANGE, fileId: 'b', path: 'new.txt', list: { kind: 'deleted' } };
  engine.postAway(summaryOf([gone]));
  engine.setStatus('index', { access: 'write' });
  await settle();
  expect(await model.bringBack('b')).toMatchObject({ ok: false });
  expect(model.summary.get()?.files.find(({ fileId }) => fileId === 'b')?.anewId).toBe('a');
  room.index.update('a', { path: 'other.txt' });
  expect(await model.bringBack('b')).toEqual({ ok: true });
  expect(room.index.get('b')?.path).toBe('new.txt');
});

it('tells at once that others undid what self wrote, once, and not what earlier starts told', async () => {
  const { engine, model, rooms, room } = await open();
  const told: string[] = [];
  const telling = model.onDidTakeBack(({ path, takenBack }) => {
    told.push(`${path} ${takenBack?.map(({ name }) => name).join()}`);
  });
  const old: AwayChange = { ...CHANGE, fileId: 'b', path: 'b.txt', takenBack: CHANGE.people };
  engine.postAway(summaryOf([CHANGE, old]));
  await settle();
  const undone: AwayChange = { ...CHANGE, takenBack: CHANGE.people };
  const post = async (change: AwayChange, newly: readonly string[] = ['a']) => {
    engine.postAway(summaryOf([change, old], 1, 1, newly));
    await settle();
  };
  for (const isLookedAt of [false, false, true, false]) await post({ ...undone, isLookedAt });
  expect(told).toEqual(['new.txt Ben']);
  await post(CHANGE, []);
  await post(undone);
  expect(told).toHaveLength(2);
  rooms.set(undefined);
  await post(undone, []);
  rooms.set(room);
  await settle();
  expect(told).toHaveLength(2);
  telling.dispose();
});
