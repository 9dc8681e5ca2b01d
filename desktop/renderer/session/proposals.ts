import * as Y from 'yjs';
import { mayWrite } from '../../../shared/sync/index.ts';
import { INDEX_DOCUMENT } from '../../../shared/workspace/index.ts';
import type { ProposalTexts, ProposalView } from '../ui/access-model.ts';
import type { Answer } from '../ui/outcome.ts';
import type { OpenRoom } from './open-room.ts';
import { ProposalTrial } from './proposal-trial.ts';

/** What of an open room proposals are about. */
type ProposedRoom = Pick<OpenRoom, 'session' | 'index'>;

const UNREADABLE = 'The proposal is damaged: its edits cannot be read. Drop it, or ask for a patch.';

/** What a proposal for a document is about, for people. */
export function describeDocument(document: string, pathOf: (fileId: string) => string | undefined): string {
  if (document === INDEX_DOCUMENT) return 'List of files';
  if (document === 'comments') return 'Comments';
  if (document === 'chat') return 'Chat';
  return pathOf(document) ?? 'A file that is not in the list';
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
    const path = room.index.get(proposal.document)?.path ?? 'proposal.txt';
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
 * update is made that {@link readProposalTexts} would not show as a whole.
 */
export async function applyProposalUpdate(
  room: ProposedRoom,
  name: string,
  update: Uint8Array,
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
