import { createTwoFilesPatch } from 'diff';
import { zipSync, type Zippable } from 'fflate';
import type { UnsentText } from '../../../shared/sync/index.ts';
import { CONTENT_TEXT } from '../../../shared/workspace/index.ts';
import type { OpenRoom } from './open-room.ts';

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

/** All text files of the room, with the line endings that they have on disk, as a ZIP archive. */
export async function createArchive({ session, index }: OpenRoom): Promise<Uint8Array> {
  const files: Zippable = {};
  for (const { fileId, path, kind, eol, bom } of index.files) {
    if (kind !== 'text') continue;
    const document = session.open(fileId);
    try {
      await document.whenReady;
      const text = document.doc.getText(CONTENT_TEXT).toString();
      files[path] = new TextEncoder().encode(
        (bom ? '\uFEFF' : '') + (eol === 'CRLF' ? text.replaceAll('\n', '\r\n') : text),
      );
    } finally {
      document.dispose();
    }
  }
  return zipSync(files);
}
