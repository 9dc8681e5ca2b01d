import { relative, sep } from 'node:path';
import watcher from '@parcel/watcher';
import { type Disposable, reportUnexpectedError } from '../../../shared/lifecycle/index.ts';
import { LEFT_OUT_FOLDERS } from './ignore-rules.ts';
import { isOwnFile } from './own-files.ts';

export interface FolderWatcherEvents {
  /** Something happened at these paths, relative and `/`-separated; '' is the folder itself. */
  onPaths(paths: readonly string[]): void;
  /** Changes may have been missed: everything is to be compared again. */
  onOverflow(error: Error): void;
}

/** Follows a folder by its real path, without folders that are never shared and our own temporary files. Rejects when it cannot be followed. */
export async function watchFolder(root: string, events: FolderWatcherEvents): Promise<Disposable> {
  const subscription = await watcher.subscribe(
    root,
    (error, found) => {
      if (error) {
        events.onOverflow(error);
        return;
      }
      const paths = found
        .map(({ path }) => relative(root, path).split(sep).join('/').normalize('NFC'))
        .filter((path) => !isOwnFile(path.slice(path.lastIndexOf('/') + 1)));
      if (paths.length > 0) events.onPaths([...new Set(paths)]);
    },
    { ignore: LEFT_OUT_FOLDERS.flatMap((name) => [`**/${name}`, `**/${name}/**`]) },
  );
  return {
    dispose() {
      subscription.unsubscribe().catch(reportUnexpectedError);
    },
  };
}
