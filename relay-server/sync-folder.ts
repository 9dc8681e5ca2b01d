import { open } from 'node:fs/promises';

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
