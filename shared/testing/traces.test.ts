import { describe, expect, it } from 'vitest';
import { readConcurrentTrace, readSequentialTrace, type TracePatch } from './traces.ts';

function apply(content: string[], patches: readonly TracePatch[]): void {
  for (const [position, deleteCount, text] of patches) content.splice(position, deleteCount, ...Array.from(text));
}

describe('traces', () => {
  it('replays one author to the end of the trace', async () => {
    const trace = await readSequentialTrace('rustcode');
    const content = Array.from(trace.startContent);
    for (const { patches } of trace.transactions) apply(content, patches);
    expect(content.join('')).toBe(trace.endContent);
  });

  it('has the long trace', async () => {
    const { transactions, endContent } = await readSequentialTrace('automerge-paper');
    expect([transactions.length, endContent.length]).toEqual([259_778, 104_852]);
  });

  it('orders the transactions of two authors after their parents', async () => {
    const { agentCount, transactions } = await readConcurrentTrace('friendsforever');
    expect(agentCount).toBe(2);
    expect(new Set(transactions.map(({ agent }) => agent))).toEqual(new Set([0, 1]));
    expect(transactions.every(({ parents }, index) => parents.every((parent) => parent < index))).toBe(true);
  });
});
