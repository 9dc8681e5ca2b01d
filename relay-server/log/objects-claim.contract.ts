import { describe, expect, it } from 'vitest';
import type { ObjectsClaim, ObjectsClaims, ObjectsMark } from './objects-claim.ts';

/** What every {@link ObjectsClaims} must do. `open` gives empty storage, closed by the test's own hooks. */
export function describeObjectsClaims(
  name: string,
  open: () => Promise<{ readonly objectsClaims: ObjectsClaims }> | { readonly objectsClaims: ObjectsClaims },
): void {
  describe(`claims to objects: ${name}`, () => {
    it('has none at first, and keeps the last one', async () => {
      const { objectsClaims: claims } = await open();
      expect(await claims.read()).toBeUndefined();
      const [first, second] = [
        { current: 'a', next: 'b', past: [] },
        { current: 'b', next: 'c', past: ['a', 'before'] },
      ];
      expect(await claims.replace(undefined, first)).toBe(true);
      expect(await claims.read()).toEqual(first);
      expect(await claims.replace(first, second)).toBe(true);
      expect(await claims.read()).toEqual(second);
    });

    it('replaces only the one that it was told of', async () => {
      const { objectsClaims: claims } = await open();
      const claim = { current: 'a', next: 'b', past: ['before'] };
      expect(await claims.replace(claim, claim)).toBe(false);
      expect(await claims.read()).toBeUndefined();
      await claims.replace(undefined, claim);
      const others = [undefined, { ...claim, current: 'x' }, { ...claim, next: 'x' }];
      for (const other of others)
        expect(await claims.replace(other, { current: 'c', next: 'd', past: [] })).toBe(false);
      expect(await claims.read()).toEqual(claim);
    });

    it('lets one of several have its way', async () => {
      const { objectsClaims: claims } = await open();
      let claim: ObjectsClaim | undefined;
      for (let round = 0; round < 5; round++) {
        const rivals = [1, 2, 3].map((rival) => ({ current: `${round}`, next: `${round} ${rival}`, past: [] }));
        const done = await Promise.all(rivals.map((rival) => claims.replace(claim, rival)));
        expect(done.filter(Boolean)).toHaveLength(1);
        claim = rivals[done.indexOf(true)];
        expect(await claims.read()).toEqual(claim);
      }
    });
  });
}

/** What every {@link ObjectsMark} must do. `open` gives an empty place. */
export function describeObjectsMark(name: string, open: () => ObjectsMark): void {
  describe(`a mark beside objects: ${name}`, () => {
    it('is not there at first, and is what was written last', async () => {
      const mark = open();
      expect(await mark.read()).toBeUndefined();
      await mark.write('one');
      expect(await mark.read()).toBe('one');
      await mark.write('two');
      expect(await mark.read()).toBe('two');
    });
  });
}
