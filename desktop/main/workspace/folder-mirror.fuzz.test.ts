import { rename, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readFuzzOptions } from '../../../shared/testing/fuzz-options.ts';
import { createSeededRandom, type SeededRandom } from '../../../shared/testing/seeded-random.ts';
import type { SharedFile } from '../../../shared/workspace/index.ts';
import type { BasesSnapshot } from './testing/memory-shared-files.ts';
import { MirrorUnderTest, TestFolder } from './testing/mirror-under-test.ts';

const MARKER = /<\d+>/g;
const LOCAL_COPY = /\.local-\d{8}T/;

/** People, other programs, a bad disk and a bad mirror at work on one folder; remembers what must not get lost. */
class Turmoil {
  private readonly test: MirrorUnderTest;
  private readonly random: SeededRandom;
  private readonly required = new Set<string>();
  private nextNumber = 1;
  private basesBeforeStep: BasesSnapshot = [];
  private basesBeforeLastStep: BasesSnapshot = [];
  private hasCrashed = false;

  constructor(test: MirrorUnderTest, random: SeededRandom) {
    this.test = test;
    this.random = random;
  }

  async step(): Promise<void> {
    const { test, random } = this;
    this.basesBeforeLastStep = this.basesBeforeStep;
    this.basesBeforeStep = test.bases.snapshot();
    const actions: readonly (readonly [number, () => void | Promise<void>])[] = [
      [8, () => this.editInRoom()],
      [8, () => this.editOnDisk()],
      [2, () => this.createInRoom()],
      [2, () => this.createOnDisk()],
      [2, () => this.renameInRoom()],
      [2, () => this.renameOnDisk()],
      [1, () => this.removeInRoom()],
      [1, () => this.removeOnDisk()],
      [1, () => this.swapInRoom()],
      [1, () => this.changeFormat()],
      [2, () => void (test.writes.errno = random.chance(0.6) ? undefined : 'ENOSPC')],
      [1, () => void (test.writes.beforeSync = () => this.editOnDisk())],
      [4, () => test.advance(random.below(500))],
      [3, () => test.current.reconcile()],
      [3, () => test.current.flush()],
      [2, () => this.restart()],
      [1, () => this.crash()],
    ];
    let choice = random.below(actions.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, action] of actions) {
      choice -= weight;
      if (choice < 0) return action();
    }
  }

  async check(): Promise<void> {
    const { test } = this;
    test.writes.errno = undefined;
    test.writes.beforeSync = undefined;
    test.current.retry();
    await test.current.flush();
    await test.settle();
    const onDisk = await test.folder.contents();
    const copies = Object.entries(onDisk).filter(([path]) => LOCAL_COPY.test(path));
    const shared = Object.fromEntries(Object.entries(onDisk).filter(([path]) => !LOCAL_COPY.test(path)));
    const asText = (bytes: string) => bytes.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
    expect(Object.fromEntries(Object.entries(shared).map(([path, text]) => [path, asText(text)]))).toEqual(
      test.files.contents,
    );
    for (const file of test.files.files) {
      const bytes = shared[file.path] ?? '';
      expect(bytes.startsWith('\ufeff')).toBe(file.bom);
      if (bytes.includes('\n')) expect(bytes.includes('\r\n')).toBe(file.eol === 'CRLF');
      const markers = markersIn(bytes);
      // A base that was not kept may be merged twice; that is better than losing something.
      if (!this.hasCrashed) expect(new Set(markers).size).toBe(markers.length);
    }
    const everything = new Set(
      [...Object.values(test.files.contents), ...copies.map(([, text]) => text)].flatMap(markersIn),
    );
    expect([...this.required].filter((marker) => !everything.has(marker))).toEqual([]);
    expect(test.openProblems.filter(({ canRetry }) => canRetry)).toEqual([]);
  }

  private get pickedFile(): SharedFile | undefined {
    const { files } = this.test.files;
    return files[this.random.below(Math.max(1, files.length))];
  }

  private async pickedPath(): Promise<string | undefined> {
    const paths = Object.keys(await this.test.folder.contents()).filter((path) => !LOCAL_COPY.test(path));
    return paths[this.random.below(Math.max(1, paths.length))];
  }

  private newMarker(): string {
    const marker = `<${this.nextNumber++}>`;
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
    if (isInMarker) return { offset: 0, deleteLength: 0, insert: this.newMarker() };
    if (this.random.chance(0.35) && !rest.includes('<')) return { offset, deleteLength: rest.length, insert: '' };
    return { offset, deleteLength: 0, insert: this.newMarker() + this.random.pick(['', '\n', 'word ']) };
  }

  private editInRoom(): void {
    const file = this.pickedFile;
    if (file) this.test.files.applyEdits(file.fileId, [this.change(this.test.files.readText(file.fileId))]);
  }

  private async editOnDisk(): Promise<void> {
    const path = await this.pickedPath();
    if (path === undefined) return;
    const bytes = await this.test.folder.read(path);
    const bom = bytes.startsWith('\ufeff') ? '\ufeff' : '';
    const eol = bytes.includes('\r\n') ? '\r\n' : '\n';
    const text = bytes.slice(bom.length).replaceAll('\r\n', '\n');
    const { offset, deleteLength, insert } = this.change(text);
    const changed = text.slice(0, offset) + insert + text.slice(offset + deleteLength);
    await this.test.folder.write(path, bom + changed.replaceAll('\n', eol));
  }

  private createInRoom(): void {
    this.test.files.create(this.newPath(), `${this.newMarker()}\nsome words\nof a file\n`);
  }

  private async createOnDisk(): Promise<void> {
    await this.test.folder.write(this.newPath(), `${this.newMarker()}\r\nsome words\r\nof a file\r\n`);
  }

  private renameInRoom(): void {
    const file = this.pickedFile;
    if (file) this.test.files.update(file.fileId, { path: this.newPath() });
  }

  private async renameOnDisk(): Promise<void> {
    const from = await this.pickedPath();
    if (from === undefined) return;
    const to = this.newPath();
    await this.test.folder.write(to, '');
    await rename(this.test.folder.at(from), this.test.folder.at(to));
  }

  private swapInRoom(): void {
    const [a, b] = [this.pickedFile, this.pickedFile];
    if (!a || !b || a.fileId === b.fileId) return;
    this.test.files.update(a.fileId, { path: b.path });
    this.test.files.update(b.fileId, { path: a.path });
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
    if (path === undefined) return;
    const removed = await this.test.folder.read(path);
    await rm(this.test.folder.at(path));
    const known = this.test.bases.list().find((base) => base.path === path);
    const isListed = known && this.test.files.files.some(({ fileId }) => fileId === known.fileId);
    const inRoom = isListed ? markersIn(this.test.files.readText(known.fileId)) : [];
    this.release(removed, inRoom, markersIn(known ? (this.test.bases.get(known.fileId)?.text ?? '') : ''));
  }

  private release(removed: string, elsewhere: readonly string[], base: readonly string[]): void {
    const kept = new Set(elsewhere.filter((marker) => !base.includes(marker)));
    for (const marker of [...markersIn(removed), ...base]) if (!kept.has(marker)) this.required.delete(marker);
  }

  private async restart(): Promise<void> {
    await this.test.stop();
    for (let step = this.random.below(4); step > 0; step--) {
      if (this.random.chance(0.5)) this.editInRoom();
      else await this.editOnDisk();
    }
    await this.test.start();
  }

  /** What was written to the bases in the last step is lost. */
  private async crash(): Promise<void> {
    await this.test.stop();
    this.test.bases.restore(this.basesBeforeLastStep);
    this.hasCrashed = true;
    await this.test.start();
  }
}

function markersIn(text: string): string[] {
  return text.match(MARKER) ?? [];
}

describe('a folder and a room in turmoil', () => {
  const { seeds, operations } = readFuzzOptions({ seedCount: 15, operations: 80, pinned: [391, 399] });
  it.each(seeds)('end in step, with nothing lost (seed %i)', async (seed) => {
    const random = createSeededRandom(seed);
    const folder = await TestFolder.create({ 'first.txt': 'one\ntwo\nthree\n', 'a/second.txt': 'x\r\ny\r\n' });
    // One at a time, so that a seed always means the same.
    const test = new MirrorUnderTest(folder, { concurrentSyncs: 1 });
    await test.start();
    const turmoil = new Turmoil(test, random);
    for (let step = 0; step < operations; step++) await turmoil.step();
    await turmoil.check();
  });
});
