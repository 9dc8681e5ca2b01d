import { relative, sep } from 'node:path';
import watcher from '@parcel/watcher';
import { reportUnexpectedError } from '../../../shared/lifecycle/index.ts';
import type { FolderWatch, FolderWatchEvents } from './folder-watch.ts';
import { LEFT_OUT_FOLDERS } from './ignore-rules.ts';
import { isOwnFile } from './own-files.ts';

/** Follows a folder where the system itself watches all that is below one, as macOS and Windows do. */
export async function watchTree(root: string, events: FolderWatchEvents): Promise<FolderWatch> {
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
