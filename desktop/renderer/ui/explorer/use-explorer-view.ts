import type { ItemInstance, TreeInstance } from '@headless-tree/core';
import { useEffect } from 'react';
import { filesById } from '../workbench/use-file.ts';
import type { WorkbenchServices } from '../workbench/workbench-services.ts';
import { listedFiles, parentPath } from '../workbench/workspace-files.ts';
import type { ExplorerTarget } from './explorer-controller.ts';
import { ancestorIds, type ExplorerNode, type ExplorerTree, fileNodeId, filesBelow } from './explorer-tree.ts';
import { expandFolders } from './use-explorer-tree.ts';

/** Ties the tree to the explorer's controller: what is focused, what is selected, and what commands ask for. */
export function useExplorerView(
  tree: TreeInstance<ExplorerNode>,
  data: ExplorerTree,
  services: WorkbenchServices,
  items: readonly ItemInstance<ExplorerNode>[],
): void {
  const { explorer, editorArea, model } = services;
  const focused = items.find((item) => item.isFocused());
  const { selectedItems: selectedIds, focusedItem } = tree.getState();
  useEffect(() => {
    const target = focused && toTarget(data, focused.getId());
    explorer.focused.set(target);
    const selected = selectedIds.flatMap((id) => toTarget(data, id) ?? []);
    const isAmongSelected = selected.some(({ nodeId }) => nodeId === target?.nodeId);
    explorer.targets.set(isAmongSelected || !target ? selected : [target]);
  }, [explorer, data, focused, selectedIds]);
  useEffect(() => {
    // Without a focus of its own the tree takes the first row for it, which nobody has chosen.
    const chosen = [focusedItem, ...selectedIds].flatMap((id) => toTarget(data, id ?? '') ?? [])[0];
    explorer.folderForNew.set(chosen ? (chosen.isFolder ? chosen.path : parentPath(chosen.path)) : '');
  }, [explorer, data, focusedItem, selectedIds]);
  useEffect(() => {
    const reveal = (path: string) => {
      const file = listedFiles(model.workspace.state.get()).find((candidate) => candidate.path === path);
      if (file) revealFile(tree, path, fileNodeId(file.fileId));
    };
    explorer.view.set({
      focus: () => tree.updateDomFocus(),
      collapseAll: () => {
        tree.applySubStateUpdate('expandedItems', []);
        tree.rebuildTree();
      },
      reveal,
    });
    const showActive = () => {
      const file = filesById(listedFiles(model.workspace.state.get())).get(editorArea.activeFileId.get() ?? '');
      if (file) revealFile(tree, file.path, fileNodeId(file.fileId));
    };
    showActive();
    const follow = editorArea.activeFileId.subscribe(showActive);
    return () => {
      follow.dispose();
      explorer.view.set(undefined);
    };
  }, [explorer, editorArea, model, tree]);
}

// Selects without moving the keyboard's focus, which may be in an editor.
function revealFile(tree: TreeInstance<ExplorerNode>, path: string, nodeId: string): void {
  expandFolders(tree, ancestorIds(path));
  tree.setSelectedItems([nodeId]);
  tree.applySubStateUpdate('focusedItem', nodeId);
  const index = tree.getItems().findIndex((item) => item.getId() === nodeId);
  const item = tree.getItems()[index];
  if (item) tree.getConfig().scrollToItem?.(item);
}

function toTarget(data: ExplorerTree, nodeId: string): ExplorerTarget | undefined {
  const node = data.nodes.get(nodeId);
  if (!node || node.kind === 'draft') return undefined;
  return { nodeId, path: node.path, isFolder: node.kind === 'folder', files: filesBelow(data, nodeId) };
}
