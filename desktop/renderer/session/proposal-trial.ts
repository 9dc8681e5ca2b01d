import * as Y from 'yjs';
import type { Disposable } from '../../../shared/lifecycle/index.ts';
import { CONTENT_TEXT, INDEX_DOCUMENT } from '../../../shared/workspace/index.ts';
import { describeIndex, describeShared } from './describe-document.ts';

type ChangedType = Y.Transaction['changed'] extends Map<infer T, unknown> ? T : never;

const INCOMPLETE =
  'The proposal builds on edits that are not in the room. Apply earlier proposals of the same person first, or ask for a patch.';
const UNSEEN = 'The proposal also changes what cannot be shown here. Drop it, or ask for a patch.';

/** A copy of a document on which a proposal that is not trusted is tried out. */
export class ProposalTrial implements Disposable {
  private readonly name: string;
  private readonly copy = new Y.Doc();
  /** What is shown of the document; undefined: everything. */
  private readonly shown: ReadonlySet<object> | undefined;

  constructor(name: string, doc: Y.Doc) {
    this.name = name;
    this.shown = rootsOf(name, this.copy);
    Y.applyUpdate(this.copy, Y.encodeStateAsUpdate(doc));
    // What waits in the room for what it builds on is not this proposal's.
    this.copy.store.pendingStructs = null;
    this.copy.store.pendingDs = null;
  }

  /** Makes the edits in the copy. Gives, for people, why an owner must not make them in the room. Throws for damaged ones. */
  apply(update: Uint8Array): string | undefined {
    const { copy, shown } = this;
    const wasPlain = this.isPlain;
    let isSeen = true;
    const look = ({ changed }: Y.Transaction) => {
      for (const [type, keys] of changed) if (shown && !isShown(type, keys, shown)) isSeen = false;
    };
    copy.on('afterTransaction', look);
    try {
      Y.applyUpdate(copy, update);
    } finally {
      copy.off('afterTransaction', look);
    }
    if (copy.store.pendingStructs || copy.store.pendingDs) return INCOMPLETE;
    return isSeen && (this.isPlain || !wasPlain) ? undefined : UNSEEN;
  }

  /** Everything of the copy, as a text for people. */
  describe(): string {
    if (this.name === INDEX_DOCUMENT) return describeIndex(this.copy);
    return this.shown ? this.copy.getText(CONTENT_TEXT).toString() : describeShared(this.copy);
  }

  dispose(): void {
    this.copy.destroy();
  }

  /** Whether the text of a file has nothing but characters. */
  private get isPlain(): boolean {
    if (!this.shown || this.name === INDEX_DOCUMENT) return true;
    const delta: unknown = this.copy.getText(CONTENT_TEXT).toDelta();
    return Array.isArray(delta) && delta.every(isPlainPart);
  }
}

function isPlainPart(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false;
  return 'insert' in part && typeof part.insert === 'string' && !('attributes' in part);
}

function rootsOf(name: string, doc: Y.Doc): ReadonlySet<object> | undefined {
  if (name === INDEX_DOCUMENT) return new Set<object>([doc.getMap('files'), doc.getMap('room')]);
  if (name === 'comments' || name === 'chat') return undefined;
  return new Set<object>([doc.getText(CONTENT_TEXT)]);
}

/** `keys` are those of a map that were changed; null stands for the type's list or text. */
function isShown(type: ChangedType, keys: ReadonlySet<string | null>, shown: ReadonlySet<object>): boolean {
  if (type instanceof Y.Text) return shown.has(type) && [...keys].every((key) => key === null);
  let root: object = type;
  let parent: unknown = type.parent;
  while (parent instanceof Y.AbstractType) {
    root = parent;
    parent = parent.parent;
  }
  return shown.has(root) && !keys.has(null);
}
