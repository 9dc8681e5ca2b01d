import { isReservedDocument } from '../../../shared/workspace/index.ts';
import type { EventFilesView } from '../ui/events-model.ts';
import type { OpenRoom } from './open-room.ts';

/** More of an event's files are counted, not named. */
const MAX_NAMED = 100;
const byPath = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** The files of an event by their paths. What was only renamed or deleted has no document of its own in the event. */
export function nameFiles(
  room: Pick<OpenRoom, 'index' | 'lastListed'>,
  documents: readonly string[],
  count: number,
): EventFilesView {
  const named = documents
    .filter((document) => !isReservedDocument(document))
    .flatMap((fileId) => {
      const path = room.lastListed(fileId)?.path;
      return path === undefined ? [] : [{ fileId, path, isListed: room.index.get(fileId) !== undefined }];
    })
    .toSorted((a, b) => byPath.compare(a.path, b.path));
  const files = named.slice(0, MAX_NAMED);
  return { files, moreCount: named.length - files.length, unnamedCount: Math.max(0, count - named.length) };
}
