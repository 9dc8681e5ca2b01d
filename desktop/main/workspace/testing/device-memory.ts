import type { SeededRandom } from '../../../../shared/testing/seeded-random.ts';

/** Who keeps what is written: a room gets back from its relay what one of its devices has lost. */
export type KeptBy = 'device' | 'room';

interface Write {
  readonly keptBy: KeptBy;
  readonly undo: () => void;
  /** What is written without waiting for anything is kept together, or not at all. */
  readonly turn: number;
  state: 'pending' | 'committed';
}

/** Ends a process at any of its steps. */
export class ProcessEnd {
  private stepsLeft: number | undefined;
  private ended = false;
  /** What others do meanwhile: runs before each step. */
  beforeStep: (() => void) | undefined;

  get hasEnded(): boolean {
    return this.ended;
  }

  /** The process will end at one of its next steps. */
  plan(steps: number): void {
    this.stepsLeft = steps;
  }

  end(): void {
    this.ended = true;
  }

  beginAnew(): void {
    this.ended = false;
    this.stepsLeft = undefined;
  }

  /** To be called between any two things that another process could tell apart. Throws once the process has ended. */
  step(): void {
    this.beforeStep?.();
    if (this.stepsLeft !== undefined && this.stepsLeft-- <= 0) this.ended = true;
    if (this.ended) throw new Error('the process has ended');
  }
}

/**
 * The order in which a device keeps texts and bases: what is pending when the process ends is lost from some point on, and
 * a loss of power may take what was committed since the last time that all was brought to the disk.
 */
export class DeviceMemory {
  readonly process = new ProcessEnd();
  private writes: Write[] = [];
  private turn = 0;

  /** Does something that may be lost; nothing when the process has ended. `write` returns how to undo it. */
  write(keptBy: KeptBy, write: () => () => void): void {
    if (this.process.hasEnded) return;
    const { turn } = this;
    this.writes.push({ keptBy, undo: write(), turn, state: 'pending' });
    queueMicrotask(() => (this.turn = turn + 1));
  }

  /** All so far survives the end of the process. */
  commit(): void {
    if (this.process.hasEnded) return;
    for (const write of this.writes) write.state = 'committed';
  }

  /** All so far survives a loss of power. */
  sync(): void {
    if (!this.process.hasEnded) this.writes = [];
  }

  /** Loses what was written from a random point on. */
  lose(random: SeededRandom, cause: 'end of the process' | 'loss of power'): void {
    const firstPending = this.writes.findIndex(({ state }) => state === 'pending');
    const kept = firstPending < 0 ? this.writes.length : firstPending;
    const first = cause === 'loss of power' ? 0 : kept;
    let cut = first + random.below(this.writes.length - first + 1);
    while (cut > first && this.writes[cut - 1]?.turn === this.writes[cut]?.turn) cut--;
    const lost = this.writes.slice(cut);
    for (const { undo, keptBy, state } of lost.reverse()) if (keptBy === 'device' || state === 'pending') undo();
    this.writes = [];
  }
}
