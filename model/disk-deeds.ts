import type { Device } from './device.ts';
import { type DeviceFolder, isLocalCopy } from './device-folder.ts';
import { applyChange, changeText, marksIn } from './marks.ts';
import { createPath, type Deed, type Scene } from './scene.ts';

/** What other programs do to the folder of one device. */
export class DiskDeeds {
  private readonly scene: Scene;
  private readonly device: Device;
  private readonly folder: DeviceFolder;
  private readonly nextNumber: () => number;

  constructor(scene: Scene, device: Device, folder: DeviceFolder, nextNumber: () => number) {
    this.scene = scene;
    this.device = device;
    this.folder = folder;
    this.nextNumber = nextNumber;
  }

  /** With `mixesFiles`, files also exchange their contents; with `hasExecutables`, they become executable. */
  deeds(mixesFiles: boolean, hasExecutables: boolean): readonly Deed[] {
    return [
      [10, () => this.edit()],
      [2, () => this.create()],
      [2, () => this.rename()],
      [1, () => this.remove()],
      [mixesFiles ? 1 : 0, () => this.swap()],
      [1, () => this.formatAll()],
      [hasExecutables ? 6 : 0, () => this.changeBit()],
    ];
  }

  async edit(): Promise<void> {
    const file = await this.pick();
    if (!file) return;
    const [path, bytes] = file;
    const changed = this.change(bytes, (text) =>
      applyChange(text, changeText(text, this.scene.marks, this.scene.random)),
    );
    await this.folder.edit(path, changed);
    this.note(`${path} becomes ${JSON.stringify(changed)}`);
  }

  private async create(): Promise<void> {
    const path = createPath(this.scene.random, this.nextNumber());
    const text = `${this.scene.marks.begin()}\r\nsome words\r\nof a file\r\n`;
    await this.folder.write(path, text);
    this.note(`${path} is new with ${marksIn(text).join('')}`);
  }

  private async rename(): Promise<void> {
    const file = await this.pick();
    if (!file) return;
    const [from] = file;
    const to = createPath(this.scene.random, this.nextNumber());
    this.noteDeleted(from);
    await this.folder.rename(from, to);
    this.note(`${from} is renamed to ${to}`);
  }

  private async swap(): Promise<void> {
    const [one, other] = [await this.pick(), await this.pick()];
    if (!one || !other || one[0] === other[0]) return;
    // For those who look later, each has become the other by edits: nothing of it is deleted for good.
    const between = createPath(this.scene.random, this.nextNumber());
    for (const [path] of [one, other]) this.noteDeleted(path);
    this.noteMoved(one, other);
    this.noteMoved(other, one);
    await this.folder.rename(one[0], between);
    await this.folder.rename(other[0], one[0]);
    await this.folder.rename(between, other[0]);
    this.note(`${one[0]} and ${other[0]} are swapped`);
  }

  private async changeBit(): Promise<void> {
    const file = await this.pick();
    if (!file) return;
    const [path] = file;
    const executable = !(await this.folder.isExecutable(path));
    await this.folder.setExecutable(path, executable);
    this.note(`${path} ${executable ? 'becomes' : 'ceases to be'} executable`);
  }

  private async remove(): Promise<void> {
    const file = await this.pick();
    if (!file) return;
    const [path, bytes] = file;
    this.scene.marks.release(marksIn(bytes));
    this.noteDeleted(path);
    await this.folder.remove(path);
    this.note(`${path} is deleted`);
  }

  private async formatAll(): Promise<void> {
    for (const [path, bytes] of await this.sharedFiles()) {
      await this.folder.write(
        path,
        this.change(bytes, (text) => `${text}formatted\n`),
      );
    }
    this.note('all files are formatted');
  }

  /** Changes a text in the format that it has. */
  private change(bytes: string, change: (text: string) => string): string {
    const bom = bytes.startsWith('\ufeff') ? '\ufeff' : '';
    const text = change(bytes.slice(bom.length).replaceAll('\r\n', '\n'));
    return bom + (bytes.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text);
  }

  private async pick(): Promise<readonly [path: string, bytes: string] | undefined> {
    const files = await this.sharedFiles();
    return files.length === 0 ? undefined : this.scene.random.pick(files);
  }

  /** An empty file may have a text that has not come. */
  private async sharedFiles(): Promise<(readonly [path: string, bytes: string])[]> {
    return [...(await this.folder.read())].filter(([path, bytes]) => !isLocalCopy(path) && marksIn(bytes).length > 0);
  }

  private noteMoved([from, bytes]: readonly [string, string], [to, replaced]: readonly [string, string]): void {
    const known = new Set(marksIn(replaced));
    const moved = marksIn(bytes).filter((mark) => !known.has(mark));
    this.scene.marks.move(moved, this.device.fileAt(from), this.device.fileAt(to));
  }

  private noteDeleted(path: string): void {
    const fileId = this.device.fileAt(path);
    if (fileId !== undefined) this.scene.deleted.add(fileId);
  }

  private note(what: string): void {
    this.scene.note(`on ${this.device.name}'s disk ${what}`);
  }
}
