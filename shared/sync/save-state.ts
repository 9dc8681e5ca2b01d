import { type KnownAccess, mayWrite, type SaveState } from './connection-state.ts';
import type { DocumentChannel } from './document-channel.ts';
import type { OutboxSummary } from './outbox.ts';

export interface SaveStateOptions {
  readonly outbox: OutboxSummary;
  readonly access: KnownAccess;
  /** The relay does not give us the document at all. */
  readonly isForbidden: boolean;
  readonly channel: DocumentChannel | undefined;
  readonly isPresent: (presenceId: number) => boolean;
  /** Where what was changed in the file's entry in the list is; undefined when the relay has that. */
  readonly entryState: SaveState | undefined;
}

/** Where the last edits of a document are, those of its entry in the list included: without that nobody else sees it. */
export function saveStateOf({
  outbox,
  access,
  isForbidden,
  channel,
  isPresent,
  entryState,
}: SaveStateOptions): SaveState {
  const { refusal, hasUnstored, hasUnacked } = outbox;
  const isOnlyLocked = hasUnacked || refusal?.isFinal === false;
  if (refusal?.isFinal !== true && isOnlyLocked && !mayWrite(access)) {
    return { kind: 'refused', explanation: explainLocked(isForbidden) };
  }
  if (refusal) return { kind: 'refused', explanation: refusal.explanation };
  if (entryState?.kind === 'refused') return entryState;
  if (hasUnstored || entryState?.kind === 'saving') return { kind: 'saving' };
  if (hasUnacked || entryState?.kind === 'on-this-device') return { kind: 'on-this-device' };
  return isSeenByAll(channel, isPresent) ? { kind: 'seen-by-all-present' } : { kind: 'on-the-relay' };
}

function explainLocked(isForbidden: boolean): string {
  return isForbidden
    ? 'This document is not shared with you any more. They are kept on this device.'
    : 'You may only read this document now. They are kept on this device, and sent when you may edit it again.';
}

function isSeenByAll(channel: DocumentChannel | undefined, isPresent: (presenceId: number) => boolean): boolean {
  if (!channel || channel.ackedSeq === 0) return false;
  const readers = [...channel.seen].filter(([presenceId]) => isPresent(presenceId));
  return readers.length > 0 && readers.every(([, seq]) => seq >= channel.ackedSeq);
}
