import { ManualScheduler } from '../shared/testing/manual-scheduler.ts';
import { createSeededRandom, type SeededRandom } from '../shared/testing/seeded-random.ts';
import { CONTENT_TEXT, INDEX_DOCUMENT } from '../shared/workspace/index.ts';
import { Device, type Misfortune } from './device.ts';
import type { DeviceFolder } from './device-folder.ts';
import { DiskDeeds } from './disk-deeds.ts';
import { EditorDeeds } from './editor-deeds.ts';
import { GitDeeds } from './git-deeds.ts';
import { Marks, marksIn } from './marks.ts';
import { ModelRelay } from './model-relay.ts';
import { whenQuiet } from './quiet.ts';
import { type Deed, doOne, type Scene } from './scene.ts';

const HOUR_MS = 60 * 60 * 1000;
/** Steps of a process between which an end is planned. */
const STEPS_TO_END = 60;
/** The same while much is to be done. */
const STEPS_AT_WORK = 40;
/** What a device keeps may be lost with the power for so long. */
const UNSAFE_MS = 500;
const LONGEST_START_MS = 60_000;

export interface WorldOptions {
  /** Files may get the contents of others. */
  readonly mixesFiles: boolean;
  /** Whether files become executable, too, and cease to be so. */
  readonly hasExecutables?: boolean;
}

/** What a device had when its process ended, until it is known what is left of it. */
interface Loss {
  readonly cause: Misfortune;
  readonly atMs: number;
  readonly had: ReadonlySet<string>;
  readonly onDisk: ReadonlySet<string>;
}

/**
 * Ana, whose folder is a repository, Ben, who mirrors the room to a folder, and Cleo, who has none, at work in one room
 * with everything that can go wrong; a seed says what happens.
 */
export class WholeWorld implements Scene {
  readonly random: SeededRandom;
  readonly scheduler = new ManualScheduler();
  readonly relay: ModelRelay;
  readonly marks = new Marks();
  readonly deleted = new Set<string>();
  readonly devices: readonly Device[];
  /** What happened, for whoever reads how a seed failed. */
  readonly trace: string[] = [];
  /** Every document that was ever listed. */
  readonly documents = new Set<string>();
  /**
   * What devices had when their power failed, or while their store was full: where a base was not kept, it is merged
   * again, which is better than losing something.
   */
  readonly repeatable = new Set<string>();
  /** Files may get the contents of others, by git and by programs that exchange them. */
  readonly mixesFiles: boolean;
  private readonly hasExecutables: boolean;
  private readonly deeds = new Map<Device, readonly Deed[]>();
  private readonly losses = new Map<Device, Loss>();
  private lastNumber = 0;

  private constructor(
    random: SeededRandom,
    { mixesFiles, hasExecutables = false }: WorldOptions,
    devices: (world: Pick<Scene, 'scheduler' | 'relay'>) => readonly Device[],
  ) {
    this.random = random;
    this.mixesFiles = mixesFiles;
    this.hasExecutables = hasExecutables;
    this.relay = new ModelRelay(this.scheduler, random);
    this.devices = devices(this);
  }

  /** A room made from Ana's folder, which everybody has. With `mixesFiles`, git changes that folder. */
  static async create(seed: number, options: WorldOptions): Promise<WholeWorld> {
    const random = createSeededRandom(seed);
    let clientIds = 0;
    const world = new WholeWorld(random, options, ({ scheduler, relay }) =>
      ['Ana', 'Ben', 'Cleo'].map(
        (name) => new Device({ name, scheduler, random, relay, nextClientId: () => ++clientIds }),
      ),
    );
    await world.open();
    return world;
  }

  note(what: string): void {
    this.trace.push(`${this.scheduler.elapsedMs()} ${what}`);
  }

  /** One random step. */
  async step(): Promise<void> {
    const device = this.random.pick(this.devices);
    await doOne(this.random, [...(this.deeds.get(device) ?? []), ...this.troublesOf(device), ...this.commonDeeds]);
    await whenQuiet();
    await this.lookAround();
  }

  /** Lets time pass, and everything arrive, in small steps. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      this.relay.deliverAll();
      this.scheduler.advance(Math.min(50, left));
      await whenQuiet();
    }
    this.relay.deliverAll();
    await whenQuiet();
    await this.lookAround();
  }

  /** Ends all trouble: everybody is there, and nothing fails any more. */
  async endTrouble(): Promise<void> {
    this.note('all trouble is over');
    this.relay.isFull = false;
    this.relay.start();
    for (const device of this.devices) {
      device.planNoEnd();
      device.storeIsFull = false;
      device.setOnline(true);
      if (device.folder) device.folder.writes.errno = undefined;
      if (device.folder) device.folder.writes.beforeSync = undefined;
      await this.startAgain(device);
    }
    this.relay.cutAll();
  }

  async dispose(): Promise<void> {
    for (const device of this.devices) {
      device.planNoEnd();
      await device.quit();
      await device.clearAway('end of the process');
    }
    this.relay.dispose();
    await whenQuiet();
    this.relay.close();
  }

  private async open(): Promise<void> {
    const [ana, ben] = this.devices;
    if (!ana || !ben) return;
    const files = Object.fromEntries(
      ['one.txt', 'two.txt', 'a/three.txt', 'a/b/four.txt', 'c/five.txt', 'six.txt'].map((path, position) => {
        const text = `${this.marks.begin()}one\ntwo\nthree\n`;
        return [path, position === 1 ? text.replaceAll('\n', '\r\n') : text];
      }),
    );
    const anasFolder = await ana.addFolder(files, this.mixesFiles);
    const bensFolder = await ben.addFolder({});
    if (this.mixesFiles) await GitDeeds.prepare(anasFolder, this);
    const nextNumber = () => ++this.lastNumber;
    for (const device of this.devices) {
      const { folder } = device;
      this.deeds.set(device, [
        ...new EditorDeeds(this, device, nextNumber).deeds(this.hasExecutables),
        ...(folder ? new DiskDeeds(this, device, folder, nextNumber).deeds(this.mixesFiles, this.hasExecutables) : []),
        ...(this.mixesFiles && folder === anasFolder ? new GitDeeds(this, device, folder).all : []),
      ]);
      device.start();
    }
    for (let waitedMs = 0; (await bensFolder.read()).size < Object.keys(files).length; waitedMs += 500) {
      if (waitedMs > LONGEST_START_MS) throw new Error('the room does not come to everybody');
      await this.pass(500);
    }
    await this.pass(1_000);
    anasFolder.settle();
    bensFolder.settle();
  }

  private get commonDeeds(): readonly Deed[] {
    const { random, scheduler, relay } = this;
    return [
      [16, () => relay.deliverSome()],
      [4, () => relay.deliverAll()],
      [8, () => scheduler.advance(random.below(30))],
      [6, () => scheduler.advance(random.below(700))],
      [2, () => scheduler.advance(random.below(6_000))],
      [1, () => this.jumpClock()],
      [1, () => relay.cutSome()],
      [1, () => relay.dropSome()],
      [1, () => this.changeRelay()],
    ];
  }

  /** What can happen to a device. */
  private troublesOf(device: Device): readonly Deed[] {
    const { random } = this;
    if (!device.isStarted) return [[12, () => this.startAgain(device)]];
    return [
      [1, () => this.quit(device)],
      [2, () => device.planEnd(random.below(STEPS_TO_END))],
      [1, () => this.toggleNetwork(device)],
      [1, () => this.fillStore(device)],
      ...this.folderTroublesOf(device),
    ];
  }

  private folderTroublesOf(device: Device): readonly Deed[] {
    const { random } = this;
    const { folder } = device;
    const mirror = device.engine?.mirror;
    if (!folder || !mirror) return [];
    return [
      [12, () => this.letFollow(device, folder)],
      [5, () => this.dieAtWork(device, folder)],
      [1, () => folder.announcements.overflow()],
      [4, () => void device.engine?.flush()],
      [1, () => void (folder.writes.errno = random.chance(0.6) ? undefined : 'ENOSPC')],
      [2, () => void (folder.writes.beforeSync = () => this.interfere(device))],
    ];
  }

  /** Something happens right before a file is replaced. */
  private async interfere(device: Device): Promise<void> {
    await doOne(this.random, this.deeds.get(device) ?? []);
  }

  /** The folder's changes are announced, and the mirror takes them in its own time. */
  private async letFollow(device: Device, folder: DeviceFolder): Promise<void> {
    await folder.announcements.tell();
    if (this.random.chance(0.6)) await this.letWork(device, 8);
  }

  /** The process ends while it takes changes from all sides. */
  private async dieAtWork(device: Device, folder: DeviceFolder): Promise<void> {
    for (let deed = this.random.below(4); deed > 0; deed--) await this.interfere(device);
    this.relay.deliverAll();
    await folder.announcements.tell();
    device.planEnd(this.random.below(STEPS_AT_WORK));
    await this.letWork(device, 20);
  }

  /** Time passes for a device, but not so long that it would have done everything. */
  private async letWork(device: Device, atMostSteps: number): Promise<void> {
    for (let step = this.random.below(atMostSteps); step > 0 && device.engine; step--) {
      this.scheduler.advance(this.random.below(60));
      await whenQuiet();
    }
  }

  private jumpClock(): void {
    const ms = this.random.pick([-HOUR_MS, HOUR_MS]);
    this.scheduler.jumpClock(ms);
    this.note(`the clock jumps by ${ms} ms`);
  }

  private changeRelay(): void {
    const { random, relay } = this;
    if (random.chance(0.4)) relay.isFull = !relay.isFull && random.chance(0.5);
    else if (relay.isRunning) relay.stop();
    if (!relay.isRunning && random.chance(0.7)) relay.start();
    this.note(`the relay ${relay.isRunning ? 'runs' : 'does not run'}${relay.isFull ? ', its disk is full' : ''}`);
  }

  private toggleNetwork(device: Device): void {
    device.setOnline(!device.isOnline || this.random.chance(0.3));
    this.note(`${device.name} is ${device.isOnline ? 'connected' : 'without a network'}`);
  }

  private fillStore(device: Device): void {
    const isFull = this.random.chance(0.4);
    device.storeIsFull = isFull;
    this.note(`${device.name}'s store is ${isFull ? 'full' : 'not full'}`);
  }

  private async quit(device: Device): Promise<void> {
    this.note(`${device.name} quits`);
    await device.quit();
    if (this.random.chance(0.4)) await this.startAgain(device);
  }

  /** Sees what the last step has brought about. */
  private async lookAround(): Promise<void> {
    for (const device of this.devices) {
      if (device.hasEnded) await this.takeEnd(device);
      const { engine } = device;
      if (!engine) continue;
      for (const { fileId } of engine.index.files) this.documents.add(fileId);
      if (device.storeIsFull) await this.noteRepeatable(device);
      for (const text of engine.keptTexts()) this.marks.promise(text, this.scheduler.elapsedMs());
    }
  }

  private async noteRepeatable(device: Device): Promise<void> {
    const texts = [...(await device.textsOnDisk()), ...device.textsInMemory()];
    for (const mark of texts.flatMap(marksIn)) this.repeatable.add(mark);
  }

  /** A device's process has ended: what it had not kept is gone. */
  private async takeEnd(device: Device): Promise<void> {
    const cause: Misfortune = this.random.pick(['end of the process', 'loss of power'] as const);
    this.note(`${device.name}: ${cause}`);
    const onDisk = new Set((await device.textsOnDisk()).flatMap(marksIn));
    const had = new Set([...onDisk, ...device.textsInMemory().flatMap(marksIn)]);
    if (cause === 'loss of power') for (const mark of had) this.repeatable.add(mark);
    await device.clearAway(cause);
    this.losses.set(device, { cause, atMs: device.endedMs ?? 0, had, onDisk });
    if (this.random.chance(0.6)) await this.startAgain(device);
  }

  private async startAgain(device: Device): Promise<void> {
    if (device.hasEnded) await this.takeEnd(device);
    if (device.isStarted) return;
    this.note(`${device.name} starts`);
    device.start();
    const loss = this.losses.get(device);
    this.losses.delete(device);
    if (loss) await this.excuse(loss);
  }

  /** What nobody had promised to keep may be lost. */
  private async excuse({ cause, atMs, had, onDisk }: Loss): Promise<void> {
    await whenQuiet();
    const left = await this.marksAnywhere();
    for (const mark of had) {
      if (left.has(mark)) continue;
      const promisedMs = this.marks.promisedMs(mark);
      const isYoung = promisedMs === undefined || atMs - promisedMs <= UNSAFE_MS;
      if (cause === 'loss of power' ? isYoung : promisedMs === undefined && !onDisk.has(mark))
        this.marks.release([mark]);
    }
  }

  private async marksAnywhere(): Promise<ReadonlySet<string>> {
    const texts: string[] = [];
    // Nobody gets to the text of a file that no list has.
    const listed = await this.listedAnywhere();
    for (const device of this.devices) {
      texts.push(...(await device.textsOnDisk()), ...device.textsInMemory(), ...device.textsInStore(listed));
    }
    for (const document of this.documents) {
      texts.push((await this.relay.replay(document)).getText(CONTENT_TEXT).toString());
    }
    return new Set(texts.flatMap(marksIn));
  }

  private async listedAnywhere(): Promise<ReadonlySet<string>> {
    const list = (await this.relay.replay(INDEX_DOCUMENT)).getMap('files');
    const known = this.devices.flatMap(({ engine }) => engine?.index.files ?? []);
    return new Set([...list.keys(), ...known.map(({ fileId }) => fileId)]);
  }
}
