import { watchEachFolder } from './each-folder-watch.ts';
import type { WatchFolder } from './folder-watch.ts';
import { watchTree } from './tree-watch.ts';

/**
 * Follows a folder by its real path, without folders that are never shared and our own temporary files. Rejects when it
 * cannot be followed.
 */
export const watchFolder: WatchFolder = process.platform === 'linux' ? watchEachFolder : watchTree;
