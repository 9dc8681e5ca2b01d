import { LogFailure } from '../log/log-failure.ts';

// What the failure itself says is for the operator: it may name files and addresses.

/** Why a document cannot be read, in words for those who have it open. */
export function explainReadFailure(error: unknown): string {
  if (error instanceof LogFailure && error.code === 'corrupted') {
    return 'What the relay has stored of this document is damaged. Who runs the relay was told; your copy is safe.';
  }
  return 'The relay cannot read this document now. It is tried again.';
}

/** Why nothing can be served to somebody who may see only a part of the files, in words for them. */
export function explainViewFailure(error: unknown): string {
  if (error instanceof LogFailure && error.code === 'corrupted') {
    return 'The list of the files that were shared with you is damaged. Who runs the relay was told; your copy is safe.';
  }
  return 'The relay cannot read which files were shared with you now. It is tried again.';
}

/** Why an edit was not stored, in words for its author. */
export function explainWriteFailure(failure: LogFailure): string {
  if (failure.code === 'full') {
    return "The relay's disk is full. Your edit is kept here and sent again; tell who runs the relay.";
  }
  return 'The relay could not store the edit. It is kept here and sent again.';
}
