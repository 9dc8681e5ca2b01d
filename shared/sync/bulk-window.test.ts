import { expect, it } from 'vitest';
import type { ClientMessage, RelayMessage } from '../protocol/index.ts';
import { BulkWindow } from './bulk-window.ts';

const NOTHING = new Uint8Array(0);
const open = (handle: number): ClientMessage => ({
  type: 'open',
  handle,
  document: `d${handle}`,
  epoch: '',
  afterSeq: 0,
  stateVector: NOTHING,
});
const opened = (handle: number): RelayMessage => ({
  type: 'opened',
  handle,
  epoch: 'e',
  headSeq: 0,
  stateVector: NOTHING,
  access: 'write',
});

/** Opens documents whose contents come over a line one after the other; gives how many were open at once at most. */
function openAll(
  count: number,
  link: { readonly bytesPerMs: number; readonly roundTripMs: number; readonly bytes: number },
) {
  const clock = { nowMs: 0, elapsedMs: () => clock.nowMs };
  const window = new BulkWindow(clock);
  const answers: { readonly handle: number; readonly atMs: number; readonly doneMs: number }[] = [];
  let freeAtMs = 0;
  const atOnce: number[] = [];
  const heldMs: number[] = [];
  for (let next = 1; next <= count || answers.length > 0;) {
    if (next <= count && window.hasRoomFor(open(next), 50)) {
      window.sent(open(next), 50);
      const atMs = Math.max(clock.nowMs + link.roundTripMs, freeAtMs);
      freeAtMs = atMs + link.bytes / link.bytesPerMs;
      answers.push({ handle: next++, atMs, doneMs: freeAtMs });
      atOnce.push(answers.length);
      heldMs.push(freeAtMs - clock.nowMs);
      continue;
    }
    const answer = answers.shift();
    if (!answer) throw new Error('it stands still');
    clock.nowMs = Math.max(clock.nowMs, answer.atMs);
    window.answered(opened(answer.handle));
  }
  return { atOnce, heldMs, tookMs: freeAtMs };
}

it('opens few documents at once on a slow line, so that what others type comes between them', () => {
  const { heldMs, tookMs } = openAll(100, { bytesPerMs: 15, roundTripMs: 50, bytes: 5_000 });
  expect(Math.max(...heldMs)).toBeLessThan(2_500);
  expect(Math.max(...heldMs.slice(20))).toBeLessThan(1_700);
  expect(tookMs).toBeLessThan(1.2 * 100 * (5_000 / 15));
});

it('opens many at once on a fast line, however long its way', () => {
  const { atOnce, tookMs } = openAll(500, { bytesPerMs: 12_500, roundTripMs: 100, bytes: 5_000 });
  expect(atOnce.at(-1)).toBe(32);
  expect(tookMs).toBeLessThan(100 * (500 / 32 + 6));
});
