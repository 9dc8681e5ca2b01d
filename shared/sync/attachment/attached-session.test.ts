import { describe, expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { createAttachmentPair } from '../../testing/attachment-pair.ts';
import { ManualScheduler } from '../../testing/manual-scheduler.ts';
import { settle } from '../../testing/scripted-relay.ts';
import { startSession, type SessionUnderTest } from '../../testing/session-under-test.ts';
import { AttachedSession, AttachmentHost } from './index.ts';

interface TestWindow {
  readonly window: AttachedSession;
  /** Ends the window as if its process had died. */
  crash(): void;
}

async function start() {
  const test = await startSession();
  const host = new AttachmentHost(test.session);
  onTestFinished(() => host.dispose());
  return { ...test, host };
}

function openWindow(host: AttachmentHost): TestWindow {
  const window = new AttachedSession(new ManualScheduler());
  onTestFinished(() => window.dispose());
  const pair = createAttachmentPair();
  host.attach(pair.engine);
  window.attach(pair.window);
  return { window, crash: () => pair.window.dispose() };
}

function open(window: AttachedSession, name = 'file') {
  const attached = window.open(name);
  onTestFinished(() => attached.dispose());
  return { attached, doc: attached.doc, text: attached.doc.getText('content') };
}

async function goOnline({ relay }: SessionUnderTest, content = ''): Promise<number> {
  relay.latest.welcome();
  await settle();
  const state = new Y.Doc();
  if (content) state.getText('content').insert(0, content);
  const handle = relay.latest.answerOpen(state, { seq: content ? 1 : 0 });
  await settle();
  return handle;
}

describe('a window at the engine', () => {
  it('sees the state, who it is and who else is there', async () => {
    const test = await start();
    const { window } = openWindow(test.host);
    const states: string[] = [];
    const subscription = window.onDidChangeState(({ kind }) => states.push(kind));
    onTestFinished(() => subscription.dispose());
    await settle();
    test.relay.latest.welcome();
    const identity = { subject: 'ada', name: 'Ada', role: 'owner' } as const;
    test.relay.latest.send({
      type: 'presence',
      entries: [{ presenceId: 2, isGone: false, identity, state: undefined }],
    });
    await settle();
    expect(states).toEqual(['connecting', 'catching-up', 'online']);
    expect(window.self?.name).toBe('Me');
    expect(window.participants.get(2)?.name).toBe('Ada');
    const late = openWindow(test.host);
    await settle();
    expect(late.window.state.kind).toBe('online');
    expect(late.window.participants.get(2)?.name).toBe('Ada');
    test.relay.latest.pair.cut();
    await settle();
    expect(window.participants.size).toBe(0);
    expect(window.self).toBeUndefined();
  });

  it('gets the document, edits it, and sees where its edits are', async () => {
    const test = await start();
    const { window } = openWindow(test.host);
    const { attached, text, doc } = open(window);
    await settle();
    const handle = await goOnline(test, 'hello');
    await attached.whenReady;
    await attached.whenSynced;
    expect(text.toString()).toBe('hello');
    expect(attached.access).toBe('write');
    text.insert(5, '!');
    await settle();
    const update = test.relay.latest.last('update');
    expect(Y.decodeUpdate(update.payload).structs[0]?.id.client).toBe(doc.clientID);
    expect(attached.saveState.kind).toBe('on-this-device');
    test.relay.latest.send({ type: 'ack', handle, clientSeq: update.clientSeq, seq: 2 });
    await settle();
    expect(attached.saveState.kind).toBe('on-the-relay');
  });

  it('shares the document with other windows, each under a Yjs client of its own', async () => {
    const test = await start();
    const first = open(openWindow(test.host).window);
    const second = open(openWindow(test.host).window);
    await settle();
    expect(first.doc.clientID).not.toBe(second.doc.clientID);
    first.text.insert(0, 'one');
    await settle();
    second.text.insert(3, ' two');
    await settle();
    expect(first.text.toString()).toBe('one two');
    expect(second.text.toString()).toBe('one two');
    await goOnline(test);
    expect(test.relay.latest.ofType('open')).toHaveLength(1);
  });

  it('keeps what was typed before the engine answered', async () => {
    const test = await start();
    const { window } = openWindow(test.host);
    const { text, attached } = open(window);
    text.insert(0, 'early');
    expect(attached.saveState.kind).toBe('saving');
    await settle();
    expect(attached.saveState.kind).toBe('on-this-device');
    const lease = test.session.open('file');
    expect(lease.replica.doc.getText('content').toString()).toBe('early');
    lease.dispose();
  });

  it('shows its latest presence, and another window that was active before when it goes', async () => {
    const test = await start();
    test.relay.latest.welcome();
    const first = openWindow(test.host);
    const second = openWindow(test.host);
    first.window.setPresence(new Uint8Array([1]));
    await settle();
    test.scheduler.advance(50);
    second.window.setPresence(new Uint8Array([2]));
    await settle();
    test.scheduler.advance(50);
    second.crash();
    await settle();
    test.scheduler.advance(50);
    expect(test.relay.latest.ofType('presence').map(({ state }) => state?.[0])).toEqual([1, 2, 1]);
  });

  it('gives its documents back when it dies', async () => {
    const test = await start();
    const { window, crash } = openWindow(test.host);
    open(window);
    await settle();
    const handle = await goOnline(test);
    crash();
    await settle();
    expect(test.relay.latest.ofType('close')).toEqual([{ type: 'close', handle }]);
  });

  it('keeps edits while it has no engine, and compares both ways when it has one again', async () => {
    const test = await start();
    const { window, crash } = openWindow(test.host);
    const { text, attached } = open(window);
    await settle();
    text.insert(0, 'before');
    await settle();
    crash();
    await settle();
    // The window's end is closed, so it hears nothing; a new port makes it compare.
    text.insert(6, ' alone');
    const lease = test.session.open('file');
    onTestFinished(() => lease.dispose());
    await lease.replica.whenLoaded;
    lease.replica.doc.getText('content').insert(0, 'engine ');
    const pair = createAttachmentPair();
    test.host.attach(pair.engine);
    window.attach(pair.window);
    await settle();
    expect(text.toString()).toBe('engine before alone');
    expect(lease.replica.doc.getText('content').toString()).toBe('engine before alone');
    expect(attached.saveState.kind).toBe('on-this-device');
  });

  it('says so when the engine is gone', async () => {
    const window = new AttachedSession(new ManualScheduler());
    onTestFinished(() => window.dispose());
    const pair = createAttachmentPair();
    window.attach(pair.window);
    pair.engine.dispose();
    await settle();
    expect(window.state.kind).toBe('ended');
    expect(window.state).toHaveProperty('explanation', expect.stringContaining('do not close it'));
  });

  it('hears of problems', async () => {
    const test = await start();
    const { window } = openWindow(test.host);
    const problems: string[] = [];
    const subscription = window.onProblem(({ kind }) => problems.push(kind));
    onTestFinished(() => subscription.dispose());
    test.relay.latest.goodbye(4403, 'Taken back.');
    await settle();
    expect(problems).toEqual(['session-ended']);
    window.retryNow();
    await settle();
    expect(test.relay.connections).toHaveLength(2);
  });

  it('tells the engine what may have changed the connection, and hears how it stands', async () => {
    const test = await start();
    const { window } = openWindow(test.host);
    test.relay.latest.welcome();
    await settle();
    expect(window.health).toEqual({ kind: 'in-step' });
    test.scheduler.advance(2_000);
    test.relay.latest.pair.cut();
    await settle();
    // The window's own time stands at 0.
    expect(window.health).toEqual({ kind: 'behind', sinceMs: 0, cause: 'no-connection' });
    window.nudge('network-changed');
    await settle();
    expect(test.relay.connections).toHaveLength(2);
    expect(window.state).toEqual({ kind: 'connecting', sinceMs: 0 });
    test.scheduler.advance(60_000);
    const { window: late } = openWindow(test.host);
    await settle();
    expect(late.health).toEqual({ kind: 'behind', sinceMs: -60_000, cause: 'no-connection' });
  });
});

describe('the engine, which does not trust windows', () => {
  it.each([
    ['nothing', undefined],
    ['a number', 7],
    ['an unknown type', { type: 'shutdown' }],
    ['a name that is none', { type: 'open', document: '../x', stateVector: new Uint8Array([0]) }],
    ['a state vector that is none', { type: 'open', document: 'file', stateVector: [0] }],
    ['a presence that is too large', { type: 'presence', state: new Uint8Array(5000) }],
    ['an edit of a document that is not open', { type: 'update', document: 'other', payload: new Uint8Array([0, 0]) }],
    ['a reason that is none', { type: 'nudge', reason: 'bored' }],
    ['a damaged edit', { type: 'update', document: 'file', payload: new Uint8Array([9, 9]) }],
  ])('reports %s and goes on', async (_what, message) => {
    const test = await start();
    const pair = createAttachmentPair();
    const answers: unknown[] = [];
    const subscription = pair.window.onMessage((answer) => answers.push(answer));
    onTestFinished(() => subscription.dispose());
    test.host.attach(pair.engine);
    pair.window.post({ type: 'open', document: 'file', stateVector: new Uint8Array([0]) });
    await settle();
    pair.window.post(message);
    await settle();
    expect(answers.at(-1)).toMatchObject({ type: 'problem', problem: { kind: 'malformed-window-message' } });
    const doc = new Y.Doc();
    doc.getText('content').insert(0, 'fine');
    pair.window.post({ type: 'update', document: 'file', payload: Y.encodeStateAsUpdate(doc) });
    await settle();
    const lease = test.session.open('file');
    onTestFinished(() => lease.dispose());
    expect(lease.replica.doc.getText('content').toString()).toBe('fine');
  });
});
