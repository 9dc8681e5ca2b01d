import type { WorkspaceFile, WorkspaceState } from '../workbench-model.ts';

const NO_FILES: readonly WorkspaceFile[] = [];

/** The files of an open workspace, and none otherwise. The identical list while nothing changed. */
export function listedFiles(state: WorkspaceState): readonly WorkspaceFile[] {
  return state.kind === 'open' ? state.files : NO_FILES;
}

/** Whether self may change files. */
export function canEditFiles(state: WorkspaceState): boolean {
  return state.kind === 'open' && state.isListed && state.canEdit;
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
