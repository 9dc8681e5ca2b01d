import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { settle } from '../../../shared/testing/scripted-relay.ts';
import { type SharedFile, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { Role } from '../../../shared/access/index.ts';
import { ObservableValue } from '../ui/observable.ts';
import type { WorkspaceStatus } from '../../ipc/index.ts';
import { openRoomUnderTest } from '../testing/room-under-test.ts';
import { FileStates } from './file-states.ts';
import type { OpenRoom } from './open-room.ts';
import { RoomWorkspaceModel } from './workspace-files-model.ts';

const FILE: SharedFile = { fileId: 'f1', path: 'src/a.ts', eol: 'LF', bom: false, kind: 'text' };

/** Somebody of a role has a file open, which is in the list. */
async function openFileAs(role: Role) {
  const { room, relay } = await openRoomUnderTest();
  const list = new Y.Doc();
  const index = new WorkspaceIndex(list, { random: Math.random, nowMs: () => 0 });
  onTestFinished(() => {
    index.dispose();
    list.destroy();
  });
  index.add([FILE]);
  const access = role === 'editor' ? 'write' : 'read';
  relay.latest.welcome({ role });
  const listHandle = relay.latest.answerOpen(list, { access });
  await settle();
  const state = new FileStates(room, () => undefined).of(FILE.fileId);
  const watching = state.subscribe(() => {});
  onTestFinished(() => watching.dispose());
  await settle();
  relay.latest.answerOpen(undefined, { access });
  await settle();
  const deleteForAll = async () => {
    const before = Y.encodeStateVector(list);
    index.remove([FILE.fileId]);
    const payload = Y.encodeStateAsUpdate(list, before);
    relay.latest.send({ type: 'update', handle: listHandle, author: 2, committedSeq: 0, payload });
    await settle();
  };
  return { room, relay, state, deleteForAll };
}

function filesOf(room: OpenRoom) {
  const status = new ObservableValue<WorkspaceStatus>(room.status);
  const api = { invoke: () => Promise.reject(new Error('nobody answers')), on: () => () => {} };
  const model = new RoomWorkspaceModel(new ObservableValue<OpenRoom | undefined>(room), status, api, false);
  onTestFinished(() => model.dispose());
  return model;
}

it('whoever may write can restore a file that was deleted, once', async () => {
  const { room, state, deleteForAll } = await openFileAs('editor');
  expect(state.get().problem).toBeUndefined();
  await deleteForAll();
  const [restore] = state.get().problem?.actions ?? [];
  expect([restore?.label, state.get().problem?.message]).toEqual([
    'Restore File',
    expect.stringContaining('restore the file to go on with it'),
  ]);
  restore?.run();
  expect(room.index.files).toEqual([FILE]);
  expect(state.get().problem).toBeUndefined();
});

it('says to whoever deleted it that they did, also where its text was never on this device', async () => {
  const { room, relay, state, deleteForAll } = await openFileAs('editor');
  room.index.remove([FILE.fileId]);
  await settle();
  expect(state.get().problem?.message).toMatch(/^You deleted src\/a\.ts\. Its text is still here/);
  state.get().problem?.actions[0]?.run();
  expect(state.get().problem).toBeUndefined();
  await deleteForAll();
  relay.latest.goodbye(1012);
  await settle();
  room.index.add([{ ...FILE, fileId: 'f2', path: 'b.ts' }]);
  const unread = new FileStates(room, () => undefined).of('f2');
  const watching = unread.subscribe(() => {});
  onTestFinished(() => watching.dispose());
  room.index.remove(['f2']);
  await settle();
  expect(unread.get().problem?.message).toMatch(/^You deleted b\.ts\./);
});

it('whoever may only read is offered none, and cannot make one in their own list', async () => {
  const { room, state, deleteForAll } = await openFileAs('viewer');
  await deleteForAll();
  expect(state.get().problem).toMatchObject({ message: 'src/a.ts was deleted. Its text is still here.', actions: [] });
  const files = filesOf(room);
  const refused = { ok: false, explanation: expect.stringContaining('You are here as a viewer.') as unknown };
  expect(await files.createFile('b.ts')).toEqual(refused);
  expect(await files.renameFile(FILE.fileId, 'c.ts')).toEqual(refused);
  expect(await files.renameFolder('src', 'lib')).toEqual(refused);
  expect(await files.deleteFiles([FILE.fileId])).toEqual(refused);
  expect(room.index.files).toEqual([]);
});

it('an offer that was made before somebody was put out does nothing any more', async () => {
  const { room, relay, state, deleteForAll } = await openFileAs('editor');
  await deleteForAll();
  const [restore] = state.get().problem?.actions ?? [];
  relay.latest.goodbye(4403, 'Your access was taken back.');
  await settle();
  restore?.run();
  expect(room.index.files).toEqual([]);
  expect(state.get().problem?.actions).toEqual([]);
});

it('says where the edits of a file are only when it is read from this device', async () => {
  const { room, relay } = await openRoomUnderTest();
  const state = new FileStates(room, () => undefined).of(FILE.fileId);
  const seen: (string | undefined)[] = [];
  const watching = state.subscribe(() => seen.push(state.get().saveState?.kind));
  onTestFinished(() => watching.dispose());
  relay.latest.welcome();
  await settle();
  relay.latest.answerOpen();
  await settle();
  // The file of the test, which is opened last.
  relay.latest.answerOpen();
  await settle();
  expect(seen.filter((kind) => kind !== undefined)).toEqual(['on-the-relay']);
  expect(seen.indexOf('on-the-relay')).toBe(seen.length - 1);
});

it('shows a file that this device never had as not there, and takes nothing typed in it', async () => {
  const { room, relay } = await openRoomUnderTest();
  const list = new Y.Doc();
  const index = new WorkspaceIndex(list, { random: Math.random, nowMs: () => 0 });
  onTestFinished(() => {
    index.dispose();
    list.destroy();
  });
  index.add([FILE]);
  relay.latest.welcome();
  relay.latest.answerOpen(list, { seq: 1 });
  await settle();
  relay.latest.goodbye(1012);
  await settle();
  room.index.add([{ ...FILE, fileId: 'own', path: 'own.ts' }]);
  const files = new FileStates(room, () => undefined);
  const [theirs, own] = [files.of(FILE.fileId), files.of('own')];
  for (const state of [theirs, own]) {
    const watching = state.subscribe(() => {});
    onTestFinished(() => watching.dispose());
  }
  await settle();
  const message = 'The text of this file is not on this device yet. It comes as soon as the relay is reached.';
  expect(theirs.get()).toMatchObject({ saveState: undefined, readOnlyReason: message, problem: undefined });
  const here = { saveState: { kind: 'on-this-device' }, readOnlyReason: undefined, problem: undefined };
  expect(own.get()).toMatchObject(here);
  for (const [fileId, access] of [
    [FILE.fileId, 'read'],
    ['own', 'unknown'],
    ['comments', 'unknown'],
  ] as const) {
    const document = room.session.open(fileId);
    await settle();
    expect([fileId, document.access]).toEqual([fileId, access]);
    document.dispose();
  }
});
