import { describe, expect, it } from 'vitest';
import { BulkWindow } from './bulk-window.ts';

const PIECE_BYTES = 60 * 1024;

/** Sends 20 MB over a link and gives how much was on the way, in bytes, and how long it took. */
function transfer(bytesPerMs: number, roundTripMs: number) {
  const window = new BulkWindow();
  const answers: { marker: number; atMs: number }[] = [];
  let [nowMs, linkFreeAtMs, marker, sentBytes, heldBytes] = [0, 0, 0, 0, 0];
  const probe = () => {
    window.noteProbe(++marker, nowMs);
    answers.push({ marker, atMs: Math.max(nowMs, linkFreeAtMs) + roundTripMs });
  };
  probe();
  while (sentBytes < 20_000_000 || answers.length > 0) {
    if (sentBytes < 20_000_000 && window.isOpen) {
      sentBytes += PIECE_BYTES;
      linkFreeAtMs = Math.max(nowMs, linkFreeAtMs) + PIECE_BYTES / bytesPerMs;
      window.noteSent(PIECE_BYTES);
      if (window.isProbeDue(sentBytes >= 20_000_000)) probe();
      // What stands before whatever is sent next.
      if (sentBytes > 5_000_000) heldBytes = Math.max(heldBytes, (linkFreeAtMs - nowMs) * bytesPerMs);
      continue;
    }
    const answer = answers.shift();
    if (!answer) throw new Error('it stands still');
    nowMs = Math.max(nowMs, answer.atMs);
    window.noteAnswer(answer.marker, nowMs);
  }
  return { heldMs: heldBytes / bytesPerMs, tookMs: nowMs, isIdle: window.isIdle };
}

describe('the window of large messages', () => {
  it.each([
    // 10 Mbit/s
    { bytesPerMs: 1_250, roundTripMs: 20, heldAtMostMs: 200 },
    { bytesPerMs: 1_250, roundTripMs: 80, heldAtMostMs: 250 },
    // 100 Mbit/s
    { bytesPerMs: 12_500, roundTripMs: 20, heldAtMostMs: 50 },
    { bytesPerMs: 12_500, roundTripMs: 100, heldAtMostMs: 200 },
    // 1 Gbit/s
    { bytesPerMs: 125_000, roundTripMs: 1, heldAtMostMs: 5 },
    { bytesPerMs: 125_000, roundTripMs: 30, heldAtMostMs: 60 },
  ])('keeps a link of $bytesPerMs bytes/ms and $roundTripMs ms busy, and holds little in it', (link) => {
    const { heldMs, tookMs, isIdle } = transfer(link.bytesPerMs, link.roundTripMs);
    expect(heldMs).toBeLessThan(link.heldAtMostMs);
    const shortestMs = 20_000_000 / link.bytesPerMs + link.roundTripMs;
    expect(tookMs).toBeLessThan(1.1 * shortestMs + 8 * link.roundTripMs);
    expect(isIdle).toBe(true);
  });

  it('says that the client has to be asked when an answer has made it smaller than what is on the way', () => {
    const window = new BulkWindow();
    window.noteProbe(1, 0);
    window.noteSent(2_000_000);
    window.noteProbe(2, 1);
    window.noteAnswer(1, 60);
    window.noteAnswer(2, 61);
    window.noteSent(10_000);
    window.noteProbe(3, 100);
    window.noteSent(400_000);
    expect([window.isOpen, window.isProbeDue(false)]).toEqual([true, false]);
    window.noteAnswer(3, 101);
    expect([window.isOpen, window.isUnasked]).toEqual([false, true]);
    window.noteProbe(4, 102);
    expect(window.isUnasked).toBe(false);
    window.noteAnswer(4, 103);
    expect([window.isOpen, window.isIdle]).toEqual([true, true]);
  });

  it('an answer counts for all before it, and once', () => {
    const window = new BulkWindow();
    for (const marker of [1, 2, 3]) {
      window.noteSent(100_000);
      window.noteProbe(marker, marker);
    }
    expect([window.isOpen, window.noteAnswer(2, 10), window.isOpen, window.isIdle]).toEqual([false, true, true, false]);
    expect([window.noteAnswer(1, 11), window.noteAnswer(9, 11), window.noteAnswer(3, 11)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(window.isIdle).toBe(true);
  });
});
