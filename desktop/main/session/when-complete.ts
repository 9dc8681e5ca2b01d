import type { WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { unlessAborted } from './cancelled.ts';
import type { RoomFiles } from './room-files.ts';

/** Resolves when the text of every file of the room has come. Rejects with CancelledError when `signal` aborts. */
export async function whenComplete(files: RoomFiles, index: WorkspaceIndex, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    if (files.files.length === index.files.length) resolve();
  };
  const following = files.onDidChangeFiles(look);
  try {
    look();
    await unlessAborted(promise, signal);
    await Promise.all(files.files.map(({ fileId }) => files.whenTextReady(fileId)));
  } finally {
    following.dispose();
  }
}
