import { expect, it } from 'vitest';
import { createLink } from '../testing/fake-access.ts';
import { describeLinkState } from './link-state.ts';

const NOW_MS = 1_000_000_000;
const HOUR_MS = 3_600_000;

it('says whether somebody can come by a link, and why not', () => {
  const describe = (rest: Parameters<typeof createLink>[1]) => describeLinkState(createLink('l', rest), NOW_MS);
  expect(describe({ uses: 1 })).toEqual({ isOpen: true, text: 'Used 1 time, does not expire' });
  expect(describe({ uses: 2, maxUses: 5, expiresAtMs: NOW_MS + 2 * HOUR_MS })).toEqual({
    isOpen: true,
    text: 'Used 2 of 5 times, expires in 2 hours',
  });
  expect(describe({ uses: 5, maxUses: 5 })).toEqual({ isOpen: false, text: 'Used up: 5 of 5' });
  expect(describe({ expiresAtMs: NOW_MS - HOUR_MS })).toEqual({ isOpen: false, text: 'Expired 1 hour ago' });
  expect(describe({ closedAtMs: NOW_MS }).text).toMatch(/^Closed: nobody new can come by it\./);
  expect(describe({ closedAtMs: NOW_MS, closedReason: 'person-removed' }).text).toMatch(/was removed/);
  expect(describe({ closedAtMs: NOW_MS, closedReason: 'role-lowered' }).text).toMatch(/was given a lower role/);
  expect(describe({ closedAtMs: NOW_MS, closedReason: 'all-removed' }).text).toMatch(/everybody was removed/);
  expect(describe({ closedAtMs: NOW_MS, revokedAtMs: NOW_MS })).toEqual({ isOpen: false, text: 'Revoked just now' });
});
