import { createTwoFilesPatch } from 'diff';
import type { UnsentText } from '../../../shared/sync/index.ts';

const NO_FILE = '/dev/null';

/** A patch of what was edited here and did not reach the relay, for `git apply` and the like. */
export function createPatch(texts: readonly UnsentText[], pathOf: (fileId: string) => string | undefined): string {
  return texts
    .map(({ fileId, before, after }) => {
      const path = pathOf(fileId) ?? `unlisted/${fileId}`;
      const from = before === undefined ? NO_FILE : `a/${path}`;
      return createTwoFilesPatch(from, `b/${path}`, before ?? '', after, undefined, undefined, { context: 3 });
    })
    .join('');
}
