import type { editor } from './monaco.ts';

type WriteKind = 'insert' | 'delete' | 'other';

/** The longest that one typed character is, in UTF-16 units. */
const CHARACTER_LENGTH = 2;

function kindOf(changes: readonly editor.IModelContentChange[]): WriteKind {
  if (changes.every(({ rangeLength, text }) => rangeLength === 0 && text.length <= CHARACTER_LENGTH)) return 'insert';
  if (changes.every(({ rangeLength, text }) => rangeLength <= CHARACTER_LENGTH && text === '')) return 'delete';
  return 'other';
}

/**
 * Knows whether typing goes on where it left off. Monaco ends an undo step whenever the text changes under the cursor,
 * so without this every character typed while somebody else types would be a step of its own.
 */
export class TypingRun {
  private kind: WriteKind = 'other';
  private endsInSpace = false;
  private hasTakenIn = false;
  private isMoved = false;

  /** Whether a cursor has been moved since the last write. */
  get hasMoved(): boolean {
    return this.isMoved;
  }

  /** Whether nothing has happened since the last write but edits of others. */
  get isOnlyInterrupted(): boolean {
    return this.hasTakenIn && !this.isMoved && this.kind !== 'other';
  }

  noteTakenIn(): void {
    this.hasTakenIn = true;
  }

  noteMove(): void {
    this.isMoved = true;
  }

  /** Takes note of a local edit and tells whether it goes on with the one before. A new word does not. */
  take(changes: readonly editor.IModelContentChange[]): boolean {
    const kind = kindOf(changes);
    const isSpace = changes.every(({ text }) => /^\s+$/.test(text));
    const isContinued = kind !== 'other' && kind === this.kind && !this.isMoved && (!isSpace || this.endsInSpace);
    this.kind = kind;
    this.endsInSpace = isSpace;
    this.hasTakenIn = false;
    this.isMoved = false;
    return isContinued;
  }
}
