import { lstat, readdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import type { SeededRandom } from '../../../../shared/testing/seeded-random.ts';
import type { SharedFile } from '../../../../shared/workspace/index.ts';
import { isTempName } from '../own-files.ts';
import { hashBytes } from '../text-format.ts';
import { isBinary, markersIn, originsIn } from './markers.ts';
import { MirrorOnDevice } from './mirror-on-device.ts';
import type { MirrorUnderTest } from './mirror-under-test.ts';

const LOCAL_COPY = /\.local-\d{8}T/;
const FIRST_FILES = {
  'first.txt': '<1_1>one\ntwo\nthree\n',
  'a/second.txt': '<2_2>x\r\ny\r\n',
};
/** Steps of a process between which an end is planned; most of what a mirror does at a time takes fewer. */
const STEPS_TO_END = 40;
/** So often files change places while a mirror does one thing; it could come to no end else. */
const MAX_QUICK_RENAMES = 6;

export interface TurmoilOptions {
  /** Whether other programs make symbolic links, too, also in place of files; all go before the check. */
  readonly hasLinks?: boolean;
  /** Whether there are files that are no texts, too; their relay is away now and then until the check. */
  readonly hasBinaries?: boolean;
  /** Whether files become executable, too, and cease to be so. */
  readonly hasExecutables?: boolean;
  /** Whether files change places in the room also while the mirror is at work, so many of which it handles at a time. */
  readonly quickRenames?: { readonly concurrentSyncs: number };
}

type Action = readonly [weight: number, act: () => void | Promise<void>];

/** People, other programs, a bad disk and a bad mirror at work on one folder; remembers what must not get lost. */
export class Turmoil {
  private readonly device: MirrorOnDevice;
  private readonly test: MirrorUnderTest;
  private readonly random: SeededRandom;
  private readonly required = new Set(markersIn(Object.values(FIRST_FILES).join('')));
  /** Which file each of the room's was made as. */
  private readonly origins = new Map<string, string>();
  private nextNumber = 3;
  private hasLostPower = false;
  private quickRenamesLeft = 0;

  private readonly options: TurmoilOptions;

  private constructor(device: MirrorOnDevice, random: SeededRandom, options: TurmoilOptions) {
    this.options = options;
    this.device = device;
    this.test = device.test;
    this.random = random;
    if (options.quickRenames) device.memory.process.beforeStep = () => this.renameQuickly();
  }

  static async start(random: SeededRandom, options: TurmoilOptions = {}): Promise<Turmoil> {
    const device = await MirrorOnDevice.start(FIRST_FILES, options.quickRenames?.concurrentSyncs);
    return new Turmoil(device, random, options);
  }

  async step(): Promise<void> {
    this.quickRenamesLeft = MAX_QUICK_RENAMES;
    await this.choose([...this.actions, [2, () => this.restart()], [2, () => this.crash()]]);
  }

  async check(): Promise<void> {
    const { test } = this;
    this.device.memory.process.beforeStep = undefined;
    test.writes.errno = undefined;
    test.writes.beforeSync = undefined;
    test.blobs.isOffline = false;
    if (this.options.hasLinks) {
      await test.settle();
      await this.removeLinks();
    }
    test.current.retry();
    await test.flush();
    await test.settle();
    const onDisk = await test.folder.contents();
    const copies = Object.entries(onDisk).filter(([path]) => LOCAL_COPY.test(path));
    // Where a file has no content in the room, whatever lies at its path stays there and is told.
    const empty = test.files.files.filter(({ kind, blob }) => kind !== 'text' && blob === undefined);
    const emptyPaths = new Set(empty.map(({ path }) => path));
    const isShared = ([path, content]: [string, string]) =>
      !LOCAL_COPY.test(path) && !isBinary(content) && !emptyPaths.has(path);
    const shared = Object.fromEntries(Object.entries(onDisk).filter(isShared));
    this.checkBinaries(onDisk);
    await this.checkExecutables();
    const asText = (bytes: string) => bytes.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
    expect(Object.fromEntries(Object.entries(shared).map(([path, text]) => [path, asText(text)]))).toEqual(
      test.files.contents,
    );
    for (const file of test.files.files.filter(({ kind }) => kind === 'text')) {
      const bytes = shared[file.path] ?? '';
      expect(bytes.startsWith('\ufeff')).toBe(file.bom);
      if (bytes.includes('\n')) expect(bytes.includes('\r\n')).toBe(file.eol === 'CRLF');
      const markers = markersIn(bytes);
      // A base that was not kept may be merged twice; that is better than losing something.
      if (!this.hasLostPower) expect(new Set(markers).size).toBe(markers.length);
    }
    this.checkOrigins();
    const everything = new Set(
      [...Object.values(test.files.contents), ...copies.map(([, text]) => text), ...this.sent].flatMap(markersIn),
    );
    expect([...this.required].filter((marker) => !everything.has(marker))).toEqual([]);
    expect(test.openProblems.filter(({ canRetry }) => canRetry)).toEqual([]);
    expect(test.bases.listMoves()).toEqual([]);
  }

  private get actions(): readonly Action[] {
    const { test, random } = this;
    return [
      ...this.deeds.map(([weight, act]): Action => [weight, () => this.keep(act)]),
      [2, () => void (test.writes.errno = random.chance(0.6) ? undefined : 'ENOSPC')],
      [1, () => void (test.writes.beforeSync = () => this.editOnDisk())],
      [4, () => test.advance(random.below(500))],
      [3, () => this.reconcile()],
      [3, () => test.current.flush()],
    ];
  }

  /** What people and other programs do. */
  private get deeds(): readonly Action[] {
    return [
      [8, () => this.editInRoom()],
      [8, () => this.editOnDisk()],
      [2, () => this.createInRoom()],
      [2, () => this.createOnDisk()],
      [2, () => this.renameInRoom()],
      [2, () => this.renameOnDisk()],
      [1, () => this.removeInRoom()],
      [1, () => this.removeOnDisk()],
      [2, () => this.swapInRoom()],
      [1, () => this.followInRoom()],
      [1, () => this.changeFormat()],
      ...this.linkDeeds,
      ...this.binaryDeeds,
      ...this.executableDeeds,
    ];
  }

  private get linkDeeds(): readonly Action[] {
    if (!this.options.hasLinks) return [];
    return [
      [3, () => this.linkOnDisk()],
      [2, () => this.linkInPlace()],
      [1, () => this.removeLinks()],
    ];
  }

  private get binaryDeeds(): readonly Action[] {
    if (!this.options.hasBinaries) return [];
    const { blobs } = this.test;
    return [
      [3, () => this.test.folder.write(this.newPath(), this.newBinary()).then(() => this.device.disk.settle())],
      [2, () => this.createBinaryInRoom()],
      [4, () => blobs.work().then(() => this.test.current.whenIdle())],
      [1, () => void (blobs.isOffline = this.random.chance(0.4))],
    ];
  }

  private get executableDeeds(): readonly Action[] {
    if (!this.options.hasExecutables) return [];
    return [
      [6, () => this.changeBitOnDisk()],
      [6, () => this.changeBitInRoom()],
    ];
  }

  /** With what follows from it at once: a folder that is being changed cannot be listed. */
  private async reconcile(): Promise<void> {
    await this.test.current.reconcile();
    await this.test.current.whenIdle();
  }

  /** What people do, the room has at once; what the mirror did before is committed by then. */
  private async keep(act: () => void | Promise<void>): Promise<void> {
    const { memory } = this.device;
    memory.commit();
    await act();
    memory.commit();
  }

  private async choose(actions: readonly Action[]): Promise<void> {
    let choice = this.random.below(actions.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, act] of actions) {
      choice -= weight;
      if (choice >= 0) continue;
      await act();
      break;
    }
    if (!this.device.hasEnded) this.checkOrigins();
  }

  /** No file of the room has the content of another, nor a part of it. */
  private checkOrigins(): void {
    for (const { fileId } of this.test.files.files) {
      for (const origin of originsIn(this.test.files.readText(fileId))) {
        if (!this.origins.has(fileId)) this.origins.set(fileId, origin);
        expect({ fileId, origin }).toEqual({ fileId, origin: this.origins.get(fileId) });
      }
    }
  }

  /** What the relay was given, which stays there. */
  private get sent(): readonly string[] {
    return [...this.test.blobs.relay.values()].map((bytes) => Buffer.from(bytes).toString());
  }

  private checkBinaries(onDisk: Readonly<Record<string, string>>): void {
    const binaries = this.test.files.files.filter(({ kind }) => kind !== 'text');
    for (const { path, blob } of binaries) {
      // A file that was listed by a device that has lost its power may be without its content.
      if (blob === undefined) expect(this.hasLostPower).toBe(true);
      else expect({ path, blob: hashBytes(Buffer.from(onDisk[path] ?? '')) }).toEqual({ path, blob });
    }
    const listed = new Set(binaries.map(({ path }) => path));
    const found = Object.entries(onDisk).filter(([path, content]) => isBinary(content) && !LOCAL_COPY.test(path));
    expect(found.map(([path]) => path).filter((path) => !listed.has(path))).toEqual([]);
  }

  private async checkExecutables(): Promise<void> {
    for (const { path, kind, blob, executable = false } of this.test.files.files) {
      if (kind !== 'text' && blob === undefined) continue;
      expect({ path, executable: await this.test.folder.isExecutable(path) }).toEqual({ path, executable });
    }
  }

  private newBinary(): string {
    return `\0${this.newMarker()}`;
  }

  private createBinaryInRoom(): void {
    const content = this.newBinary();
    const blob = this.test.blobs.bring(content);
    this.test.files.create(this.newPath(), '', { kind: 'binary', blob, sizeBytes: content.length });
  }

  private replaceInRoom({ fileId }: SharedFile): void {
    const content = this.newBinary();
    this.test.files.update(fileId, { blob: this.test.blobs.bring(content), sizeBytes: content.length });
  }

  /** What was there before was meant to go. */
  private async replaceOnDisk(path: string, before: string): Promise<void> {
    await this.device.disk.writeByOther(this.test.folder.at(path), this.newBinary());
    for (const marker of markersIn(before)) this.required.delete(marker);
  }

  private get pickedFile(): SharedFile | undefined {
    const { files } = this.test.files;
    return files[this.random.below(Math.max(1, files.length))];
  }

  private async pickedPath(): Promise<string | undefined> {
    // What is just being written is nobody else's to edit.
    const isOther = (path: string) => !LOCAL_COPY.test(path) && !isTempName(basename(path));
    const paths = Object.keys(await this.test.folder.contents()).filter(isOther);
    return paths[this.random.below(Math.max(1, paths.length))];
  }

  /** `text` is what the file has so far. */
  private newMarker(text = ''): string {
    const number = this.nextNumber++;
    const marker = `<${number}_${originsIn(text)[0] ?? number}>`;
    this.required.add(marker);
    return marker;
  }

  private newPath(): string {
    return `${this.random.pick(['', 'a/', 'a/b/', 'c/'])}${this.nextNumber++}.txt`;
  }

  /** Puts a marker somewhere, or takes something out that is no marker. */
  private change(text: string): { readonly offset: number; readonly deleteLength: number; readonly insert: string } {
    const offset = this.random.below(text.length + 1);
    const rest = text.slice(offset, offset + 1 + this.random.below(8));
    const before = text.slice(0, offset);
    const isInMarker = before.lastIndexOf('<') > before.lastIndexOf('>');
    if (isInMarker) return { offset: 0, deleteLength: 0, insert: this.newMarker(text) };
    if (this.random.chance(0.35) && !rest.includes('<')) return { offset, deleteLength: rest.length, insert: '' };
    return { offset, deleteLength: 0, insert: this.newMarker(text) + this.random.pick(['', '\n', 'word ']) };
  }

  private editInRoom(): void {
    const file = this.pickedFile;
    if (file && file.kind !== 'text') this.replaceInRoom(file);
    else if (file) this.test.files.applyEdits(file.fileId, [this.change(this.test.files.readText(file.fileId))]);
  }

  private async editOnDisk(): Promise<void> {
    const path = await this.pickedPath();
    if (path === undefined) return;
    const bytes = await this.test.folder.read(path);
    if (isBinary(bytes)) return this.replaceOnDisk(path, bytes);
    const bom = bytes.startsWith('\ufeff') ? '\ufeff' : '';
    const eol = bytes.includes('\r\n') ? '\r\n' : '\n';
    const text = bytes.slice(bom.length).replaceAll('\r\n', '\n');
    const { offset, deleteLength, insert } = this.change(text);
    const changed = text.slice(0, offset) + insert + text.slice(offset + deleteLength);
    await this.device.disk.writeByOther(this.test.folder.at(path), bom + changed.replaceAll('\n', eol));
  }

  private async changeBitOnDisk(): Promise<void> {
    const path = await this.pickedPath();
    if (path === undefined) return;
    const executable = !(await this.test.folder.isExecutable(path));
    await this.device.disk.chmodByOther(this.test.folder.at(path), executable);
  }

  private changeBitInRoom(): void {
    const file = this.pickedFile;
    if (file) this.test.files.update(file.fileId, { executable: !file.executable });
  }

  private createInRoom(): void {
    this.test.files.create(this.newPath(), `${this.newMarker()}\nsome words\nof a file\n`);
  }

  private async createOnDisk(): Promise<void> {
    await this.test.folder.write(this.newPath(), `${this.newMarker()}\r\nsome words\r\nof a file\r\n`);
    this.device.disk.settle();
  }

  private renameInRoom(path?: string): void {
    const file = this.pickedFile;
    if (file) this.test.files.update(file.fileId, { path: path ?? this.newPath() });
  }

  private async renameOnDisk(): Promise<void> {
    const from = await this.pickedPath();
    if (from === undefined) return;
    const to = this.newPath();
    await this.test.folder.write(to, '');
    await rename(this.test.folder.at(from), this.test.folder.at(to));
    this.device.disk.settle();
  }

  private swapInRoom(): void {
    const [a, b] = [this.pickedFile, this.pickedFile];
    if (!a || !b || a.fileId === b.fileId) return;
    this.test.files.update(a.fileId, { path: b.path });
    this.test.files.update(b.fileId, { path: a.path });
  }

  private renameQuickly(): void {
    if (this.quickRenamesLeft === 0 || !this.random.chance(0.15)) return;
    this.quickRenamesLeft--;
    this.rotateInRoom();
    // Whoever did it has all of it.
    this.device.memory.commit();
  }

  /** Some files each take the path of the next. */
  private rotateInRoom(): void {
    const { files } = this.test;
    const all = [...files.files, ...files.files];
    const start = this.random.below(Math.max(1, files.files.length));
    const some = all.slice(start, start + Math.min(files.files.length, 2 + this.random.below(2)));
    const paths = some.map((_file, index) => some[(index + 1) % some.length]?.path ?? '');
    files.updateAll(new Map(some.map(({ fileId }, index) => [fileId, { path: paths[index] ?? '' }])));
  }

  /** One file takes the path that another leaves. */
  private followInRoom(): void {
    const [a, b] = [this.pickedFile, this.pickedFile];
    if (!a || !b || a.fileId === b.fileId) return;
    this.test.files.update(b.fileId, { path: this.newPath() });
    this.test.files.update(a.fileId, { path: b.path });
  }

  private changeFormat(): void {
    const file = this.pickedFile;
    if (file)
      this.test.files.update(file.fileId, { eol: this.random.pick(['LF', 'CRLF']), bom: this.random.chance(0.5) });
  }

  // Who deletes a file means what he sees. What only the other side has must survive.
  private async removeInRoom(): Promise<void> {
    const file = this.pickedFile;
    if (!file) return;
    const base = this.test.bases.get(file.fileId);
    const onDisk = base && (await this.test.folder.contents())[base.path];
    this.test.files.remove([file.fileId]);
    this.release(
      this.test.files.readText(file.fileId),
      onDisk === undefined ? [] : markersIn(onDisk),
      markersIn(base?.text ?? ''),
    );
  }

  private async removeOnDisk(): Promise<void> {
    const path = await this.pickedPath();
    if (path !== undefined) await this.removeAt(path);
  }

  private async removeAt(path: string): Promise<void> {
    const removed = await this.test.folder.read(path);
    await rm(this.test.folder.at(path));
    this.device.disk.settle();
    const known = this.test.bases.list().find((base) => base.path === path);
    const isListed = known && this.test.files.files.some(({ fileId }) => fileId === known.fileId);
    const inRoom = isListed ? markersIn(this.test.files.readText(known.fileId)) : [];
    this.release(removed, inRoom, markersIn(known ? (this.test.bases.get(known.fileId)?.text ?? '') : ''));
  }

  private async linkOnDisk(): Promise<void> {
    const target = await this.pickedPath();
    if (target === undefined) return;
    const path = `${this.nextNumber}.txt`;
    await symlink(target, this.test.folder.at(path));
    // Somebody makes or moves a file to there.
    if (this.random.chance(0.3)) this.test.files.create(path, `${this.newMarker()}\n`);
    else if (this.random.chance(0.5)) this.renameInRoom(path);
    this.nextNumber++;
  }

  private async linkInPlace(): Promise<void> {
    const path = await this.pickedPath();
    if (path === undefined) return;
    await this.removeAt(path);
    const target = (await this.pickedPath()) ?? 'nowhere';
    await symlink(this.test.folder.at(target), this.test.folder.at(path));
  }

  private async removeLinks(): Promise<void> {
    for (const name of await readdir(this.test.folder.path, { recursive: true })) {
      const path = join(this.test.folder.path, name);
      if ((await lstat(path)).isSymbolicLink()) await rm(path);
    }
  }

  private release(removed: string, elsewhere: readonly string[], base: readonly string[]): void {
    const kept = new Set(elsewhere.filter((marker) => !base.includes(marker)));
    for (const marker of [...markersIn(removed), ...base]) if (!kept.has(marker)) this.required.delete(marker);
  }

  private async restart(): Promise<void> {
    await this.test.stop();
    for (let step = this.random.below(4); step > 0; step--) {
      await this.keep(() => (this.random.chance(0.5) ? this.editInRoom() : this.editOnDisk()));
    }
    await this.test.start();
  }

  /** The process ends in the midst of what it does, or the power fails. */
  private async crash(): Promise<void> {
    const { device, test, random } = this;
    device.settle();
    // What is hardest to take up again.
    if (random.chance(0.5)) await this.keep(() => this.swapInRoom());
    device.memory.process.plan(random.below(STEPS_TO_END));
    for (let step = random.below(5); step > 0 && !device.hasEnded; step--) await this.choose(this.actions);
    // Much of what a mirror does is done at its start.
    if (!device.hasEnded && random.chance(0.5)) {
      await test.stop();
      await test.start().catch((error: unknown) => {
        if (!device.hasEnded) throw error;
      });
    }
    await device.end();
    const before = await this.markersAnywhere();
    const cause = random.pick(['end of the process', 'loss of power'] as const);
    await device.lose(random, cause);
    if (cause === 'loss of power') {
      this.hasLostPower = true;
      // What another program wrote and the disk lost is lost, unless the room had it.
      const left = await this.markersAnywhere();
      for (const marker of before) if (!left.has(marker)) this.required.delete(marker);
    }
    await device.startAgain();
  }

  private async markersAnywhere(): Promise<ReadonlySet<string>> {
    const { folder, files } = this.test;
    const texts = [...Object.values(await folder.contents()), ...Object.values(files.contents)];
    return new Set([...texts, ...this.sent].flatMap(markersIn));
  }
}
