import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

/** Parts that are fetched while others are hashed: a store that is far away takes longer to answer than to send. */
const AHEAD = 3;
/** A multiple of what the hash of a part takes, in which the process does what else there is to do. */
const PAUSE = 2;

/**
 * SHA-256, in hexadecimal digits, of all parts one after the other. It takes a third of the
 * process at most. Rejects with what `read` rejects with first.
 */
export async function hashParts(count: number, read: (part: number) => Promise<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  const fetched: Promise<Uint8Array>[] = [];
  let next = 0;
  const fetchNext = () => {
    if (next >= count) return;
    const fetching = read(next++);
    // It is awaited in its turn, or not at all when one before it has failed.
    fetching.catch(() => undefined);
    fetched.push(fetching);
  };
  for (let ahead = 0; ahead < AHEAD; ahead++) fetchNext();
  for (let fetching = fetched.shift(); fetching; fetching = fetched.shift()) {
    const bytes = await fetching;
    fetchNext();
    const startedMs = performance.now();
    hash.update(bytes);
    await pause(PAUSE * (performance.now() - startedMs));
  }
  return hash.digest('hex');
}
