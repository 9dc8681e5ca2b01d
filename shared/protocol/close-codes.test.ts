import { expect, it } from 'vitest';
import { CLOSE_CODES, isPermanentCloseCode } from './close-codes.ts';

it('[CC2] [CC3] 4400 to 4499 are permanent, all others transient', () => {
  const permanent = Object.values(CLOSE_CODES).filter(isPermanentCloseCode);
  expect(permanent).toEqual([4401, 4403, 4404, 4409, 4413, 4426]);
  expect([1000, 1005, 1006, 1012, 1013, 4399, 4500, 4508].some(isPermanentCloseCode)).toBe(false);
});
