import type { ManualScheduler } from '../shared/testing/manual-scheduler.ts';
import type { SeededRandom } from '../shared/testing/seeded-random.ts';
import type { Device } from './device.ts';
import type { Marks } from './marks.ts';
import type { ModelRelay } from './model-relay.ts';

/** All that takes part. */
export interface Scene {
  readonly random: SeededRandom;
  readonly scheduler: ManualScheduler;
  readonly relay: ModelRelay;
  readonly devices: readonly Device[];
  readonly marks: Marks;
  /** Files that somebody deleted, in the room or on a disk, by their ids in the room. */
  readonly deleted: Set<string>;
  /** Something that happened, for whoever reads how a seed failed. */
  readonly note: (what: string) => void;
}

export type Deed = readonly [weight: number, act: () => void | Promise<void>];

/** Does one of these, the more likely the more it weighs. */
export async function doOne(random: SeededRandom, deeds: readonly Deed[]): Promise<void> {
  let choice = random.below(deeds.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, act] of deeds) {
    choice -= weight;
    if (choice < 0) return act();
  }
}

/** A path that no file had before. */
export function createPath(random: SeededRandom, number: number): string {
  return `${random.pick(['', 'a/', 'a/b/', 'c/'])}${number}.txt`;
}
