import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes the names in a folder durable: what was created, renamed or linked there outlives a power cut. Does nothing on
 * Windows, which cannot open folders; its file systems journal names.
 */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the names of fresh folders durable, from `folder` up to `firstMade`, which is one above it or itself. */
export async function syncMadeFolders(folder: string, firstMade: string): Promise<void> {
  for (let made = folder; made.startsWith(firstMade); made = dirname(made)) await syncFolder(dirname(made));
}
