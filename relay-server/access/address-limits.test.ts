import { expect, it } from 'vitest';
import { AddressLimits, DEFAULT_MAX_FAILURES, DEFAULT_MAX_REQUESTS } from './address-limits.ts';

const SCHOOL = '192.0.2.1';

it('lets 200 people of one address join at once, and wait for an owner, with the usual limits', async () => {
  const limits = new AddressLimits({ maxRequests: DEFAULT_MAX_REQUESTS, maxFailures: DEFAULT_MAX_FAILURES });
  // One who waits asks every 2 s.
  for (let request = 0; request < 200 * (1 + 30); request++) expect(await limits.takeRequest(SCHOOL)).toBe(0);
});

it('makes an address wait that shows too much that nobody knows, for the rest of the window and no other one', async () => {
  const limits = new AddressLimits({ maxRequests: 1_000, maxFailures: 3, windowSeconds: 1 });
  for (let failure = 0; failure < 3; failure++) {
    expect(await limits.takeRequest(SCHOOL)).toBe(0);
    await limits.noteFailure(SCHOOL);
  }
  const waitMs = await limits.takeRequest(SCHOOL);
  expect(waitMs).toBeGreaterThan(0);
  expect(waitMs).toBeLessThanOrEqual(1_000);
  expect(await limits.failureWaitMs(SCHOOL)).toBeGreaterThan(0);
  expect(await limits.takeRequest('192.0.2.2')).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, waitMs + 50));
  expect(await limits.takeRequest(SCHOOL)).toBe(0);
});

it('makes an address wait that asks too often', async () => {
  const limits = new AddressLimits({ maxRequests: 2, maxFailures: 100 });
  expect([await limits.takeRequest(SCHOOL), await limits.takeRequest(SCHOOL)]).toEqual([0, 0]);
  expect(await limits.takeRequest(SCHOOL)).toBeGreaterThan(50_000);
});

it('counts the addresses of one IPv6 network as one', async () => {
  const limits = new AddressLimits({ maxRequests: 1_000, maxFailures: 1 });
  await limits.noteFailure('2001:db8:0:1::7');
  expect(await limits.failureWaitMs('2001:db8:0:1:ffff::1')).toBeGreaterThan(0);
  expect(await limits.failureWaitMs('2001:db8::1:2:3:4:5')).toBeGreaterThan(0);
  expect(await limits.failureWaitMs('2001:db8:0:2::7')).toBe(0);
  expect(await limits.failureWaitMs('::1')).toBe(0);
});
