import { CONTENT_TEXT, type SharedFile } from '../shared/workspace/index.ts';
import type { Device } from './device.ts';
import type { Engine } from './engine.ts';
import { changeText, marksIn } from './marks.ts';
import { createPath, type Deed, type Scene } from './scene.ts';

/** What a person does in the windows of one device. */
export class EditorDeeds {
  private readonly scene: Scene;
  private readonly device: Device;
  private readonly nextNumber: () => number;

  constructor(scene: Scene, device: Device, nextNumber: () => number) {
    this.scene = scene;
    this.device = device;
    this.nextNumber = nextNumber;
  }

  /** With `hasExecutables`, files also become executable. */
  deeds(hasExecutables: boolean): readonly Deed[] {
    return [
      [10, () => this.edit()],
      [2, () => this.create()],
      [2, () => this.rename()],
      [1, () => this.remove()],
      [2, () => this.swap()],
      [1, () => this.follow()],
      [1, () => this.changeFormat()],
      [2, () => this.close()],
      [hasExecutables ? 4 : 0, () => this.changeBit()],
    ];
  }

  /** Types into a file, or opens it when no window shows it. */
  edit(): void {
    this.withFile((engine, { fileId, path }) => {
      const replica = engine.open(fileId);
      if (!engine.isShown(fileId)) return this.note(`opens ${path}`);
      const text = replica.doc.getText(CONTENT_TEXT);
      const before = text.toString();
      // What is empty here may have a text that has not come.
      if (marksIn(before).length === 0) return;
      const { offset, deleteLength, insert } = changeText(before, this.scene.marks, this.scene.random);
      replica.doc.transact(() => {
        if (deleteLength > 0) text.delete(offset, deleteLength);
        if (insert !== '') text.insert(offset, insert);
      });
      this.note(`types ${JSON.stringify(insert)} into ${path}`);
    });
  }

  private create(): void {
    const { engine } = this.device;
    if (!engine) return;
    const path = createPath(this.scene.random, this.nextNumber());
    const [fileId = ''] = engine.index.add([{ path, eol: 'LF', bom: false, kind: 'text' }]);
    const text = `${this.scene.marks.begin()}\nsome words\nof a file\n`;
    engine.open(fileId).doc.getText(CONTENT_TEXT).insert(0, text);
    this.note(`creates ${path} with ${marksIn(text).join('')}`);
  }

  private rename(): void {
    this.withFile((engine, { fileId, path }) => {
      const to = createPath(this.scene.random, this.nextNumber());
      engine.index.update(fileId, { path: to });
      this.note(`renames ${path} to ${to}`);
    });
  }

  private swap(): void {
    this.withFile((engine, one) =>
      this.withFile((_engine, other) => {
        if (one.fileId === other.fileId) return;
        engine.index.update(one.fileId, { path: other.path });
        engine.index.update(other.fileId, { path: one.path });
        this.note(`swaps ${one.path} and ${other.path}`);
      }),
    );
  }

  /** One file takes the path that another leaves. */
  private follow(): void {
    this.withFile((engine, one) =>
      this.withFile((_engine, other) => {
        if (one.fileId === other.fileId) return;
        const to = createPath(this.scene.random, this.nextNumber());
        engine.index.update(other.fileId, { path: to });
        engine.index.update(one.fileId, { path: other.path });
        this.note(`renames ${other.path} to ${to} and ${one.path} to ${other.path}`);
      }),
    );
  }

  private remove(): void {
    this.withFile((engine, { fileId, path }) => {
      const { marks, deleted } = this.scene;
      if (engine.isShown(fileId)) marks.release(marksIn(engine.textOf(fileId)));
      deleted.add(fileId);
      engine.index.remove([fileId]);
      this.note(`deletes ${path}`);
    });
  }

  private changeFormat(): void {
    this.withFile((engine, { fileId, path }) => {
      const { random } = this.scene;
      engine.index.update(fileId, { eol: random.pick(['LF', 'CRLF'] as const), bom: random.chance(0.5) });
      this.note(`changes the format of ${path}`);
    });
  }

  private changeBit(): void {
    this.withFile((engine, { fileId, path, executable = false }) => {
      engine.index.update(fileId, { executable: !executable });
      this.note(`makes ${path} ${executable ? 'not ' : ''}executable`);
    });
  }

  private close(): void {
    const { engine } = this.device;
    if (engine && engine.openDocuments.length > 0) engine.close(this.scene.random.pick(engine.openDocuments));
  }

  private withFile(act: (engine: Engine, file: SharedFile) => void): void {
    const { engine } = this.device;
    if (engine && engine.textFiles.length > 0) act(engine, this.scene.random.pick(engine.textFiles));
  }

  private note(what: string): void {
    this.scene.note(`${this.device.name} ${what}`);
  }
}
