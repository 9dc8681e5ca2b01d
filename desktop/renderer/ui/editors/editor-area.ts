import type { DockviewApi, IDockviewPanel } from 'dockview-react';
import {
  type Disposable,
  DisposableStore,
  MutableDisposable,
  toDisposable,
} from '../../../../shared/lifecycle/index.ts';
import { ObservableValue } from '../observable.ts';
import type { EditorHandle, EditorHost } from '../workbench-model.ts';

export const EDITOR_COMPONENT = 'file';
export const PROPOSAL_COMPONENT = 'proposal';
export const AUDIT_COMPONENT = 'audit';
export const STORAGE_COMPONENT = 'storage';
export const CHANGE_COMPONENT = 'change';
export const MIRROR_COMPONENT = 'mirror';
/** Tab of what is no file. */
export const PAGE_TAB_COMPONENT = 'page';

const MAX_CLOSED = 50;

/** How a file is opened. */
export interface OpenOptions {
  /** Leaves the focus where it is. */
  readonly preserveFocus?: boolean;
  /** Opens in a tab that the next preview replaces. */
  readonly isPreview?: boolean;
  /** Opens in a new group on the right of the active one. */
  readonly toSide?: boolean;
}

/** Tabs and groups of editors. Works on the docking component once that is there; before, only remembers what to open. */
export class EditorArea implements Disposable {
  /** File of the active tab. */
  readonly activeFileId = new ObservableValue<string | undefined>(undefined);
  /** File whose changes the active tab compares. */
  readonly activeChangeId = new ObservableValue<string | undefined>(undefined);
  /** Editor of the active tab; undefined for files that are not text. */
  readonly activeEditor = new ObservableValue<EditorHandle | undefined>(undefined);
  /** Id of the tab that the next preview replaces. */
  readonly previewPanelId = new ObservableValue<string | undefined>(undefined);
  /** Ids of files, the one that was active last first. */
  readonly recentFileIds = new ObservableValue<readonly string[]>([]);
  /** Files that have a tab. */
  readonly openFileIds = new ObservableValue<ReadonlySet<string>>(new Set());
  /** Files whose last tab was closed, the last one first. */
  readonly closedFileIds = new ObservableValue<readonly string[]>([]);
  private readonly editors = new Map<string, EditorHandle>();
  private readonly host: EditorHost;
  private readonly attachment = new MutableDisposable<DisposableStore>();
  private api: DockviewApi | undefined;
  private panelCount = 0;
  private focusPanelId: string | undefined;
  private replacedPanelId: string | undefined;
  private revealed: { readonly fileId: string; readonly reveal: (editor: EditorHandle) => void } | undefined;

  constructor(host: EditorHost) {
    this.host = host;
  }

  /** Takes the docking component into use until the result is disposed. */
  attach(api: DockviewApi): Disposable {
    const store = new DisposableStore();
    this.api = api;
    store.add(api.onDidActivePanelChange(() => this.followActivePanel()));
    store.add(api.onDidAddPanel(() => this.countPanels()));
    store.add(api.onDidLayoutFromJSON(() => this.countPanels()));
    store.add(
      api.onDidRemovePanel((panel) => {
        this.forgetPanel(panel);
        this.countPanels();
      }),
    );
    store.add(
      toDisposable(() => {
        if (this.api !== api) return;
        this.api = undefined;
        this.previewPanelId.set(undefined);
        this.recentFileIds.set([]);
        this.closedFileIds.set([]);
        this.countPanels();
        this.followActivePanel();
      }),
    );
    this.attachment.value = store;
    return store;
  }

  /** Shows the file: in its tab of the active group when it has one there, else in a new tab. */
  openFile(fileId: string, options: OpenOptions = {}): void {
    const api = this.api;
    if (!api) return;
    const group = api.activeGroup;
    const existing = options.toSide ? undefined : this.findPanel(api, fileId);
    if (existing) {
      if (!options.isPreview) this.pin(existing.id);
      if (options.preserveFocus) existing.api.setActive();
      else this.activate(existing.id);
      return;
    }
    const id = this.newPanelId(api, fileId);
    this.closedFileIds.set(this.closedFileIds.get().filter((closed) => closed !== fileId));
    const replaced = this.previewPanelId.get();
    if (!options.preserveFocus) this.focusPanelId = id;
    api.addPanel({
      id,
      component: EDITOR_COMPONENT,
      params: { fileId },
      ...(group && {
        position: { referenceGroup: group, direction: options.toSide ? 'right' : 'within' } as const,
      }),
    });
    if (!options.isPreview) return;
    this.previewPanelId.set(id);
    if (replaced === undefined || replaced === id) return;
    this.replacedPanelId = replaced;
    api.getPanel(replaced)?.api.close();
    this.replacedPanelId = undefined;
  }

  /** Shows a proposal beside what it changes. */
  openProposal(proposalId: string, title: string): void {
    this.openPage(`${PROPOSAL_COMPONENT}#${proposalId}`, PROPOSAL_COMPONENT, title, { proposalId });
  }

  /** Shows what happened to the room's access. */
  openAudit(): void {
    this.openPage(AUDIT_COMPONENT, AUDIT_COMPONENT, 'Access Log', {});
  }

  /** Shows the folder that mirrors the room. */
  openMirror(): void {
    this.openPage(MIRROR_COMPONENT, MIRROR_COMPONENT, 'Mirrored Folder', {});
  }

  /** Shows what others changed in a file while self was away. */
  openChange(fileId: string, title: string): void {
    this.openPage(`${CHANGE_COMPONENT}#${fileId}`, CHANGE_COMPONENT, title, { changedFileId: fileId });
  }

  /** Shows what this device keeps of its rooms. */
  openStorage(): void {
    this.openPage(STORAGE_COMPONENT, STORAGE_COMPONENT, 'Storage', {});
  }

  /** Opens the file that somebody is in, at that person's cursor. */
  openAtParticipant(fileId: string, presenceId: string): void {
    this.openAt(fileId, (editor) => editor.revealParticipant(presenceId));
  }

  /** Opens the file of a thread of comments, at that thread. */
  openAtThread(fileId: string, threadId: string): void {
    this.openAt(fileId, (editor) => editor.revealThread(threadId));
  }

  /** Shows another file in a tab; when the tab's group has one of that file, the tab is closed instead. */
  follow(panel: IDockviewPanel, fileId: string): void {
    const old = fileIdOf(panel);
    const isShown = panel.group.panels.some((other) => fileIdOf(other) === fileId);
    if (isShown) {
      panel.api.close();
      return;
    }
    panel.api.updateParameters({ fileId });
    const recent = this.recentFileIds.get().filter((id) => id !== fileId);
    this.recentFileIds.set(recent.map((id) => (id === old ? fileId : id)));
    this.followActivePanel();
  }

  /** Keeps the tab when another preview opens. */
  pin(panelId: string): void {
    if (this.previewPanelId.get() === panelId) this.previewPanelId.set(undefined);
  }

  /** Called by a tab's content; the result is disposed with it. */
  addEditor(panelId: string, editor: EditorHandle): Disposable {
    this.editors.set(panelId, editor);
    this.focusIfWanted(panelId);
    this.followActivePanel();
    this.revealIfWanted();
    return toDisposable(() => {
      this.editors.delete(panelId);
      this.followActivePanel();
    });
  }

  /** Brings a tab to the front and gives its editor the focus, as soon as there is one. */
  activate(panelId: string): void {
    this.focusPanelId = panelId;
    this.api?.getPanel(panelId)?.api.setActive();
    this.focusIfWanted(panelId);
  }

  focusActive(): void {
    const panel = this.api?.activePanel;
    if (panel) this.editors.get(panel.id)?.focus();
  }

  get hasPanels(): boolean {
    return (this.api?.totalPanels ?? 0) > 0;
  }

  closeActive(): void {
    this.api?.activePanel?.api.close();
  }

  closeAll(): void {
    for (const panel of this.api?.panels.slice() ?? []) panel.api.close();
  }

  /** Opens what was closed last and can still be opened. */
  reopenClosed(canOpen: (fileId: string) => boolean): void {
    const [fileId, ...rest] = this.closedFileIds.get().filter(canOpen);
    this.closedFileIds.set(rest);
    if (fileId !== undefined) this.openFile(fileId);
  }

  /** Closes the other tabs of the active group. */
  closeOthers(): void {
    const kept = this.api?.activePanel;
    for (const panel of kept?.group.panels.slice() ?? []) if (panel !== kept) panel.api.close();
  }

  /** Shows the active file a second time, beside. */
  splitActive(): void {
    const fileId = this.activeFileId.get();
    if (fileId !== undefined) this.openFile(fileId, { toSide: true });
  }

  activateNeighbour(direction: 'next' | 'previous'): void {
    const group = this.api?.activeGroup;
    const panels = group?.panels ?? [];
    const index = panels.findIndex((panel) => panel === group?.activePanel);
    if (index < 0) return;
    const step = direction === 'next' ? 1 : -1;
    panels[(index + step + panels.length) % panels.length]?.api.setActive();
    this.focusActive();
  }

  focusNextGroup(): void {
    const groups = this.api?.groups ?? [];
    const index = groups.findIndex((group) => group === this.api?.activeGroup);
    groups[(index + 1) % groups.length]?.activePanel?.api.setActive();
    this.focusActive();
  }

  dispose(): void {
    this.attachment.dispose();
  }

  // Tabs of an earlier session keep their ids.
  private newPanelId(api: DockviewApi, fileId: string): string {
    let id: string;
    do id = `${fileId}#${++this.panelCount}`;
    while (api.getPanel(id));
    return id;
  }

  private openPage(id: string, component: string, title: string, params: Readonly<Record<string, string>>): void {
    const api = this.api;
    const existing = api?.getPanel(id);
    if (existing) existing.api.setActive();
    else api?.addPanel({ id, component, title, params, tabComponent: PAGE_TAB_COMPONENT });
  }

  private findPanel(api: DockviewApi, fileId: string): IDockviewPanel | undefined {
    const inActiveGroup = api.activeGroup?.panels.find((panel) => fileIdOf(panel) === fileId);
    return inActiveGroup ?? api.panels.find((panel) => fileIdOf(panel) === fileId);
  }

  private openAt(fileId: string, reveal: (editor: EditorHandle) => void): void {
    this.revealed = { fileId, reveal };
    this.openFile(fileId);
    this.revealIfWanted();
  }

  private focusIfWanted(panelId: string): void {
    if (this.focusPanelId !== panelId) return;
    const editor = this.editors.get(panelId);
    if (!editor) return;
    this.focusPanelId = undefined;
    editor.focus();
  }

  private revealIfWanted(): void {
    const editor = this.activeEditor.get();
    if (!this.revealed || !editor || this.activeFileId.get() !== this.revealed.fileId) return;
    this.revealed.reveal(editor);
    this.revealed = undefined;
  }

  private countPanels(): void {
    const known = this.openFileIds.get();
    const open = new Set((this.api?.panels ?? []).map(fileIdOf).filter((fileId) => fileId !== undefined));
    if (open.size !== known.size || [...open].some((fileId) => !known.has(fileId))) this.openFileIds.set(open);
  }

  private forgetPanel(panel: IDockviewPanel): void {
    this.pin(panel.id);
    const fileId = fileIdOf(panel);
    const isStillOpen = this.api?.panels.some((other) => other !== panel && fileIdOf(other) === fileId) ?? false;
    if (isStillOpen || fileId === undefined) return;
    this.recentFileIds.set(this.recentFileIds.get().filter((id) => id !== fileId));
    // What a preview was replaced by is nearer than going back to it.
    if (panel.id === this.replacedPanelId) return;
    const closed = this.closedFileIds.get().filter((id) => id !== fileId);
    this.closedFileIds.set([fileId, ...closed].slice(0, MAX_CLOSED));
  }

  private followActivePanel(): void {
    const panel = this.api?.activePanel;
    const fileId = panel && fileIdOf(panel);
    this.activeEditor.set(panel && this.editors.get(panel.id));
    this.activeChangeId.set(panel && changedFileIdOf(panel));
    if (this.activeFileId.get() === fileId) return;
    this.activeFileId.set(fileId);
    if (fileId !== undefined) {
      this.recentFileIds.set([fileId, ...this.recentFileIds.get().filter((id) => id !== fileId)]);
    }
    this.host.setActiveFile(fileId);
  }
}

/** The file whose changes a tab compares. */
function changedFileIdOf(panel: Pick<IDockviewPanel, 'params'>): string | undefined {
  const fileId: unknown = panel.params?.['changedFileId'];
  return typeof fileId === 'string' ? fileId : undefined;
}

/** The file that a tab shows. */
export function fileIdOf(panel: Pick<IDockviewPanel, 'params'>): string | undefined {
  const fileId: unknown = panel.params?.['fileId'];
  return typeof fileId === 'string' ? fileId : undefined;
}
