import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type BulkSender, BulkTurns } from './bulk-turns.ts';

const PIECE_BYTES = 64 * 1024;

class Sender implements BulkSender {
  readonly name: string;
  left: number;
  private readonly log: string[];

  constructor(name: string, left: number, log: string[]) {
    this.name = name;
    this.left = left;
    this.log = log;
  }

  sendBulkPiece(): number {
    if (this.left === 0) return 0;
    this.left--;
    this.log.push(this.name);
    return PIECE_BYTES;
  }
}

describe('turns of large messages', () => {
  it('send a little in each turn of the event loop, in turn to all who wait', async () => {
    const log: string[] = [];
    const turns = new BulkTurns();
    for (const [name, left] of [
      ['a', 6],
      ['b', 2],
      ['c', 3],
    ] as const)
      turns.request(new Sender(name, left, log));
    const seen: string[] = [];
    while (log.length > 0) {
      seen.push(log.splice(0).join(''));
      await nextTurn();
    }
    expect(seen).toEqual(['aa', 'ab', 'ca', 'bc', 'ac', 'a']);
  });

  it('have room for the next one in a later turn', async () => {
    const log: string[] = [];
    const turns = new BulkTurns();
    turns.request(new Sender('a', 1, log));
    await nextTurn();
    await nextTurn();
    turns.request(new Sender('b', 9, log));
    expect(log.splice(0).join('')).toBe('abb');
  });

  it('pause while small messages are sent, and no longer', async () => {
    const log: string[] = [];
    const turns = new BulkTurns();
    turns.noteLive();
    const startedMs = performance.now();
    turns.request(new Sender('a', 200, log));
    let turnsUntilQuiet = 0;
    while (log.length < 132) {
      await nextTurn();
      turnsUntilQuiet++;
    }
    expect(performance.now() - startedMs).toBeGreaterThan(60);
    expect(turnsUntilQuiet).toBeGreaterThan(64);
    let turnsOfTheRest = 0;
    while (log.length < 200) {
      await nextTurn();
      turnsOfTheRest++;
    }
    expect(turnsOfTheRest).toBeLessThan(45);
  });

  it('ask nobody again who was forgotten, or could not send', async () => {
    const log: string[] = [];
    const turns = new BulkTurns();
    const [first, second] = [new Sender('a', 9, log), new Sender('b', 0, log)];
    turns.request(first);
    turns.request(second);
    turns.forget(first);
    await nextTurn();
    second.left = 1;
    await nextTurn();
    expect(log.join('')).toBe('aa');
  });
});
