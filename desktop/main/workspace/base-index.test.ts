import { describe, expect, it } from 'vitest';
import { BaseIndex } from './base-index.ts';
import { MemoryMirrorBases } from './testing/memory-shared-files.ts';

/** Bases that are brought to the disk when the test says so. */
class HeldBases extends MemoryMirrorBases {
  private readonly asked: PromiseWithResolvers<void>[] = [];
  syncs = 0;

  override sync(): Promise<void> {
    this.syncs++;
    const answer = Promise.withResolvers<void>();
    this.asked.push(answer);
    return answer.promise;
  }

  answer(error?: Error): void {
    const next = this.asked.shift();
    if (error) next?.reject(error);
    else next?.resolve();
  }
}

function leave(bases: BaseIndex, path: string): void {
  bases.set('f', { path, hash: 'h', text: '' });
  bases.delete('f');
}

/** Whether a promise has resolved by now. */
async function isOver(promise: Promise<void>): Promise<boolean> {
  const pending = Symbol('pending');
  await new Promise<void>((resolve) => setImmediate(resolve));
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

describe('whenFree', () => {
  it('waits for the answer to a sync that another began, and shares it', async () => {
    const store = new HeldBases();
    const bases = new BaseIndex(store);
    leave(bases, 'a.txt');
    const first = bases.whenFree('a.txt');
    const second = bases.whenFree('a.txt');
    expect([await isOver(first), await isOver(second)]).toEqual([false, false]);
    expect(store.syncs).toBe(1);
    store.answer();
    await Promise.all([first, second]);
    await bases.whenFree('a.txt');
    expect(store.syncs).toBe(1);
  });

  it('waits where the path that was left differs only in case', async () => {
    const store = new HeldBases();
    const bases = new BaseIndex(store);
    leave(bases, 'a.txt');
    const free = bases.whenFree('A.txt');
    expect(await isOver(free)).toBe(false);
    store.answer();
    await free;
  });

  it('does not take a sync for enough that began before the path was left', async () => {
    const store = new HeldBases();
    const bases = new BaseIndex(store);
    const early = bases.sync();
    leave(bases, 'a.txt');
    const free = bases.whenFree('a.txt');
    store.answer();
    await early;
    expect(await isOver(free)).toBe(false);
    expect(store.syncs).toBe(2);
    store.answer();
    await free;
  });

  it('rejects where bases cannot be kept, and asks again the next time', async () => {
    const store = new HeldBases();
    const bases = new BaseIndex(store);
    leave(bases, 'a.txt');
    const refused = bases.whenFree('a.txt');
    store.answer(new Error('full'));
    await expect(refused).rejects.toThrow('full');
    const free = bases.whenFree('a.txt');
    expect(await isOver(free)).toBe(false);
    store.answer();
    await free;
  });

  it('holds however many paths were left, and then keeps no list of them', async () => {
    const store = new HeldBases();
    const bases = new BaseIndex(store);
    await bases.whenFree('a.txt');
    expect(store.syncs).toBe(0);
    for (let file = 0; file < 20_000; file++) leave(bases, `${file}.txt`);
    // Nobody knows any more whether it is one of them.
    const free = bases.whenFree('a.txt');
    expect(await isOver(free)).toBe(false);
    store.answer();
    await free;
    for (const path of ['0.txt', '19999.txt']) await bases.whenFree(path);
    expect(store.syncs).toBe(1);
  });
});

describe('beginSave', () => {
  const base = { path: 'a.txt', hash: 'h', text: '' };

  it('waits, where the file was moved, until nothing can bring back the base at its old path', async () => {
    const store = new HeldBases();
    const bases = new BaseIndex(store);
    bases.set('f', base);
    await bases.beginSave('f', base);
    expect(store.syncs).toBe(0);
    bases.set('f', { ...base, path: 'b.txt' });
    const begun = bases.beginSave('f', { ...base, path: 'b.txt', hash: 'other' });
    expect([await isOver(begun), store.savingOf('f')?.hash]).toEqual([false, undefined]);
    store.answer();
    await begun;
    await bases.beginSave('f', { ...base, path: 'b.txt', hash: 'third' });
    expect([store.syncs, store.savingOf('f')?.hash]).toEqual([1, 'third']);
  });

  it('notes nothing of a moved file while bases cannot be kept', async () => {
    const store = new HeldBases();
    const bases = new BaseIndex(store);
    bases.set('f', base);
    bases.set('f', { ...base, path: 'b.txt' });
    const begun = bases.beginSave('f', { ...base, path: 'b.txt', hash: 'other' });
    store.answer(new Error('full'));
    await expect(begun).rejects.toMatchObject({ code: 'not-kept', path: 'b.txt' });
    expect(store.savingOf('f')).toBeUndefined();
  });
});

it('knows whether files are executable until their bases go, also where a new base does not say so', () => {
  const store = new MemoryMirrorBases();
  const base = { path: 'a.txt', hash: 'h', text: '' };
  const bases = new BaseIndex(store);
  bases.set('f', base);
  expect(bases.executableOf('f')).toBeUndefined();
  bases.setExecutable('f', true);
  bases.set('f', { ...base, path: 'b.txt', text: 'new' });
  expect(store.get('f')).toEqual({ ...base, path: 'b.txt', text: 'new', executable: true });
  expect(new BaseIndex(store).executableOf('f')).toBe(true);
  bases.delete('f');
  bases.set('f', base);
  bases.setExecutable('other', true);
  expect([bases.executableOf('f'), bases.executableOf('other')]).toEqual([undefined, undefined]);
});
