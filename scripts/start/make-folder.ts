import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it, for their owner only. One that is there is left as it is.
 * @throws with a sentence for the person who named it
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await make(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The folder ${path} cannot be made (${reason}). Name another with --data.`, { cause: error });
  }
}

// One level at a time: Node's own recursion never ends below some special folders, such as /proc.
async function make(path: string): Promise<void> {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) await make(parent);
  await mkdir(path, { mode: 0o700 });
}
