import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { type ScriptedConnection, settle } from '../../../shared/testing/scripted-relay.ts';
import { startSession } from '../../../shared/testing/session-under-test.ts';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { RoomFiles } from './room-files.ts';

function answerOpen(connection: ScriptedConnection, handle: number, doc: Y.Doc): void {
  const state = { stateVector: Y.encodeStateVector(doc), payload: Y.encodeStateAsUpdate(doc) };
  connection.send(
    { type: 'opened', handle, epoch: 'e1', headSeq: 1, stateVector: state.stateVector, access: 'write' },
    { type: 'sync', handle, throughSeq: 1, isLast: true, payload: state.payload },
  );
}

it('goes on with the new document when a text is begun anew: it is told at once, and edits go there', async () => {
  const { session, relay } = await startSession();
  const list = session.open(INDEX_DOCUMENT);
  const index = new WorkspaceIndex(list.replica.doc, { random: Math.random, nowMs: Date.now });
  const files = new RoomFiles(session, index, () => true);
  const [fileId = ''] = index.add([{ path: 'a.txt', eol: 'LF', bom: false, kind: 'text' }]);
  await files.whenTextReady(fileId);
  files.applyEdits(fileId, [{ offset: 0, deleteLength: 0, insert: 'here' }]);
  const lease = session.open(fileId);
  const old = lease.replica;
  relay.latest.welcome();
  await settle();
  for (const { handle } of relay.latest.ofType('open')) answerOpen(relay.latest, handle, new Y.Doc());
  await settle();
  for (const { handle, clientSeq } of relay.latest.ofType('update')) {
    relay.latest.send({ type: 'ack', handle, clientSeq, seq: 2 });
  }
  const told: string[] = [];
  const listening = files.onDidChangeText((changed) => told.push(files.readText(changed)));
  onTestFinished(() => {
    listening.dispose();
    lease.dispose();
    files.dispose();
    index.dispose();
    list.dispose();
  });

  const outcome = session.resync(fileId, true);
  await settle();
  const theirs = new Y.Doc();
  theirs.getText('content').insert(0, 'relay');
  answerOpen(relay.latest, relay.latest.last('open').handle, theirs);
  expect(await outcome).toEqual({ kind: 'done', keptPath: undefined });
  expect(told).toEqual(['relay']);
  files.applyEdits(fileId, [{ offset: 5, deleteLength: 0, insert: '!' }]);
  expect(files.readText(fileId)).toBe('relay!');
  expect(lease.replica).not.toBe(old);
  expect(lease.replica.doc.getText('content').toString()).toBe('relay!');
  // What is done to the old one reaches nobody.
  old.doc.getText('content').insert(0, 'late ');
  expect(told).toEqual(['relay', 'relay!']);
});
