import { describe, expect, it } from 'vitest';
import { readFuzzOptions } from '../shared/testing/fuzz-options.ts';
import { ManualScheduler } from '../shared/testing/manual-scheduler.ts';
import { createSeededRandom } from '../shared/testing/seeded-random.ts';
import { Device } from './device.ts';
import { ModelRelay } from './model-relay.ts';
import { whenQuiet } from './quiet.ts';
import { RotatingFolder } from './rotating-folder.ts';
import { doOne } from './scene.ts';

const LETTERS = ['A', 'B', 'C', 'D'];
/** The others stay where they are. */
const ROTATING = ['A.txt', 'B.txt', 'C.txt'];
const LONGEST_MS = 60_000;
/** So long after the last change in a folder, all has been everywhere. */
const REST_MS = 10_000;

interface Texts {
  /** How many lines each text has. */
  readonly lines: Readonly<Record<string, number>>;
  /** The time between two steps. */
  readonly longestStepMs: number;
}

const ALIKE: Texts = { lines: { A: 20, B: 20, C: 20, D: 20 }, longestStepMs: 120 };
/** A text that comes in the place of a longer one looks like one that is being written anew: it is waited for. */
const UNLIKE: Texts = { lines: { A: 20, B: 11, C: 5, D: 14 }, longestStepMs: 1_500 };

function linesOf({ lines }: Texts, letter: string): readonly string[] {
  return Array.from({ length: lines[letter] ?? 0 }, (_unused, line) => `hello ${letter} line ${line}`);
}

/** Lines that are nowhere. Where both sides wrote into one at once, its letter is among those of the other. */
function missingLines(texts: Texts, found: string): readonly string[] {
  const lines = found.split('\n');
  const whole = new Set(lines);
  return LETTERS.flatMap((letter) => {
    const all = linesOf(texts, letter);
    const missing = all.filter((line) => !whole.has(line));
    const mixed = lines.filter((line) => !all.includes(line)).join('');
    return missing.slice(mixed.split(letter).length - 1);
  });
}

/** Two people whose folders mirror one room, and programs on both that exchange files. */
class TwoFolders {
  readonly random;
  readonly scheduler = new ManualScheduler();
  readonly relay: ModelRelay;
  readonly devices: readonly Device[];
  readonly documents = new Set<string>();
  rotating: readonly RotatingFolder[] = [];
  private readonly written: Texts;

  constructor(seed: number, written: Texts) {
    this.written = written;
    const random = createSeededRandom(seed);
    let clientIds = 0;
    this.random = random;
    const { scheduler } = this;
    const relay = new ModelRelay(scheduler, random);
    this.relay = relay;
    this.devices = ['Ana', 'Ben'].map(
      (name) => new Device({ name, scheduler, random, relay, nextClientId: () => ++clientIds }),
    );
  }

  async start(): Promise<void> {
    for (const [position, device] of this.devices.entries()) {
      const textOf = (letter: string) => `${linesOf(this.written, letter).join('\n')}\n`;
      const files = Object.fromEntries(LETTERS.map((letter) => [`${letter}.txt`, textOf(letter)]));
      const folder = await device.addFolder(position === 0 ? files : {});
      this.rotating = [...this.rotating, new RotatingFolder(folder, device.name, ROTATING)];
      device.start();
    }
    const isThere = async () => (await this.rotating[1]?.folder.read())?.size === LETTERS.length;
    for (let waitedMs = 0; !(await isThere()); waitedMs += 500) {
      if (waitedMs > LONGEST_MS) throw new Error('the room does not come to everybody');
      await this.pass(500);
    }
    await this.pass(1_000);
  }

  async step(): Promise<void> {
    const { random, relay, scheduler } = this;
    const rotating = random.pick(this.rotating);
    await doOne(random, [
      [4, () => rotating.finish()],
      [2, () => rotating.step()],
      [4, () => rotating.folder.announcements.tell()],
      [4, () => relay.deliverSome()],
      [2, () => relay.deliverAll()],
      [4, () => scheduler.advance(random.below(this.written.longestStepMs))],
    ]);
    await whenQuiet();
    this.noteDocuments();
  }

  async rest(): Promise<void> {
    for (const rotating of this.rotating) if (rotating.isBetween) rotating.finish();
    for (let last = '', quietMs = 0, waitedMs = 0; quietMs < REST_MS; waitedMs += 1_000) {
      if (waitedMs > LONGEST_MS * 10) throw new Error('it does not come to rest');
      for (const { folder } of this.rotating) await folder.announcements.tell();
      await this.pass(1_000);
      const now = JSON.stringify(
        await Promise.all(this.rotating.map(async ({ folder }) => [...(await folder.read())])),
      );
      quietMs = now === last ? quietMs + 1_000 : 0;
      last = now;
    }
  }

  /** All texts in both folders, and all that was ever in files which somebody has deleted: history has those. */
  async texts(): Promise<string> {
    const onDisk = await Promise.all(this.devices.map((device) => device.textsOnDisk()));
    const listed = new Set(this.devices[0]?.engine?.textFiles.map(({ fileId }) => fileId));
    const deleted = [...this.documents].filter((document) => !listed.has(document));
    const inHistory = await Promise.all(deleted.map((document) => this.relay.readStates(document)));
    return [...onDisk.flat(), ...inHistory.flat()].join('\n');
  }

  async dispose(): Promise<void> {
    for (const device of this.devices) await device.quit();
    this.relay.dispose();
    await whenQuiet();
    this.relay.close();
  }

  private async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      this.relay.deliverAll();
      this.scheduler.advance(Math.min(50, left));
      await whenQuiet();
      this.noteDocuments();
    }
  }

  private noteDocuments(): void {
    for (const { engine } of this.devices) {
      for (const { fileId } of engine?.textFiles ?? []) this.documents.add(fileId);
    }
  }
}

describe('two folders of one room in which files change places at once', () => {
  const { seeds, operations } = readFuzzOptions({
    seedCount: 4,
    operations: 60,
    pinned: [58, 102, 187, 239, 276, 428, 437, 801, 875, 946, 1005, 1028],
  });
  async function run(seed: number, written: Texts): Promise<void> {
    const world = new TwoFolders(seed, written);
    await world.start();
    try {
      for (let step = 0; step < operations; step++) await world.step();
      await world.rest();
      expect(missingLines(written, await world.texts())).toEqual([]);
    } finally {
      await world.dispose();
    }
  }

  it.each(seeds)('end with every line in a file, a copy or the history (seed %i)', (seed) => run(seed, ALIKE));
  it.each(seeds)('do so where the texts are of unequal lengths (seed %i)', (seed) => run(seed, UNLIKE));
});
