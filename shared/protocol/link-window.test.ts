import { describe, expect, it } from 'vitest';
import { LinkWindow } from './link-window.ts';

/** Sends much over a link and gives what stood before whatever else would have been sent, and how long it took. */
function transfer(bytesPerMs: number, roundTripMs: number, totalBytes = 20_000_000) {
  const window = new LinkWindow();
  const answers: { marker: number; atMs: number }[] = [];
  let [nowMs, linkFreeAtMs, marker, sentBytes, heldMs, laterHeldMs] = [0, 0, 0, 0, 0, 0];
  const probe = () => {
    window.noteProbe(++marker, nowMs);
    answers.push({ marker, atMs: Math.max(nowMs, linkFreeAtMs) + roundTripMs });
  };
  probe();
  while (sentBytes < totalBytes || answers.length > 0) {
    if (sentBytes < totalBytes && window.isOpen) {
      const { pieceBytes } = window;
      sentBytes += pieceBytes;
      linkFreeAtMs = Math.max(nowMs, linkFreeAtMs) + pieceBytes / bytesPerMs;
      window.noteSent(pieceBytes);
      if (window.isProbeDue(sentBytes >= totalBytes)) probe();
      heldMs = Math.max(heldMs, linkFreeAtMs - nowMs);
      if (sentBytes > totalBytes / 4) laterHeldMs = Math.max(laterHeldMs, linkFreeAtMs - nowMs);
      continue;
    }
    const answer = answers.shift();
    if (!answer) throw new Error('it stands still');
    nowMs = Math.max(nowMs, answer.atMs);
    window.noteAnswer(answer.marker, nowMs);
  }
  return { heldMs, laterHeldMs, tookMs: nowMs, isIdle: window.isIdle };
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
    const { laterHeldMs, tookMs, isIdle } = transfer(link.bytesPerMs, link.roundTripMs);
    expect(laterHeldMs).toBeLessThan(link.heldAtMostMs);
    const shortestMs = 20_000_000 / link.bytesPerMs + link.roundTripMs;
    expect(tookMs).toBeLessThan(1.1 * shortestMs + 8 * link.roundTripMs);
    expect(isIdle).toBe(true);
  });

  it.each([
    { bytesPerMs: 2, roundTripMs: 50, firstMs: 12_000, heldAtMostMs: 6_500 },
    { bytesPerMs: 15, roundTripMs: 50, firstMs: 1_700, heldAtMostMs: 900 },
    { bytesPerMs: 15, roundTripMs: 1_000, firstMs: 2_300, heldAtMostMs: 3_100 },
    // 1 Mbit/s
    { bytesPerMs: 125, roundTripMs: 80, firstMs: 400, heldAtMostMs: 400 },
  ])('of a link of $bytesPerMs bytes/ms and $roundTripMs ms lets others wait little, from the start on', (link) => {
    const { bytesPerMs, roundTripMs } = link;
    const { heldMs, laterHeldMs, tookMs, isIdle } = transfer(bytesPerMs, roundTripMs, 500_000);
    expect(heldMs).toBeLessThan(Math.max(link.firstMs, link.heldAtMostMs));
    expect(laterHeldMs).toBeLessThan(link.heldAtMostMs);
    expect(tookMs).toBeLessThan(1.2 * (500_000 / bytesPerMs + roundTripMs) + 8 * roundTripMs);
    expect(isIdle).toBe(true);
  });

  it('says that the client has to be asked when an answer has made it smaller than what is on the way', () => {
    const window = new LinkWindow();
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

  it('knows the link for a second after everything was answered', () => {
    const window = new LinkWindow();
    window.noteProbe(1, 0);
    expect(window.isStale(60_000)).toBe(false);
    window.noteSent(10_000);
    window.noteProbe(2, 0);
    window.noteAnswer(1, 10);
    expect(window.isStale(60_000)).toBe(false);
    window.noteAnswer(2, 20);
    expect([window.isStale(1_020), window.isStale(1_021)]).toEqual([false, true]);
  });

  it('an answer counts for all before it, and once', () => {
    const window = new LinkWindow();
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
