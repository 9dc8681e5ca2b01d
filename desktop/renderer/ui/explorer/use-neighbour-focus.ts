import type { TreeInstance } from '@headless-tree/core';
import { useEffect, useRef } from 'react';
import { DRAFT_ID, type ExplorerNode, type ExplorerTree } from './explorer-tree.ts';

/** Moves the focus to the neighbour of the focused row when that goes. */
export function useNeighbourFocus(tree: TreeInstance<ExplorerNode>, data: ExplorerTree): void {
  const rows = useRef<readonly string[]>([]);
  const { focusedItem } = tree.getState();
  // After every drawing, since rows also come and go with the folders that are open.
  useEffect(() => {
    if (focusedItem !== null && !data.nodes.has(focusedItem)) {
      const neighbour = neighbourOf(rows.current, focusedItem, (id) => id !== DRAFT_ID && data.nodes.has(id));
      if (neighbour !== undefined) tree.applySubStateUpdate('focusedItem', neighbour);
    }
    rows.current = tree.getItems().map((item) => item.getId());
  });
}

/** The row below one that has gone, or else the one above; undefined when none of them `isThere` any more. */
export function neighbourOf(
  rows: readonly string[],
  gone: string,
  isThere: (id: string) => boolean,
): string | undefined {
  const index = rows.indexOf(gone);
  if (index < 0) return undefined;
  return rows.slice(index + 1).find(isThere) ?? rows.slice(0, index).findLast(isThere);
}
