import * as Y from 'yjs';
import { mayWrite } from '../../../shared/sync/index.ts';
import { INDEX_DOCUMENT, type SharedFile, SharedPathError } from '../../../shared/workspace/index.ts';
import type { ProposalTexts, ProposalView, UnlistedFile } from '../ui/access-model.ts';
import type { Answer } from '../ui/outcome.ts';
import type { OpenRoom } from './open-room.ts';
import { ProposalTrial } from './proposal-trial.ts';

/** What of an open room proposals are about. */
export type ProposedRoom = Pick<OpenRoom, 'session' | 'index' | 'canEditList' | 'lastListed'>;

/** What tells whether files are listed, and where they were. */
export interface ListedFiles {
  readonly index: Pick<OpenRoom['index'], 'get'>;
  readonly lastListed: OpenRoom['lastListed'];
}

interface Refusal {
  readonly ok: false;
  readonly explanation: string;
}

const UNREADABLE = 'The proposal is damaged: its edits cannot be read. Drop it, or ask for a patch.';
const UNLISTED =
  'The file is not in the list any more: nobody would see its text. Say where it is to be put back, and apply again.';
const LIST_LOCKED = 'You cannot change the list of files now. Let an owner who can apply it.';
/** Names of documents that are no files. */
const OTHER_DOCUMENTS: Readonly<Record<string, string>> = {
  [INDEX_DOCUMENT]: 'List of files',
  comments: 'Comments',
  chat: 'Chat',
};

/** What a proposal for a document is about, for people, and whether that is a file that is not in the list. */
export function describeDocument(
  document: string,
  room: ListedFiles,
): Pick<ProposalView, 'subjectOfChange' | 'unlisted'> {
  const other = Object.hasOwn(OTHER_DOCUMENTS, document) ? OTHER_DOCUMENTS[document] : undefined;
  if (other !== undefined) return { subjectOfChange: other, unlisted: undefined };
  const path = room.index.get(document)?.path;
  if (path !== undefined) return { subjectOfChange: path, unlisted: undefined };
  const unlisted: UnlistedFile = { lastPath: room.lastListed(document)?.path };
  return { subjectOfChange: unlisted.lastPath ?? 'A file that is not in the list', unlisted };
}

/** The document's text now, and as it would be with `update`, which is not trusted. The room is not touched. */
export async function readProposalTexts(
  room: ProposedRoom,
  proposal: ProposalView,
  update: Uint8Array,
): Promise<Answer<ProposalTexts>> {
  const document = room.session.open(proposal.document);
  let trial: ProposalTrial | undefined;
  try {
    await document.whenReady;
    trial = new ProposalTrial(proposal.document, document.doc);
    const before = trial.describe();
    const problem = trial.apply(update);
    if (problem !== undefined) return { ok: false, explanation: problem };
    const path = room.lastListed(proposal.document)?.path ?? 'proposal.txt';
    return { ok: true, value: { title: proposal.subjectOfChange, path, before, after: trial.describe() } };
  } catch {
    return { ok: false, explanation: UNREADABLE };
  } finally {
    trial?.dispose();
    document.dispose();
  }
}

/**
 * Makes the edits of `update` in the room, as edits of self; resolves when this device has kept them. Nothing of an
 * update is made that {@link readProposalTexts} would not show as a whole. A file that is not in the list is listed at
 * `path`; without one nothing is done.
 */
export async function applyProposalUpdate(
  room: ProposedRoom,
  name: string,
  update: Uint8Array,
  path?: string,
): Promise<Answer<boolean>> {
  const document = room.session.open(name);
  let trial: ProposalTrial | undefined;
  try {
    await document.whenReady;
    if (!mayWrite(document.access)) {
      return { ok: false, explanation: 'You can only read this document now. Let an owner who may edit apply it.' };
    }
    // Apart first: neither a half of a damaged update nor what nobody has seen must come into the room.
    trial = new ProposalTrial(name, document.doc);
    const problem = trial.apply(update);
    if (problem !== undefined) return { ok: false, explanation: problem };
    const refusal = putBack(room, name, path);
    if (refusal) return refusal;
    Y.applyUpdate(document.doc, update, applyProposalUpdate);
    await kept(document);
    return { ok: true, value: true };
  } catch {
    return { ok: false, explanation: UNREADABLE };
  } finally {
    trial?.dispose();
    document.dispose();
  }
}

/** Lists the file at `path` unless it is listed, or no file at all. Gives why that cannot be. */
function putBack(room: ProposedRoom, document: string, path: string | undefined): Refusal | undefined {
  if (!describeDocument(document, room).unlisted) return undefined;
  if (path === undefined) return { ok: false, explanation: UNLISTED };
  if (!room.canEditList) return { ok: false, explanation: LIST_LOCKED };
  if (room.index.findByPath(path)) {
    return { ok: false, explanation: `"${path}" is another file by now. Choose another path.` };
  }
  const last: Omit<SharedFile, 'fileId' | 'path'> = room.lastListed(document) ?? {
    eol: 'LF',
    bom: false,
    kind: 'text',
  };
  try {
    const { eol, bom, executable } = last;
    room.index.add([{ fileId: document, path, eol, bom, kind: 'text', ...(executable ? { executable } : {}) }]);
    return undefined;
  } catch (error) {
    if (error instanceof SharedPathError) return { ok: false, explanation: error.message };
    throw error;
  }
}

async function kept(document: ReturnType<OpenRoom['session']['open']>): Promise<void> {
  if (document.saveState.kind !== 'saving') return;
  await new Promise<void>((resolve) => {
    const subscription = document.onDidChangeStatus(() => {
      if (document.saveState.kind === 'saving') return;
      subscription.dispose();
      resolve();
    });
  });
}
