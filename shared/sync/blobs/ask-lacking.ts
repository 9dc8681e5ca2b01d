import { isBlobId } from '../../workspace/index.ts';
import type { RoomRequests } from '../administration/index.ts';

/**
 * Which of 1 to `MAX_ASKED_BLOBS` blobs the relay does not have as a whole. Undefined when it does not say: it
 * cannot be reached, or this person may not send blobs.
 */
export async function askLacking(
  requests: RoomRequests,
  blobs: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  const read = (body: unknown) => {
    const lacking: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'lacking') : undefined;
    return Array.isArray(lacking) ? new Set(lacking.filter(isBlobId)) : undefined;
  };
  const outcome = await requests.ask({ method: 'POST', path: 'blobs', body: { blobs } }, read);
  return outcome.ok ? outcome.value : undefined;
}
