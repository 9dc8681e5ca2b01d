import type { ExplorerTree } from './explorer-tree.ts';
import { joinPath } from '../workbench/workspace-files.ts';

const CONTROL_CHARACTER = /\p{Cc}/u;

/**
 * Why `name` cannot be used in `folder`, in words for the person who types it; undefined when it can. A name may hold
 * slashes, which make folders. The workspace has the last word when the file is made.
 */
export function explainBadName(
  tree: ExplorerTree,
  { folder, name, ownPath }: { readonly folder: string; readonly name: string; readonly ownPath: string | undefined },
): string | undefined {
  const trimmed = name.trim();
  if (trimmed === '') return 'A name must be given.';
  if (CONTROL_CHARACTER.test(trimmed)) return 'A name cannot hold control characters.';
  if (trimmed.startsWith('/')) return 'A name cannot start with a slash.';
  if (trimmed.includes('\\')) return 'A name cannot hold a backslash, as it means a folder on Windows.';
  const parts = trimmed.replace(/\/$/, '').split('/');
  if (parts.some((part) => part === '')) return 'A folder without a name cannot be made.';
  if (parts.some((part) => part === '.' || part === '..')) return '"." and ".." cannot be used as names.';
  const path = joinPath(folder, parts.join('/'));
  if (path === ownPath) return undefined;
  for (const node of tree.nodes.values()) {
    if (node.kind === 'draft') continue;
    if (node.path === path) return `"${path}" already exists here. Choose another name.`;
    if (node.kind === 'file' && node.path !== ownPath && path.startsWith(`${node.path}/`))
      return `"${node.path}" is a file, so nothing can be in it. Choose another name.`;
  }
  return undefined;
}
