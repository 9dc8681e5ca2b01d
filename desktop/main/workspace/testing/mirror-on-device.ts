import type { SeededRandom } from '../../../../shared/testing/seeded-random.ts';
import { CrashingDisk } from './crashing-disk.ts';
import { DeviceMemory } from './device-memory.ts';
import { MirrorUnderTest, TestFolder } from './mirror-under-test.ts';

/** How a process ends before its time. */
export type Misfortune = 'end of the process' | 'loss of power';

/** A mirror on a device whose process can be ended, and whose power can fail, between any two things that it does. */
export class MirrorOnDevice {
  readonly test: MirrorUnderTest;
  readonly memory: DeviceMemory;
  readonly disk: CrashingDisk;

  private constructor(test: MirrorUnderTest, memory: DeviceMemory, disk: CrashingDisk) {
    this.test = test;
    this.memory = memory;
    this.disk = disk;
  }

  /**
   * Starts it between a folder with these files and an empty room; all is safe then. It always does the same with one file
   * at a time.
   */
  static async start(
    files: Readonly<Record<string, string | Uint8Array>>,
    concurrentSyncs = 1,
  ): Promise<MirrorOnDevice> {
    const memory = new DeviceMemory();
    const disk = await CrashingDisk.create(memory.process);
    const test = new MirrorUnderTest(await TestFolder.create(files), { concurrentSyncs, memory, disk });
    await test.start();
    const device = new MirrorOnDevice(test, memory, disk);
    device.settle();
    return device;
  }

  get hasEnded(): boolean {
    return this.memory.process.hasEnded;
  }

  /** What was done so far is safe: it was long enough ago. */
  settle(): void {
    this.memory.sync();
    this.disk.settle();
  }

  /** Ends the process, if it has not ended, without a start of the next. */
  async end(): Promise<void> {
    this.memory.process.end();
    await this.test.stop();
  }

  /** Loses what was not safe yet when the process ended, from a random point on. */
  async lose(random: SeededRandom, cause: Misfortune): Promise<void> {
    this.memory.lose(random, cause);
    if (cause === 'loss of power') await this.disk.losePower((unsafe) => random.below(unsafe + 1));
  }

  /** Starts the next process. */
  async startAgain(): Promise<void> {
    this.memory.process.beginAnew();
    await this.test.start();
  }
}
