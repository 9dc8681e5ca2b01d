import type { WorkspaceFile } from '../workbench-model.ts';
import { baseName, parentPath } from '../workbench/workspace-files.ts';

/** One row of the explorer's tree, before it is known whether it is shown. */
export type ExplorerNode =
  | { readonly kind: 'folder'; readonly id: string; readonly path: string; readonly name: string }
  | {
      readonly kind: 'file';
      readonly id: string;
      readonly path: string;
      readonly name: string;
      readonly file: WorkspaceFile;
    }
  /** The input for a new file or folder. */
  | { readonly kind: 'draft'; readonly id: string; readonly path: string; readonly name: string };

export const ROOT_ID = 'folder:';
export const DRAFT_ID = 'draft';

/** Nodes by id and children by the id of their folder. */
export interface ExplorerTree {
  readonly nodes: ReadonlyMap<string, ExplorerNode>;
  readonly children: ReadonlyMap<string, readonly string[]>;
}

/** Id of a folder's node; the root is the empty path. */
export function folderId(path: string): string {
  return `folder:${path}`;
}

/** Id of a file's node. */
export function fileNodeId(fileId: string): string {
  return `file:${fileId}`;
}

/**
 * Derives folders from the files' paths, folders first and both by name, as people sort them.
 * @param emptyFolders paths of folders that have no file yet
 * @param draftParent path of the folder in which the input for a new file or folder is shown
 */
export function buildExplorerTree(
  files: readonly WorkspaceFile[],
  emptyFolders: readonly string[],
  draftParent: string | undefined,
): ExplorerTree {
  const nodes = new Map<string, ExplorerNode>();
  const children = new Map<string, string[]>([[ROOT_ID, []]]);
  nodes.set(ROOT_ID, { kind: 'folder', id: ROOT_ID, path: '', name: '' });
  const ensureFolder = (path: string): string[] => {
    const id = folderId(path);
    const known = children.get(id);
    if (known) return known;
    const own: string[] = [];
    children.set(id, own);
    nodes.set(id, { kind: 'folder', id, path, name: baseName(path) });
    ensureFolder(parentPath(path)).push(id);
    return own;
  };
  for (const path of emptyFolders) ensureFolder(path);
  for (const file of files) {
    const id = fileNodeId(file.fileId);
    nodes.set(id, { kind: 'file', id, path: file.path, name: baseName(file.path), file });
    ensureFolder(parentPath(file.path)).push(id);
  }
  const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
  const rank = (node: ExplorerNode | undefined) => (node?.kind === 'folder' ? 0 : 1);
  for (const ids of children.values()) {
    ids.sort((a, b) => {
      const [first, second] = [nodes.get(a), nodes.get(b)];
      return rank(first) - rank(second) || byName.compare(first?.name ?? '', second?.name ?? '');
    });
  }
  if (draftParent !== undefined) {
    nodes.set(DRAFT_ID, { kind: 'draft', id: DRAFT_ID, path: draftParent, name: '' });
    ensureFolder(draftParent).unshift(DRAFT_ID);
  }
  return { nodes, children };
}

/** Ids of all files at or below a node. */
export function filesBelow(tree: ExplorerTree, nodeId: string): readonly WorkspaceFile[] {
  const node = tree.nodes.get(nodeId);
  if (node?.kind === 'file') return [node.file];
  return (tree.children.get(nodeId) ?? []).flatMap((id) => filesBelow(tree, id));
}

/** Ids of the folders that must be open for `path` to be seen, outermost first. */
export function ancestorIds(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => folderId(parts.slice(0, index + 1).join('/')));
}
