import { expect } from 'vitest';
import { ConvergenceWorld } from './convergence-world.ts';

/** Drives a world through random steps, heals it, and expects one text everywhere and no lost promise. */
export async function expectConvergence(seed: number, operations: number, nodeCount: number): Promise<void> {
  const world = new ConvergenceWorld(seed, nodeCount);
  try {
    for (let operation = 0; operation < operations; operation++) await world.step();
    await world.heal();
    for (const document of ConvergenceWorld.documents) {
      const texts = await world.readTexts(document);
      expect(new Set(texts.values()).size, `${document}: ${JSON.stringify([...texts])}`).toBe(1);
    }
    expect(await world.findLostAcks()).toEqual([]);
    expect(await world.awaitAgreement()).toEqual([]);
    expect(world.disagreements).toEqual([]);
    expect(world.problems).toEqual([]);
  } finally {
    await world.dispose();
  }
}
