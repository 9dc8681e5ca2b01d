import { describe, expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { AttachedSession, AttachmentHost } from '../../../shared/sync/attachment/index.ts';
import { createAttachmentPair } from '../../../shared/testing/attachment-pair.ts';
import { settle } from '../../../shared/testing/scripted-relay.ts';
import { startSession } from '../../../shared/testing/session-under-test.ts';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { applyProposalUpdate, describeDocument, readProposalTexts } from './proposals.ts';

async function openRoom() {
  const { session: engine } = await startSession();
  const host = new AttachmentHost(engine);
  const session = new AttachedSession(() => 0);
  const pair = createAttachmentPair();
  host.attach(pair.engine);
  session.attach(pair.window);
  const indexDocument = session.open(INDEX_DOCUMENT);
  const index = new WorkspaceIndex(indexDocument.doc, { random: Math.random, nowMs: () => 0 });
  onTestFinished(() => {
    for (const owned of [index, indexDocument, session, host]) owned.dispose();
  });
  await indexDocument.whenReady;
  const [fileId = ''] = index.add([{ path: 'src/a.ts', eol: 'LF', bom: false, kind: 'text' }]);
  const file = session.open(fileId);
  onTestFinished(() => file.dispose());
  await file.whenReady;
  file.doc.getText('content').insert(0, 'one\n');
  await settle();
  return { room: { session, index }, file, fileId, text: () => file.doc.getText('content').toString() };
}

/** What somebody with the document's present state would send after `edit`. */
function propose(doc: Y.Doc, edit: (copy: Y.Doc) => void): Uint8Array {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  const before = Y.encodeStateVector(copy);
  edit(copy);
  const update = Y.encodeStateAsUpdate(copy, before);
  copy.destroy();
  return update;
}

function proposalFor(document: string) {
  const who = { proposalId: 'p', subject: 's', name: 'Ben', createdAtMs: 0, bytes: 1 };
  return { ...who, document, subjectOfChange: 'src/a.ts' };
}

describe('a proposal', () => {
  it('is shown beside what the document is by then, and touches nothing', async () => {
    const { room, file, fileId, text } = await openRoom();
    const update = propose(file.doc, (copy) => copy.getText('content').insert(4, 'two\n'));
    file.doc.getText('content').insert(0, 'zero\n');
    expect(await readProposalTexts(room, proposalFor(fileId), update)).toEqual({
      ok: true,
      value: { title: 'src/a.ts', path: 'src/a.ts', before: 'zero\none\n', after: 'zero\none\ntwo\n' },
    });
    expect(text()).toBe('zero\none\n');
  });

  it('for the list of files is shown as paths', async () => {
    const { room } = await openRoom();
    const index = room.session.open(INDEX_DOCUMENT);
    onTestFinished(() => index.dispose());
    const update = propose(index.doc, (copy) => {
      const list = new WorkspaceIndex(copy, { random: Math.random, nowMs: () => 0 });
      list.add([{ path: 'b.ts', eol: 'LF', bom: false, kind: 'text' }]);
      list.dispose();
    });
    const shown = await readProposalTexts(room, proposalFor(INDEX_DOCUMENT), update);
    expect(shown).toMatchObject({ ok: true, value: { before: 'src/a.ts', after: 'b.ts\nsrc/a.ts' } });
  });

  it('is applied as an edit of self, which this device keeps', async () => {
    const { room, file, fileId, text } = await openRoom();
    const update = propose(file.doc, (copy) => copy.getText('content').insert(4, 'two\n'));
    const forwarded: unknown[] = [];
    file.doc.on('update', (sent: Uint8Array) => void forwarded.push(sent));
    const applied = applyProposalUpdate(room, fileId, update);
    await settle();
    expect(await applied).toEqual({ ok: true, value: true });
    expect(text()).toBe('one\ntwo\n');
    expect(forwarded).toHaveLength(1);
    expect(await applyProposalUpdate(room, fileId, update)).toEqual({ ok: true, value: true });
    expect(text()).toBe('one\ntwo\n');
  });

  it('that is damaged is refused with words for the person, and leaves nothing behind', async () => {
    const { room, fileId, text } = await openRoom();
    const damaged = new Uint8Array([1, 2, 250, 9, 9]);
    const shown = await readProposalTexts(room, proposalFor(fileId), damaged);
    expect(shown.ok ? '' : shown.explanation).toMatch(/damaged/);
    const applied = await applyProposalUpdate(room, fileId, damaged);
    expect(applied.ok ? '' : applied.explanation).toMatch(/damaged/);
    expect(text()).toBe('one\n');
  });
});

it('says what a document is', () => {
  const pathOf = (fileId: string) => (fileId === 'f' ? 'a.ts' : undefined);
  expect(['f', INDEX_DOCUMENT, 'comments', 'gone'].map((name) => describeDocument(name, pathOf))).toEqual([
    'a.ts',
    'List of files',
    'Comments',
    'A file that is not in the list',
  ]);
});
