import { describe, expect, it } from 'vitest';
import { gatherPeople, idsOf, watchCopy } from './testing/people-with-copies.ts';

describe('copies that people have open', () => {
  it('[DG1] are told to be identical once they are at rest, also by those who do not look at them', async () => {
    const { relay, join, pass } = gatherPeople();
    const [ana, ben] = [await join('ana'), await join('ben')];
    ana.text.insert(0, 'hello');
    await pass(3_000);
    // Nobody looks.
    expect([ana.agreement.kind, ben.agreement.kind]).toEqual(['unknown', 'unknown']);
    watchCopy(ana);
    await pass(3_000);
    expect(ana.agreement).toEqual({ kind: 'identical', people: idsOf(ben) });
    expect(ben.agreement).toEqual({ kind: 'identical', people: idsOf(ana) });
    const cleo = await join('cleo', 'viewer');
    await pass(2_000);
    expect(ana.agreement).toEqual({ kind: 'identical', people: idsOf(ben, cleo) });
    ben.text.insert(0, 'x');
    await relay.settle();
    expect(ana.agreement.kind).toBe('waiting');
    await pass(3_000);
    expect(cleo.agreement).toMatchObject({ kind: 'identical' });
    // Who goes is not counted any more.
    await cleo.session.leave();
    ben.lease.dispose();
    await pass(500);
    expect(ana.agreement).toEqual({ kind: 'unknown' });
  });

  it('[DG5] differ when one lost a deletion on the way, and never while people type', async () => {
    const { relay, join, pass } = gatherPeople();
    const [ana, ben] = [await join('ana'), await join('ben')];
    const seen = new Set<string>();
    for (const person of [ana, ben]) watchCopy(person, seen);
    for (let edit = 0; edit < 40; edit++) {
      (edit % 3 === 0 ? ben : ana).text.insert(0, `w${edit} `);
      await relay.advance(edit * 60);
    }
    await pass(3_000);
    expect([...seen].toSorted()).toEqual(['identical', 'waiting']);
    ben.swallowNext();
    ana.text.delete(0, 3);
    await pass(9_000);
    expect([ana.agreement.kind, ben.agreement.kind]).toEqual(['waiting', 'waiting']);
    await pass(16_000);
    expect(ana.text.toString()).not.toBe(ben.text.toString());
    expect(ana.agreement).toMatchObject({ kind: 'differs', withWhom: idsOf(ben) });
    expect(ben.agreement).toMatchObject({ kind: 'differs', withWhom: idsOf(ana) });
    // It stays so while they go on.
    ana.text.insert(0, 'more');
    await pass(500);
    expect(ana.agreement.kind).toBe('differs');
  });

  it('[SY2] [DG5] are compared with the relay before: what one lost is found, and nobody is alarmed', async () => {
    const { join, pass } = gatherPeople();
    const [ana, ben] = [await join('ana'), await join('ben')];
    const seen = new Set<string>();
    for (const person of [ana, ben]) watchCopy(person, seen);
    ben.swallowNext();
    ana.text.insert(0, 'lost');
    await pass(20_000);
    expect(ben.text.toString()).toBe('lost');
    expect(ana.agreement.kind).toBe('identical');
    expect([...seen]).not.toContain('differs');
  });

  it('[DG5] differ at once when the same edits made another text', async () => {
    const { join, pass } = gatherPeople();
    const [ana, ben] = [await join('ana'), await join('ben')];
    // Two that write under one name make different things of it: neither takes the other's.
    ben.lease.replica.doc.clientID = ana.lease.replica.doc.clientID;
    ana.swallowNext();
    ben.swallowNext();
    ana.text.insert(0, 'one');
    ben.text.insert(0, 'two');
    watchCopy(ana);
    await pass(5_000);
    expect([ana.text.toString(), ben.text.toString()]).toEqual(['one', 'two']);
    expect(ana.agreement).toMatchObject({ kind: 'differs', withWhom: idsOf(ben) });
  });

  it('are not compared while something of ours is not taken, or there is no connection', async () => {
    const { join, pass } = gatherPeople();
    const [ana, ben] = [await join('ana'), await join('ben', 'viewer')];
    for (const person of [ana, ben]) watchCopy(person);
    ana.text.insert(0, 'text');
    await pass(3_000);
    expect(ana.agreement.kind).toBe('identical');
    // A viewer's own edit stays with them.
    ben.text.insert(0, 'mine');
    await pass(30_000);
    expect([ana.agreement.kind, ben.agreement.kind]).not.toContain('differs');
    expect(ben.agreement.kind).toBe('waiting');
    ana.cut();
    expect(ana.agreement.kind).toBe('unknown');
  });
});
