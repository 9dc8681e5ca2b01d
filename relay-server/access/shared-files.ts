import * as Y from 'yjs';
import { INDEX_DOCUMENT, type SharedFile, WorkspaceIndex } from '../../shared/workspace/index.ts';
import type { AccessKey } from '../log/access-directory.ts';
import { type CompactionSource, readParts } from '../log/compact-document.ts';
import { LogFailure } from '../log/log-failure.ts';
import { repairCommand } from '../log/repair-command-line.ts';

/**
 * The files of the room, as its list has them now in the log. For rare questions: the list is read as a whole. Rejects
 * with a `LogFailure`.
 */
export async function readSharedFiles(
  source: CompactionSource,
  { tenant, room }: AccessKey,
): Promise<readonly SharedFile[]> {
  const key = { tenant, room, document: INDEX_DOCUMENT };
  const record = await source.log.readDocument(key);
  if (!record) return [];
  const doc = new Y.Doc();
  const index = new WorkspaceIndex(doc, { random: () => 0, nowMs: () => 0 });
  try {
    for await (const parts of readParts(source, key, record)) for (const part of parts) Y.applyUpdate(doc, part);
    return index.files;
  } catch (error) {
    if (error instanceof LogFailure) throw error;
    const what = `The list of files of room ${room} of the tenant ${tenant} cannot be read.`;
    throw new LogFailure('corrupted', `${what} The command "${repairCommand(key)}" says whether it is damaged.`, {
      cause: error,
    });
  } finally {
    index.dispose();
    doc.destroy();
  }
}
