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

export interface FolderWatch extends Disposable {
  /** Resolves after it was disposed, once nothing of it is left in the system. */
  readonly ended: Promise<void>;
}

export type WatchFolder = (root: string, events: FolderWatcherEvents) => Promise<FolderWatch>;

/** Follows a folder by its real path, without folders that are never shared and our own temporary files. Rejects when it cannot be followed. */
export async function watchFolder(root: string, events: FolderWatcherEvents): Promise<FolderWatch> {
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
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  return {
    ended,
    dispose() {
      subscription.unsubscribe().catch(reportUnexpectedError).finally(resolve);
    },
  };
}
