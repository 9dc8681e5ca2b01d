import type { WorkbenchServices } from '../workbench/workbench-services.ts';
import { joinPath, parentPath } from '../workbench/workspace-files.ts';
import type { ExplorerEdit, ExplorerTarget } from './explorer-controller.ts';
import type { ExplorerTree } from './explorer-tree.ts';

/** Takes the name that was typed and tells a failure as a notification. */
export async function commitEdit(
  services: WorkbenchServices,
  tree: ExplorerTree,
  edit: ExplorerEdit,
  name: string,
): Promise<void> {
  const { explorer } = services;
  explorer.edit.set(undefined);
  const clean = name.replace(/\/$/, '');
  // The editor of a new file takes the keyboard; setting it on a row, too, would take it back.
  if (edit.kind === 'new-file') return createFile(services, joinPath(edit.parentPath, clean));
  explorer.view.get()?.focus();
  if (edit.kind === 'rename') await rename(services, tree, edit.nodeId, clean);
  else explorer.addEmptyFolder(joinPath(edit.parentPath, clean));
}

async function createFile({ model, explorer, state, editorArea }: WorkbenchServices, path: string): Promise<void> {
  const outcome = await model.workspace.createFile(path);
  if (!outcome.ok) {
    explorer.view.get()?.focus();
    state.reportOutcome(`"${path}" could not be created.`, outcome);
    return;
  }
  editorArea.openFile(outcome.fileId);
  explorer.view.get()?.reveal(path);
}

async function rename(services: WorkbenchServices, tree: ExplorerTree, nodeId: string, name: string): Promise<void> {
  const node = tree.nodes.get(nodeId);
  if (!node || node.kind === 'draft') return;
  const newPath = joinPath(parentPath(node.path), name);
  if (newPath === node.path) return;
  const { model, explorer, state } = services;
  const title = `"${node.path}" could not be renamed.`;
  if (node.kind === 'file') {
    state.reportOutcome(title, await model.workspace.renameFile(node.file.fileId, newPath));
    return;
  }
  explorer.renameEmptyFolder(node.path, newPath);
  const hasFiles = [...tree.nodes.values()].some(
    (other) => other.kind === 'file' && other.path.startsWith(`${node.path}/`),
  );
  if (hasFiles) state.reportOutcome(title, await model.workspace.renameFolder(node.path, newPath));
}

/** Asks, then deletes what is selected. */
export function confirmDelete({ model, explorer, state }: WorkbenchServices, targets: readonly ExplorerTarget[]): void {
  const fileIds = [...new Set(targets.flatMap(({ files }) => files.map(({ fileId }) => fileId)))];
  const dropFolders = () => {
    for (const target of targets) if (target.isFolder) explorer.removeEmptyFolder(target.path);
  };
  if (fileIds.length === 0) {
    dropFolders();
    explorer.view.get()?.focus();
    return;
  }
  state.dialog.set({
    kind: 'confirm',
    title: describeDeletion(targets, fileIds.length),
    detail: 'It is deleted for everybody in the room, and on disk where the folder is open.',
    confirmLabel: 'Delete',
    run: async () => {
      const outcome = await model.workspace.deleteFiles(fileIds);
      if (outcome.ok) dropFolders();
      return outcome;
    },
    restoreFocus: () => explorer.view.get()?.focus(),
  });
}

function describeDeletion(targets: readonly ExplorerTarget[], fileCount: number): string {
  const [only] = targets;
  if (targets.length === 1 && only) {
    if (!only.isFolder) return `Delete "${only.path}"?`;
    return `Delete the folder "${only.path}" and its ${fileCount === 1 ? 'file' : `${fileCount} files`}?`;
  }
  return `Delete ${targets.length} items with ${fileCount} files?`;
}
