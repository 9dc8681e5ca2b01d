import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { open, reconnect, startOpened, write } from '../testing/opened-document.ts';
import { settle } from '../testing/scripted-relay.ts';
import { startSession } from '../testing/session-under-test.ts';

const EXPLANATION = 'This is not part of what was shared with you.';

/** An open document whose file the relay lists, or not, as `list` says. */
async function startListed() {
  const test = await startOpened();
  const { relay, session, handle } = test;
  open(session, 'index');
  await settle();
  const listed = new Y.Doc();
  const indexHandle = relay.latest.answerOpen(listed, { access: 'read' });
  const list = async (isListed: boolean) => {
    const before = Y.encodeStateVector(listed);
    if (isListed) listed.getMap('files').set('file', new Y.Map([['path', 'src/a.ts']]));
    else listed.getMap('files').delete('file');
    const payload = Y.encodeStateAsUpdate(listed, before);
    relay.latest.send({ type: 'update', handle: indexHandle, author: 2, committedSeq: 1, payload });
    await settle();
  };
  const forbid = (closed: number) =>
    relay.latest.send({ type: 'document-closed', handle: closed, reason: 'forbidden', explanation: EXPLANATION });
  await list(true);
  return { ...test, handle, list, forbid };
}

describe('a document that is not shared with us any more', () => {
  it('[AC5] is told as such, keeps its text, and is no problem of the session', async () => {
    const { relay, handle, replica, text, problems, list, forbid } = await startListed();
    const { updates } = write('seen');
    for (const payload of updates) relay.latest.send({ type: 'update', handle, author: 2, committedSeq: 1, payload });
    forbid(handle);
    await list(false);
    expect(replica.access).toBe('none');
    expect(text.toString()).toBe('seen');
    text.insert(0, 'late ');
    await settle();
    expect(replica.saveState).toEqual({
      kind: 'refused',
      explanation: 'This document is not shared with you any more. They are kept on this device.',
    });
    expect(replica.hasUnsent).toBe(false);
    expect(problems).toEqual([]);
    relay.latest.pair.cut();
    expect(replica.access).toBe('none');
  });

  it('[AC5] is opened again when the list has it again, and then gets what waited', async () => {
    const { relay, scheduler, handle, replica, text, list, forbid } = await startListed();
    await list(false);
    forbid(handle);
    text.insert(0, 'late');
    scheduler.advance(8_000);
    await settle();
    expect(relay.latest.ofType('open')).toHaveLength(2);
    await list(true);
    expect(relay.latest.ofType('open')).toHaveLength(3);
    const again = relay.latest.answerOpen();
    await settle();
    expect(replica.access).toBe('write');
    expect(relay.latest.last('update')).toMatchObject({ handle: again });
    expect(replica.saveState.kind).toBe('on-this-device');
  });

  it('[AC5] is tried once more after a while when the list that has it came first', async () => {
    const { relay, scheduler, handle, replica, forbid } = await startListed();
    forbid(handle);
    expect(relay.latest.ofType('open')).toHaveLength(2);
    scheduler.advance(5_000);
    expect(relay.latest.ofType('open')).toHaveLength(3);
    relay.latest.answerOpen();
    expect(replica.access).toBe('write');
  });
});

describe('the list of files for somebody who sees only a part of them', () => {
  it('[AC5] is told as restricted, and is not to be written without a connection either', async () => {
    const test = await startSession();
    const { replica } = open(test.session, 'index');
    await settle();
    test.relay.latest.welcome();
    expect(replica).toMatchObject({ access: 'unknown', isRestricted: false });
    test.relay.latest.answerOpen(new Y.Doc(), { access: 'read' });
    expect(replica).toMatchObject({ access: 'read', isRestricted: true });
    await reconnect(test);
    expect(replica).toMatchObject({ access: 'read', isRestricted: true });
    test.relay.latest.answerOpen(new Y.Doc());
    expect(replica).toMatchObject({ access: 'write', isRestricted: false });
  });

  it('[AC2][AC5] is opened anew by somebody who came as a viewer and may edit now: only then the relay tells', async () => {
    const { session, relay } = await startSession();
    const { replica } = open(session, 'index');
    await settle();
    relay.latest.welcome({ role: 'viewer' });
    relay.latest.answerOpen(new Y.Doc(), { access: 'read' });
    expect(replica).toMatchObject({ access: 'read', isRestricted: false });
    relay.latest.send({ type: 'renewed', role: 'editor', tokenExpiresAtMs: 3_600_000 });
    expect(relay.latest.ofType('open')).toHaveLength(2);
    expect(relay.latest.ofType('close')).toHaveLength(1);
    relay.latest.answerOpen(new Y.Doc(), { access: 'read' });
    expect(replica).toMatchObject({ access: 'read', isRestricted: true });
  });
});
