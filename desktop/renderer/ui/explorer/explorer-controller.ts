import { ObservableValue } from '../observable.ts';
import type { WorkspaceFile } from '../workbench-model.ts';

/** The row whose name is being typed. */
export type ExplorerEdit =
  | { readonly kind: 'new-file' | 'new-folder'; readonly parentPath: string }
  | { readonly kind: 'rename'; readonly nodeId: string };

/** A row that is focused or selected. */
export interface ExplorerTarget {
  readonly nodeId: string;
  readonly path: string;
  readonly isFolder: boolean;
  readonly files: readonly WorkspaceFile[];
}

/** What the tree view does when a command asks for it. */
export interface ExplorerView {
  focus(): void;
  collapseAll(): void;
  reveal(path: string): void;
}

/** The explorer as commands see it. The view writes what is focused and selected, and reads what is edited. */
export class ExplorerController {
  /** Ids of the folders that are open; kept while another view is shown. */
  readonly expandedIds = new ObservableValue<readonly string[]>([]);
  readonly edit = new ObservableValue<ExplorerEdit | undefined>(undefined);
  readonly emptyFolders = new ObservableValue<readonly string[]>([]);
  readonly focused = new ObservableValue<ExplorerTarget | undefined>(undefined);
  /** The focused row alone when it is not among the selected ones. */
  readonly targets = new ObservableValue<readonly ExplorerTarget[]>([]);
  /** Path of the folder that a new file goes into: that of the row which self has put the focus on, else the root. */
  readonly folderForNew = new ObservableValue('');
  readonly view = new ObservableValue<ExplorerView | undefined>(undefined);

  addEmptyFolder(path: string): void {
    if (!this.emptyFolders.get().includes(path)) this.emptyFolders.set([...this.emptyFolders.get(), path]);
  }

  /** Drops the folder and all below it. */
  removeEmptyFolder(path: string): void {
    this.emptyFolders.set(
      this.emptyFolders.get().filter((folder) => folder !== path && !folder.startsWith(`${path}/`)),
    );
  }

  renameEmptyFolder(path: string, newPath: string): void {
    this.emptyFolders.set(
      this.emptyFolders
        .get()
        .map((folder) =>
          folder === path || folder.startsWith(`${path}/`) ? `${newPath}${folder.slice(path.length)}` : folder,
        ),
    );
  }

  /** Forgets everything about the workspace that was closed. */
  clear(): void {
    this.edit.set(undefined);
    this.expandedIds.set([]);
    this.emptyFolders.set([]);
    this.focused.set(undefined);
    this.targets.set([]);
    this.folderForNew.set('');
  }
}
