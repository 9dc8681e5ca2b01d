import type { DockviewApi, SerializedDockview } from 'dockview-react';
import { type Disposable, DisposableStore, MutableDisposable } from '../../../../shared/lifecycle/index.ts';
import { filesById } from '../workbench/use-file.ts';
import type { WorkbenchServices } from '../workbench/workbench-services.ts';
import { fileIdOf } from './editor-area.ts';

/** How long a change of the layout waits for the next one before it is kept. */
const WRITE_DELAY_MS = 300;

/**
 * Brings back the tabs and open folders that the room had when it was open last, as soon as its files are known, and
 * keeps them from then on. Files that are gone are dropped; whatever was opened meanwhile goes first.
 */
export class LayoutKeeper implements Disposable {
  private readonly services: WorkbenchServices;
  private readonly api: DockviewApi;
  private readonly disposables = new DisposableStore();
  private readonly waiting = this.disposables.add(new MutableDisposable());
  private readonly writeTimer = new MutableDisposable();

  constructor(services: WorkbenchServices, api: DockviewApi) {
    this.services = services;
    this.api = api;
    this.waiting.value = services.model.workspace.state.subscribe(() => this.start());
    this.start();
  }

  dispose(): void {
    if (this.writeTimer.value) this.write();
    this.disposables.dispose();
  }

  private start(): void {
    const state = this.services.model.workspace.state.get();
    if (state.kind !== 'open' || !state.isListed || state.files.length === 0) return;
    if (this.disposables.isDisposed || !this.waiting.value) return;
    this.waiting.value = undefined;
    this.restore(filesById(state.files));
    const { explorer } = this.services;
    const writeSoon = () => this.writeSoon();
    this.disposables.add(this.api.onDidLayoutChange(writeSoon));
    this.disposables.add(explorer.expandedIds.subscribe(writeSoon));
    const flush = () => {
      if (this.writeTimer.value) this.write();
    };
    window.addEventListener('pagehide', flush);
    this.disposables.add({ dispose: () => window.removeEventListener('pagehide', flush) });
  }

  private restore(files: ReadonlyMap<string, unknown>): void {
    const { model, explorer } = this.services;
    const saved = model.layout.read();
    if (!saved) return;
    explorer.expandedIds.set([...new Set([...explorer.expandedIds.get(), ...saved.expandedIds])]);
    if (this.api.totalPanels > 0 || !isLayout(saved.tabs)) return;
    try {
      this.api.fromJSON(saved.tabs);
    } catch {
      // Kept by another version: the next change replaces it.
      this.api.clear();
      return;
    }
    for (const panel of [...this.api.panels]) if (!files.has(fileIdOf(panel) ?? '')) panel.api.close();
    for (const group of [...this.api.groups]) if (group.panels.length === 0) this.api.removeGroup(group);
  }

  private writeSoon(): void {
    this.writeTimer.value = this.services.model.scheduler.schedule(() => this.write(), WRITE_DELAY_MS);
  }

  private write(): void {
    this.writeTimer.value = undefined;
    const { model, explorer } = this.services;
    model.layout.write({ tabs: this.api.toJSON(), expandedIds: explorer.expandedIds.get() });
  }
}

/** Whether it is worth a try: the docking component checks the rest. */
function isLayout(value: unknown): value is SerializedDockview {
  return typeof value === 'object' && value !== null && 'grid' in value && 'panels' in value;
}
