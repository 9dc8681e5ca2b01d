import { useState } from 'react';
import type { WorkspaceFile } from '../workbench-model.ts';
import { useObservable } from './use-observable.ts';
import { useServices } from './workbench-services.ts';
import { listedFiles } from './workspace-files.ts';

const indexes = new WeakMap<readonly WorkspaceFile[], ReadonlyMap<string, WorkspaceFile>>();

/** Files by id; computed once per list. */
export function filesById(files: readonly WorkspaceFile[]): ReadonlyMap<string, WorkspaceFile> {
  const known = indexes.get(files);
  if (known) return known;
  const index = new Map(files.map((file) => [file.fileId, file]));
  indexes.set(files, index);
  return index;
}

/** A listed file. After it was deleted: what was last known of it, with `isListed` false. */
export function useFile(fileId: string): { readonly file: WorkspaceFile | undefined; readonly isListed: boolean } {
  const { model } = useServices();
  const listed = filesById(listedFiles(useObservable(model.workspace.state))).get(fileId);
  const [lastKnown, setLastKnown] = useState(listed);
  if (listed && listed !== lastKnown) setLastKnown(listed);
  return { file: listed ?? lastKnown, isListed: listed !== undefined };
}
