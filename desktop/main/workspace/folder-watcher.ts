import { relative, sep } from 'node:path';
import watcher from '@parcel/watcher';
import { type Disposable, reportUnexpectedError } from '../../../shared/lifecycle/index.ts';
import { isOwnFile } from './own-files.ts';

/** A path of the folder, relative and `/`-separated, at which something happened. */
export interface DiskEvent {
  readonly path: string;
  readonly type: 'create' | 'update' | 'delete';
}

export interface FolderWatcherEvents {
  onEvents(events: readonly DiskEvent[]): void;
  /** Changes may have been missed: everything is to be compared again. */
  onOverflow(error: Error): void;
}

/** Follows a folder by its real path, without `.git` and our own temporary files. Rejects when it cannot be followed. */
export async function watchFolder(root: string, events: FolderWatcherEvents): Promise<Disposable> {
  const subscription = await watcher.subscribe(
    root,
    (error, found) => {
      if (error) {
        events.onOverflow(error);
        return;
      }
      const relevant = found
        .map(({ path, type }) => ({ path: relative(root, path).split(sep).join('/').normalize('NFC'), type }))
        .filter(({ path }) => path !== '' && !isOwnFile(path.slice(path.lastIndexOf('/') + 1)));
      if (relevant.length > 0) events.onEvents(relevant);
    },
    { ignore: ['**/.git', '**/.git/**', '**/node_modules/**'] },
  );
  return {
    dispose() {
      subscription.unsubscribe().catch(reportUnexpectedError);
    },
  };
}
