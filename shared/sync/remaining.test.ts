import { expect, it } from 'vitest';
import { Remaining } from './remaining.ts';

it('tells whether any is left, and looks at each few times however many there are', () => {
  const all = Array.from({ length: 1_000 }, (_, number) => number);
  let done = 0;
  let looks = 0;
  const remaining = new Remaining(
    () => all,
    (each) => {
      looks++;
      return each >= done;
    },
  );
  for (; done < all.length; done++) expect(remaining.isAny).toBe(true);
  expect(remaining.isAny).toBe(false);
  expect(looks).toBeLessThan(5 * all.length);
  done = 500;
  expect(remaining.isAny).toBe(true);
});

it('sees what comes again once those are done that it knew', () => {
  const left = new Set(['a', 'b']);
  const remaining = new Remaining(
    () => ['a', 'b', 'c'],
    (each) => left.has(each),
  );
  expect(remaining.isAny).toBe(true);
  left.add('c');
  left.delete('a');
  left.delete('b');
  expect(remaining.isAny).toBe(true);
  left.clear();
  expect(remaining.isAny).toBe(false);
});
