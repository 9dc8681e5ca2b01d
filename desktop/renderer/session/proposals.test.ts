import { describe, expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { AttachedSession, AttachmentHost } from '../../../shared/sync/attachment/index.ts';
import { createAttachmentPair } from '../../../shared/testing/attachment-pair.ts';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { settle } from '../../../shared/testing/scripted-relay.ts';
import { startSession } from '../../../shared/testing/session-under-test.ts';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { applyProposalUpdate, describeDocument, readProposalTexts } from './proposals.ts';

async function openRoom() {
  const { session: engine } = await startSession();
  const host = new AttachmentHost(engine);
  const session = new AttachedSession(new ManualScheduler());
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
  const seen = index.files;
  const lastListed = (id: string) => index.get(id) ?? seen.find((known) => known.fileId === id);
  const room = { session, index, lastListed, canEditList: true };
  return { room, file, fileId, text: () => file.doc.getText('content').toString() };
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
  return { ...who, document, subjectOfChange: 'src/a.ts', unlisted: undefined };
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

  it('for the list of files is shown with all that is known of each file', async () => {
    const { room, fileId } = await openRoom();
    const show = async (edit: (list: WorkspaceIndex, copy: Y.Doc) => void) => {
      const index = room.session.open(INDEX_DOCUMENT);
      await index.whenReady;
      const update = propose(index.doc, (copy) => {
        const list = new WorkspaceIndex(copy, { random: Math.random, nowMs: () => 0 });
        edit(list, copy);
        list.dispose();
      });
      index.dispose();
      const shown = await readProposalTexts(room, proposalFor(INDEX_DOCUMENT), update);
      if (!shown.ok) throw new Error(shown.explanation);
      expect(shown.value.before).toBe(`src/a.ts  (text, LF; id ${fileId})`);
      return shown.value.after;
    };
    const blob = { fileId: 'b1', path: 'logo.png', eol: 'LF', bom: false, kind: 'binary', sizeBytes: 9 } as const;
    expect(await show((list) => list.add([blob]))).toBe(
      `logo.png  (binary, 9 bytes; id b1)\nsrc/a.ts  (text, LF; id ${fileId})`,
    );
    expect(await show((list) => list.update(fileId, { eol: 'CRLF', bom: true }))).toBe(
      `src/a.ts  (text, CRLF, BOM; id ${fileId})`,
    );
    expect(await show((list) => list.update(fileId, { executable: true }))).toBe(
      `src/a.ts  (text, LF, executable; id ${fileId})`,
    );
    expect(await show((list) => list.update(fileId, { kind: 'oversized' }))).toContain('(oversized; id');
    // Another file in its place, with a name that turns around what follows.
    const other = { fileId: 'b2', path: 'src/a.ts', eol: 'LF', bom: false, kind: 'text' } as const;
    const swapped = await show((list, copy) => {
      list.remove([fileId]);
      list.add([other]);
      copy.getMap('files').set('b3', new Y.Map([['path', 'a\u202etxt.exe']]));
    });
    expect(swapped).toBe('src/a.ts  (text, LF; id b2)\nnot shown: b3 {"path":"a\\u202etxt.exe"}');
    const odd = await show((list, copy) => {
      list.roomName = 'New';
      copy.getMap('files').set('b4', new Y.Map([['path', '../out']]));
    });
    expect(odd).toBe(`room name: "New"\nsrc/a.ts  (text, LF; id ${fileId})\nnot shown: b4 {"path":"../out"}`);
  });

  it('for comments is shown as a whole, lists and texts too', async () => {
    const { room } = await openRoom();
    const update = propose(new Y.Doc(), (copy) => {
      copy.getMap('threads').set('t1', 'first');
      copy.getArray('order').push([1, 2]);
      copy.getText('note').insert(0, 'two\u202e\nlines');
    });
    const shown = await readProposalTexts(room, proposalFor('comments'), update);
    if (!shown.ok) throw new Error(shown.explanation);
    expect(shown.value.after).toContain('two\\u202e\\nlines');
    const note = 'two\u202e\nlines';
    expect(JSON.parse(shown.value.after)).toEqual({ threads: { t1: 'first' }, order: [1, 2], note });
  });

  it.each<readonly [what: string, document: string | undefined, edit: (copy: Y.Doc) => void]>([
    ['another text', undefined, (copy) => copy.getText('other').insert(0, 'x')],
    ['a map beside the text', undefined, (copy) => copy.getMap('more').set('x', 1)],
    ['attributes of the text', undefined, (copy) => copy.getText('content').setAttribute('x', 1)],
    ['formats', undefined, (copy) => copy.getText('content').insert(0, 'x', { bold: true })],
    ['embedded objects', undefined, (copy) => copy.getText('content').insertEmbed(0, { x: 1 })],
    ['another list', INDEX_DOCUMENT, (copy) => copy.getArray('other').push([1])],
    ['a list within the files', INDEX_DOCUMENT, (copy) => copy.getArray('files').push([1])],
  ])('that changes %s, which nobody is shown, is neither shown nor applied', async (_what, document, edit) => {
    const { room, file, fileId } = await openRoom();
    const name = document ?? fileId;
    const opened = room.session.open(name);
    onTestFinished(() => opened.dispose());
    await opened.whenReady;
    const before = Y.encodeStateAsUpdate(opened.doc);
    const update = propose(document === undefined ? file.doc : new Y.Doc(), edit);
    const shown = await readProposalTexts(room, proposalFor(name), update);
    expect(shown.ok ? '' : shown.explanation).toMatch(/cannot be shown here/);
    const applied = await applyProposalUpdate(room, name, update);
    expect(applied.ok ? '' : applied.explanation).toMatch(/cannot be shown here/);
    expect(Y.encodeStateAsUpdate(opened.doc)).toEqual(before);
  });

  it('that builds on edits which are not in the room is neither shown nor applied, until they are', async () => {
    const { room, file, fileId, text } = await openRoom();
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(file.doc));
    const updates: Uint8Array[] = [];
    copy.on('update', (update: Uint8Array) => void updates.push(update));
    copy.getText('content').insert(4, 'two\n');
    copy.getText('content').insert(8, 'three\n');
    copy.getText('content').delete(4, 4);
    const [first, second, third] = updates;
    if (!first || !second || !third) throw new Error('three edits');
    for (const update of [second, third]) {
      const shown = await readProposalTexts(room, proposalFor(fileId), update);
      expect(shown.ok ? '' : shown.explanation).toMatch(/not in the room/);
      const applied = await applyProposalUpdate(room, fileId, update);
      expect(applied.ok ? '' : applied.explanation).toMatch(/not in the room/);
    }
    expect(text()).toBe('one\n');
    for (const update of updates) {
      const applied = applyProposalUpdate(room, fileId, update);
      await settle();
      expect(await applied).toEqual({ ok: true, value: true });
    }
    expect(text()).toBe('one\nthree\n');
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

describe('a proposal for a file that was deleted', () => {
  it('is applied only with the path where the file is put back', async () => {
    const { room, file, fileId, text } = await openRoom();
    const update = propose(file.doc, (copy) => copy.getText('content').insert(4, 'two\n'));
    room.index.remove([fileId]);
    const shown = await readProposalTexts(room, proposalFor(fileId), update);
    expect(shown).toMatchObject({ ok: true, value: { path: 'src/a.ts', after: 'one\ntwo\n' } });
    const refused = [
      [undefined, /not in the list any more/],
      ['../a.ts', /cannot be used as a file name/],
      ['b.ts', /another file by now/],
    ] as const;
    room.index.add([{ path: 'b.ts', eol: 'LF', bom: false, kind: 'text' }]);
    for (const [path, reason] of refused) {
      const applied = await applyProposalUpdate(room, fileId, update, path);
      expect(applied.ok ? '' : applied.explanation).toMatch(reason);
    }
    const locked = await applyProposalUpdate({ ...room, canEditList: false }, fileId, update, 'src/a.ts');
    expect(locked.ok ? '' : locked.explanation).toMatch(/cannot change the list/);
    expect([text(), room.index.get(fileId)]).toEqual(['one\n', undefined]);
    const applied = applyProposalUpdate(room, fileId, update, 'src/c.ts');
    await settle();
    expect(await applied).toEqual({ ok: true, value: true });
    expect([text(), room.index.get(fileId)?.path]).toEqual(['one\ntwo\n', 'src/c.ts']);
  });

  it('leaves a file alone that was put back meanwhile', async () => {
    const { room, file, fileId } = await openRoom();
    const update = propose(file.doc, (copy) => copy.getText('content').insert(4, 'two\n'));
    const applied = applyProposalUpdate(room, fileId, update, 'elsewhere.ts');
    await settle();
    expect(await applied).toEqual({ ok: true, value: true });
    expect(room.index.files.map(({ path }) => path)).toEqual(['src/a.ts']);
  });
});

it('says what a document is, and where a file was that is not in the list', () => {
  const file = { fileId: 'f', path: 'a.ts', eol: 'LF', bom: false, kind: 'text' } as const;
  const room = {
    index: { get: (id: string) => (id === 'f' ? file : undefined) },
    lastListed: (id: string) => (id === 'f' || id === 'deleted' ? file : undefined),
  };
  const describeAll = ['f', INDEX_DOCUMENT, 'comments', 'deleted', 'gone', 'toString'].map((name) => {
    const { subjectOfChange, unlisted } = describeDocument(name, room);
    return [subjectOfChange, unlisted];
  });
  expect(describeAll).toEqual([
    ['a.ts', undefined],
    ['List of files', undefined],
    ['Comments', undefined],
    ['a.ts', { lastPath: 'a.ts' }],
    ['A file that is not in the list', { lastPath: undefined }],
    ['A file that is not in the list', { lastPath: undefined }],
  ]);
});
