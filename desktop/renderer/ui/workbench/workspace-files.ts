import type { WorkspaceFile, WorkspaceState } from '../workbench-model.ts';

const NO_FILES: readonly WorkspaceFile[] = [];

/** The files of an open workspace, and none otherwise. The identical list while nothing changed. */
export function listedFiles(state: WorkspaceState): readonly WorkspaceFile[] {
  return state.kind === 'open' ? state.files : NO_FILES;
}

/** Whether self may create, rename and delete files. */
export function canEditFiles(state: WorkspaceState): boolean {
  return explainLock(state) === undefined;
}

/** Why self cannot create, rename or delete files; undefined when self can. */
export function explainLock(state: WorkspaceState): string | undefined {
  if (state.kind !== 'open') return 'No folder or room is open.';
  return state.isListed ? state.lockReason : 'The files are not listed yet.';
}

/** What follows the last slash. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** What comes before the last slash; empty at the root. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** Joins a folder, which may be the root's empty path, and a name. */
export function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
