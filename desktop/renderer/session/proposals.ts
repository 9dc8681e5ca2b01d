import * as Y from 'yjs';
import { CONTENT_TEXT, INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { ProposalTexts, ProposalView } from '../ui/access-model.ts';
import type { Answer } from '../ui/outcome.ts';
import type { OpenRoom } from './open-room.ts';

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
  const copy = new Y.Doc();
  try {
    await document.whenReady;
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(document.doc));
    const before = describeContent(proposal.document, copy);
    Y.applyUpdate(copy, update);
    const after = describeContent(proposal.document, copy);
    const path = room.index.get(proposal.document)?.path ?? 'proposal.txt';
    return { ok: true, value: { title: proposal.subjectOfChange, path, before, after } };
  } catch {
    return { ok: false, explanation: UNREADABLE };
  } finally {
    copy.destroy();
    document.dispose();
  }
}

/** Makes the edits of `update` in the room, as edits of self; resolves when this device has kept them. */
export async function applyProposalUpdate(
  room: ProposedRoom,
  name: string,
  update: Uint8Array,
): Promise<Answer<boolean>> {
  const document = room.session.open(name);
  const trial = new Y.Doc();
  try {
    await document.whenReady;
    if (document.access === 'read') {
      return { ok: false, explanation: 'You can only read this document now. Let an owner who may edit apply it.' };
    }
    // Decoded once apart: a damaged update must not leave a half of itself in the room.
    Y.applyUpdate(trial, update);
    Y.applyUpdate(document.doc, update, applyProposalUpdate);
    await kept(document);
    return { ok: true, value: true };
  } catch {
    return { ok: false, explanation: UNREADABLE };
  } finally {
    trial.destroy();
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

function describeContent(name: string, doc: Y.Doc): string {
  if (name === INDEX_DOCUMENT) {
    const index = new WorkspaceIndex(doc, { random: Math.random, nowMs: Date.now });
    const paths = index.files.map(({ path }) => path).join('\n');
    index.dispose();
    return paths;
  }
  if (name === 'comments' || name === 'chat') return describeShared(doc);
  return doc.getText(CONTENT_TEXT).toString();
}

/** What no editor is made for. */
function describeShared(doc: Y.Doc): string {
  const content = [...doc.share.keys()].sort().map((key) => [key, doc.getMap(key).toJSON()] as const);
  return JSON.stringify(Object.fromEntries(content), undefined, 2);
}
