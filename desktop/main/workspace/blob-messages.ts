import type { SharedFile } from '../../../shared/workspace/index.ts';

/** Id of what is told of a file's content on its way. */
export function transferProblem(fileId: string): string {
  return `blob:${fileId}`;
}

/** The file on disk cannot be the one that the room lists without a content. */
export function describeUnlike({ fileId, path }: SharedFile) {
  return {
    id: transferProblem(fileId),
    severity: 'info',
    path,
    fileId,
    title: `${path} is not the file that the room lists.`,
    detail:
      'Whoever has that has not sent it yet. Once it comes, the one of this device is kept beside it. Rename it to share both.',
  } as const;
}

/** A deleted file is back, since somebody replaced it. */
export function describeRestored({ fileId, path }: SharedFile) {
  return {
    id: `restored:${fileId}`,
    severity: 'warning',
    path,
    fileId,
    title: `${path} was deleted on disk while somebody replaced it.`,
    detail: 'It was written again as it is in the room. Delete it in Tutti if it should go.',
  } as const;
}
