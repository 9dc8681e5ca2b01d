import type { DockviewApi, IDockviewPanel } from 'dockview-react';
import { type Disposable, DisposableStore, MutableDisposable } from '../../../../shared/lifecycle/index.ts';
import { filesById } from '../workbench/use-file.ts';
import type { WorkbenchServices } from '../workbench/workbench-services.ts';
import { listedFiles } from '../workbench/workspace-files.ts';
import { fileIdOf } from './editor-area.ts';

/** Save states in which the relay has all that was typed. */
const SAVED: readonly unknown[] = ['on-the-relay', 'seen-by-all-present'];

/**
 * A file that goes and comes again, as by a branch switch or a stash, is another one in the list: its tabs go on with the
 * one that is there. Those with edits that only this device has stay, so that nothing is out of sight.
 */
export class TabFollower implements Disposable {
  private readonly services: Pick<WorkbenchServices, 'model' | 'editorArea'>;
  private readonly api: DockviewApi;
  private readonly disposables = new DisposableStore();
  /** Where files were that have a tab. */
  private readonly paths = new Map<string, string>();
  /** Follows the edits that keep tabs from going on. */
  private readonly waiting = this.disposables.add(new MutableDisposable<DisposableStore>());

  constructor(services: Pick<WorkbenchServices, 'model' | 'editorArea'>, api: DockviewApi) {
    this.services = services;
    this.api = api;
    const look = () => this.look();
    this.disposables.add(services.model.workspace.state.subscribe(look));
    this.disposables.add(api.onDidAddPanel(look));
    look();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private look(): void {
    const files = listedFiles(this.services.model.workspace.state.get());
    const listed = filesById(files);
    const gone: { readonly panel: IDockviewPanel; readonly path: string }[] = [];
    const waiting = new DisposableStore();
    this.waiting.value = waiting;
    for (const panel of this.api.panels) {
      const fileId = fileIdOf(panel);
      if (fileId === undefined) continue;
      const file = listed.get(fileId);
      if (file) this.paths.set(fileId, file.path);
      const path = this.paths.get(fileId);
      if (file || path === undefined) continue;
      if (this.isSaved(fileId)) gone.push({ panel, path });
      else
        waiting.add(this.services.model.editors.fileState(fileId).subscribe(() => this.isSaved(fileId) && this.look()));
    }
    if (gone.length === 0) return;
    const byPath = new Map(files.map((file) => [file.path, file.fileId]));
    for (const { panel, path } of gone) {
      const fileId = byPath.get(path);
      if (fileId !== undefined) this.services.editorArea.follow(panel, fileId);
    }
  }

  private isSaved(fileId: string): boolean {
    const { saveState } = this.services.model.editors.fileState(fileId).get();
    return saveState === undefined || SAVED.includes(saveState.kind);
  }
}
