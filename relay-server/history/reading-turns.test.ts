import { expect, it } from 'vitest';
import { ReadingTurns } from './reading-turns.ts';

/** Work that is done when the test says so. */
function start(options = { maxAtOnce: 2, maxOfPerson: 2 }) {
  const turns = new ReadingTurns(options);
  const begun: string[] = [];
  const end = new Map<string, { resolve(value: string): void; reject(error: Error): void }>();
  const take = (person: string, name: string) =>
    turns.take(person, () => {
      begun.push(name);
      return new Promise<string>((resolve, reject) => end.set(name, { resolve, reject }));
    });
  return { take, begun, end };
}

it('does a few at once, and one after the other for each person', async () => {
  const { take, begun, end } = start();
  const first = take('ana', 'a1');
  const second = take('ana', 'a2');
  const other = take('ben', 'b1');
  const third = take('cleo', 'c1');
  await expect.poll(() => begun).toEqual(['a1', 'b1']);
  end.get('b1')?.resolve('of ben');
  expect(await other).toBe('of ben');
  await expect.poll(() => begun).toEqual(['a1', 'b1', 'c1']);
  end.get('a1')?.resolve('one');
  expect(await first).toBe('one');
  await expect.poll(() => begun).toEqual(['a1', 'b1', 'c1', 'a2']);
  end.get('a2')?.resolve('two');
  end.get('c1')?.resolve('three');
  expect(await Promise.all([second, third])).toEqual(['two', 'three']);
});

it('takes no more of one person than may wait, and goes on after a failure', async () => {
  const { take, begun, end } = start();
  const failing = take('ana', 'a1');
  const next = take('ana', 'a2');
  expect(await take('ana', 'a3')).toBeUndefined();
  await expect.poll(() => begun).toEqual(['a1']);
  end.get('a1')?.reject(new Error('gone'));
  await expect(failing).rejects.toThrow('gone');
  await expect.poll(() => begun).toEqual(['a1', 'a2']);
  const again = take('ana', 'a4');
  end.get('a2')?.resolve('two');
  expect(await next).toBe('two');
  await expect.poll(() => begun).toEqual(['a1', 'a2', 'a4']);
  end.get('a4')?.resolve('four');
  expect(await again).toBe('four');
});
