import * as Y from 'yjs';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../shared/workspace/index.ts';
import type { AccessKey } from '../log/access-directory.ts';
import { type CompactionSource, readParts } from '../log/compact-document.ts';
import { LogFailure } from '../log/log-failure.ts';
import { repairCommand } from '../log/repair-command-line.ts';

/**
 * The path of the file whose text a document of the room is, by the room's list of files as the log has it now;
 * undefined when it is none. For rare questions: the list is read as a whole. Rejects with a `LogFailure`.
 */
export async function findFilePath(
  source: CompactionSource,
  { tenant, room }: AccessKey,
  document: string,
): Promise<string | undefined> {
  const key = { tenant, room, document: INDEX_DOCUMENT };
  const record = await source.log.readDocument(key);
  if (!record) return undefined;
  const doc = new Y.Doc();
  const index = new WorkspaceIndex(doc, { random: () => 0, nowMs: () => 0 });
  try {
    for await (const parts of readParts(source, key, record)) for (const part of parts) Y.applyUpdate(doc, part);
    return index.get(document)?.path;
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
