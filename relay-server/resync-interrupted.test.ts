import { describe, expect, it, onTestFinished } from 'vitest';
import type { Disposable } from '../shared/lifecycle/index.ts';
import { AttachedSession, AttachmentHost } from '../shared/sync/attachment/index.ts';
import { createAttachmentPair } from '../shared/testing/attachment-pair.ts';
import { loseADeletion, outcomeOf, startDiffering } from './testing/differing-copies.ts';

/** Ben has a second window on the file, whose port the test may cut and replace. */
async function openFragileWindow({ ben, pass }: Awaited<ReturnType<typeof startDiffering>>) {
  const host = new AttachmentHost(ben.session);
  onTestFinished(() => host.dispose());
  const window = new AttachedSession();
  onTestFinished(() => window.dispose());
  let attachment: Disposable | undefined;
  const connect = () => {
    const ports = createAttachmentPair();
    attachment = host.attach(ports.engine);
    window.attach(ports.window);
  };
  connect();
  const opened = window.open('file');
  onTestFinished(() => opened.dispose());
  await pass(1_000);
  return { window, opened, connect, loseEngine: () => attachment?.dispose() };
}

describe('a resync that something comes between', () => {
  it('is one for all who ask for it at once, and keeps the text once', async () => {
    const test = await startDiffering();
    await loseADeletion(test);
    const { ben, bens, list, pass } = test;
    const both = Promise.all([ben.session.resync('file'), ben.session.resync('file', true)]);
    const [first, second] = await outcomeOf(both, pass);
    await pass(2_000);
    expect(first?.kind === 'done' && first.keptPath).toContain('(kept');
    expect(second).toEqual(first);
    expect(list.files.filter(({ path }) => path.includes('(kept'))).toHaveLength(1);
    expect(bens.access).toBe('write');
    // It can be asked for again.
    expect(await outcomeOf(ben.session.resync('file'), pass)).toEqual({ kind: 'done', keptPath: undefined });
  });

  it('fails as soon as the connection is lost, and touches no document on the next one', async () => {
    const test = await startDiffering();
    await loseADeletion(test);
    const { ana, ben, bens, pass } = test;
    const resyncing = ben.session.resync('file');
    // The file is asked for; the answer never comes.
    for (let turn = 0; turn < 30; turn++) await Promise.resolve();
    ben.cut();
    const outcome = await outcomeOf(resyncing, async () => {});
    expect(outcome.kind === 'failed' && outcome.explanation).toMatch(/connection/);
    await pass(40_000);
    expect(ben.session.state.kind).toBe('online');
    expect(bens.access).toBe('write');
    ana.text.insert(0, 'later ');
    await pass(2_000);
    expect(ben.text.toString()).toContain('later ');
  });

  it('fails when the room is left meanwhile, and nothing is left running', async () => {
    const test = await startDiffering();
    await loseADeletion(test);
    const { ben } = test;
    const resyncing = ben.session.resync('file');
    const left = ben.session.leave();
    expect(await outcomeOf(resyncing, async () => {})).toMatchObject({ kind: 'failed' });
    await outcomeOf(left, test.pass);
  });

  it('pauses a window that opens the file while it runs', async () => {
    const test = await startDiffering();
    await loseADeletion(test);
    const { ben, pass } = test;
    const window = ben.openWindow();
    const resyncing = ben.session.resync('file');
    const opened = window.open('file');
    onTestFinished(() => opened.dispose());
    const seen: string[] = [];
    const watching = opened.onDidChangeStatus(() => seen.push(opened.access));
    onTestFinished(() => watching.dispose());
    expect(await outcomeOf(resyncing, pass)).toMatchObject({ kind: 'done' });
    await pass(2_000);
    expect(seen).toContain('read');
    expect(opened.access).toBe('write');
    expect(opened.doc.getText('content').toString()).toBe('two three');
  });
});

describe('a window that is cut off while its document is begun anew', () => {
  it('takes the new text when it is back, and brings nothing of the old one', async () => {
    const test = await startDiffering();
    const { opened, connect, loseEngine } = await openFragileWindow(test);
    const { ana, ben, pass } = test;
    // It has edited before: what it sent may not have arrived, for all it knows.
    opened.doc.getText('content').insert(0, 'typed ');
    await pass(1_000);
    await loseADeletion(test);
    loseEngine();
    expect(await outcomeOf(ben.session.resync('file'), pass)).toMatchObject({ kind: 'done' });
    await pass(1_000);
    const text = ana.text.toString();
    connect();
    await pass(3_000);
    expect(opened.doc.getText('content').toString()).toBe(text);
    expect(ben.text.toString()).toBe(text);
    expect(ana.text.toString()).toBe(text);
    expect(ben.lease.replica.doc.store.pendingStructs).toBeNull();
    opened.doc.getText('content').insert(0, 'again ');
    await pass(2_000);
    expect(ana.text.toString()).toBe(`again ${text}`);
  });

  it('lists what was typed in it meanwhile as a new file, and says where', async () => {
    const test = await startDiffering();
    const { window, opened, connect, loseEngine } = await openFragileWindow(test);
    const { ana, ben, list, pass } = test;
    await loseADeletion(test);
    loseEngine();
    await outcomeOf(ben.session.resync('file', true), pass);
    opened.doc.getText('content').insert(0, 'typed alone ');
    const told: string[] = [];
    const telling = window.onProblem(({ explanation }) => told.push(explanation));
    onTestFinished(() => telling.dispose());
    connect();
    await pass(4_000);
    const kept = list.files.find(({ path }) => path.includes('(kept'));
    const lease = ana.session.open(kept?.fileId ?? 'none');
    onTestFinished(() => lease.dispose());
    await pass(2_000);
    expect(lease.replica.doc.getText('content').toString()).toBe('typed alone one two three');
    expect(told.join()).toContain(kept?.path);
    expect(ana.text.toString()).toBe('two three');
  });

  it('may be written again when it was paused, and lost the engine', async () => {
    const test = await startDiffering();
    const { opened, connect, loseEngine } = await openFragileWindow(test);
    await loseADeletion(test);
    const { ben, pass } = test;
    const resyncing = ben.session.resync('file');
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    loseEngine();
    await outcomeOf(resyncing, pass);
    connect();
    await pass(2_000);
    expect(opened.access).toBe('write');
  });
});
