import { describe, expect, it, onTestFinished } from 'vitest';
import { isOwnWindow, peopleIn } from '../shared/sync/index.ts';
import { loseADeletion, outcomeOf, startDiffering } from './testing/differing-copies.ts';
import { idsOf } from './testing/people-with-copies.ts';

describe('a resync', () => {
  it('puts the relay’s text in the place of a copy that differs, and lists the one that was here', async () => {
    const test = await startDiffering();
    const { pass, ana, ben, bens, list } = test;
    await loseADeletion(test);
    expect(bens.agreement).toMatchObject({ kind: 'differs', withWhom: idsOf(ana) });
    let resets = 0;
    const counting = bens.onDidReset(() => resets++);
    onTestFinished(() => counting.dispose());
    const outcome = await outcomeOf(ben.session.resync('file'), pass);
    expect(outcome.kind === 'done' && outcome.keptPath).toMatch(/^src\/file \(kept .*\)\.ts$/);
    await pass(4_000);
    // In the engines, in both windows, and whose window shows it knows.
    expect([ana.text.toString(), ben.text.toString()]).toEqual(['two three', 'two three']);
    expect(resets).toBe(1);
    expect(bens.doc.getText('content').toString()).toBe('two three');
    expect(bens.agreement).toEqual({ kind: 'identical', people: idsOf(ana) });
    expect(ana.agreement).toEqual({ kind: 'identical', people: idsOf(ben) });
    const kept = list.files.find(({ path }) => path.includes('(kept'));
    const lease = ana.session.open(kept?.fileId ?? 'none');
    onTestFinished(() => lease.dispose());
    await pass(2_000);
    expect(lease.replica.doc.getText('content').toString()).toBe('one two three');
    // Typing goes on, both ways.
    bens.doc.getText('content').insert(0, 'ben ');
    ana.text.insert(0, 'ana ');
    await pass(3_000);
    expect(ana.text.toString()).toBe(ben.text.toString());
    expect(bens.doc.getText('content').toString()).toBe(ana.text.toString());
    expect(ana.agreement.kind).toBe('identical');
  });

  it('stores the new copy alone, with nothing of the old one', async () => {
    const test = await startDiffering();
    await loseADeletion(test);
    const { pass, ben } = test;
    const before = ben.disk.documentOf('file').rows.length;
    expect(before).toBeGreaterThan(0);
    await outcomeOf(ben.session.resync('file'), pass);
    await pass(2_000);
    const { rows, unacked, cursor } = ben.disk.documentOf('file');
    expect([rows.length, unacked.size]).toEqual([1, 0]);
    expect(cursor?.seq).toBe(2);
  });

  it('keeps what was typed and not sent, and what is typed until the window is paused', async () => {
    const test = await startDiffering();
    await loseADeletion(test);
    const { pass, ana, ben, bens, list } = test;
    bens.doc.getText('content').insert(0, 'typed before ');
    const resyncing = ben.session.resync('file');
    bens.doc.getText('content').insert(0, 'typed at once ');
    expect(await outcomeOf(resyncing, pass)).toMatchObject({ kind: 'done' });
    await pass(4_000);
    // The relay has taken it, so that it is in both texts.
    expect(ana.text.toString()).toBe('typed at once typed before two three');
    expect(ben.text.toString()).toBe(ana.text.toString());
    const kept = list.files.find(({ path }) => path.includes('(kept'));
    const lease = ben.session.open(kept?.fileId ?? 'none');
    onTestFinished(() => lease.dispose());
    await lease.replica.whenLoaded;
    expect(lease.replica.doc.getText('content').toString()).toBe('typed at once typed before one two three');
  });

  it('lists nothing when both texts are the same, and the window may write again', async () => {
    const { pass, ben, bens, list } = await startDiffering();
    const seen: string[] = [];
    const watching = bens.onDidChangeStatus(() => seen.push(bens.access));
    onTestFinished(() => watching.dispose());
    expect(await outcomeOf(ben.session.resync('file'), pass)).toEqual({ kind: 'done', keptPath: undefined });
    await pass(2_000);
    expect(seen).toContain('read');
    expect(bens.access).toBe('write');
    expect(list.files).toHaveLength(1);
    expect(bens.doc.getText('content').toString()).toBe('one two three');
  });

  it('changes nothing without a connection, or when the text cannot be kept, and says so', async () => {
    const test = await startDiffering();
    const { join, pass, ana, ben, bens } = test;
    const cleo = await join('cleo', 'viewer');
    cleo.swallowNext();
    await loseADeletion(test);
    expect(await outcomeOf(cleo.session.resync('file'), pass)).toMatchObject({ kind: 'cannot-keep' });
    expect(cleo.text.toString()).toBe('one two three');
    expect(await outcomeOf(cleo.session.resync('file', true), pass)).toEqual({ kind: 'done', keptPath: undefined });
    expect(cleo.text.toString()).toBe('two three');
    ben.cut();
    const outcome = await ben.session.resync('file');
    expect(outcome.kind === 'failed' && outcome.explanation).toContain('no connection');
    expect(ben.text.toString()).toBe('one two three');
    expect(bens.access).not.toBe('read');
    expect(ana.text.toString()).toBe('two three');
    expect(await ben.session.resync('index')).toMatchObject({ kind: 'failed' });
  });
});

describe('a window that shows something else than its engine has', () => {
  it('is called different, though nobody else is, and is the same after a resync', async () => {
    const { pass, ana, ben, bens } = await startDiffering();
    // Two that write under one name make different things of it: neither takes the other's.
    bens.doc.clientID = 7;
    ben.lease.replica.doc.clientID = 7;
    bens.doc.getText('content').insert(0, 'window ');
    ben.text.insert(0, 'engine ');
    await pass(4_000);
    expect(bens.doc.getText('content').toString()).toBe('window one two three');
    expect(ben.text.toString()).toBe('engine one two three');
    expect(bens.agreement).toMatchObject({ kind: 'differs' });
    expect(peopleIn(bens.agreement).map(isOwnWindow)).toEqual([true]);
    expect(ana.agreement).toEqual({ kind: 'identical', people: idsOf(ben) });
    await outcomeOf(ben.session.resync('file'), pass);
    await pass(5_000);
    expect(bens.doc.getText('content').toString()).toBe('engine one two three');
    expect(bens.agreement).toEqual({ kind: 'identical', people: idsOf(ana) });
  });
});
