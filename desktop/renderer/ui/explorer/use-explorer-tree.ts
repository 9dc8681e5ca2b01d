import { hotkeysCoreFeature, selectionFeature, syncDataLoaderFeature, type TreeInstance } from '@headless-tree/core';
import { useTree } from '@headless-tree/react';
import { useEffect, useMemo } from 'react';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { listedFiles } from '../workbench/workspace-files.ts';
import {
  ancestorIds,
  buildExplorerTree,
  type ExplorerNode,
  type ExplorerTree,
  folderId,
  ROOT_ID,
} from './explorer-tree.ts';

/** The tree of the open workspace, its state of expansion, and the instance that handles keys and focus. */
export function useExplorerTree(onScrollTo: (index: number) => void): {
  readonly data: ExplorerTree;
  readonly tree: TreeInstance<ExplorerNode>;
} {
  const { model, explorer } = useServices();
  const files = listedFiles(useObservable(model.workspace.state));
  const emptyFolders = useObservable(explorer.emptyFolders);
  const edit = useObservable(explorer.edit);
  const draftParent = edit && edit.kind !== 'rename' ? edit.parentPath : undefined;
  const data = useMemo(() => buildExplorerTree(files, emptyFolders, draftParent), [files, emptyFolders, draftParent]);
  const expandedIds = useObservable(explorer.expandedIds);
  const expandedItems = useMemo(() => [...expandedIds], [expandedIds]);
  const tree = useTree<ExplorerNode>({
    rootItemId: ROOT_ID,
    state: { expandedItems },
    setExpandedItems: (next) => {
      const current = [...explorer.expandedIds.get()];
      explorer.expandedIds.set(typeof next === 'function' ? next(current) : next);
    },
    getItemName: (item) => item.getItemData().name,
    isItemFolder: (item) => item.getItemData().kind === 'folder',
    scrollToItem: (item) => onScrollTo(item.getItemMeta().index),
    ignoreHotkeysOnInputs: true,
    dataLoader: {
      getItem: (id) => data.nodes.get(id) ?? goneNode(id),
      getChildren: (id) => [...(data.children.get(id) ?? [])],
    },
    features: [syncDataLoaderFeature, selectionFeature, hotkeysCoreFeature],
  });
  useEffect(() => {
    tree.rebuildTree();
  }, [tree, data, expandedIds]);
  useEffect(() => {
    if (draftParent === undefined || draftParent === '') return;
    expandFolders(tree, [...ancestorIds(draftParent), folderId(draftParent)]);
  }, [tree, draftParent]);
  return { data, tree };
}

/** Opens folders and keeps the others as they are. */
export function expandFolders(tree: TreeInstance<ExplorerNode>, ids: readonly string[]): void {
  tree.applySubStateUpdate('expandedItems', (expanded) => [...new Set([...expanded, ...ids])]);
  tree.rebuildTree();
}

/** Stands for a row of the tree before this one until the tree is built anew. */
function goneNode(id: string): ExplorerNode {
  return { kind: 'folder', id, path: '', name: '' };
}
