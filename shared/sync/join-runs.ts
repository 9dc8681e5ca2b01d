import * as Y from 'yjs';
import { encodeStructs, type Struct } from './encode-structs.ts';

/**
 * Joins what one author wrote piece by piece, such as a word of one key an update, into as few structs as Yjs itself would
 * keep it in. The update says the same: the same ids, nothing more and nothing less. Only texts, and what is deleted, are
 * joined. Takes time for every struct; not for single keystrokes.
 */
export function joinRuns(update: Uint8Array): Uint8Array {
  const { structs, ds } = Y.decodeUpdate(update);
  const joined: Struct[] = [];
  let run: Run | undefined;
  for (const struct of structs) {
    if (run?.take(struct)) continue;
    run?.end();
    run = new Run(struct);
    joined.push(struct);
  }
  run?.end();
  return joined.length === structs.length ? update : encodeStructs(joined, ds.clients);
}

/** A struct that takes in those which follow it. */
class Run {
  private readonly first: Struct;
  private readonly pieces: string[] = [];
  private length: number;

  constructor(first: Struct) {
    this.first = first;
    this.length = first.length;
  }

  /** Whether `next` has become a part of the run. */
  take(next: Struct): boolean {
    const { client, clock } = this.first.id;
    if (next.id.client !== client || next.id.clock !== clock + this.length || !this.isContinuedBy(next)) return false;
    if (next instanceof Y.Item && next.content instanceof Y.ContentString) this.pieces.push(next.content.str);
    this.length += next.length;
    return true;
  }

  /** The struct is what was taken in. */
  end(): void {
    const { first, pieces, length } = this;
    if (length === first.length) return;
    first.length = length;
    if (!(first instanceof Y.Item)) return;
    if (first.content instanceof Y.ContentString) first.content.str += pieces.join('');
    else if (first.content instanceof Y.ContentDeleted) first.content.len = length;
  }

  private isContinuedBy(next: Struct): boolean {
    const { first } = this;
    if (first instanceof Y.GC) return next instanceof Y.GC;
    if (!(first instanceof Y.Item) || !(next instanceof Y.Item)) return false;
    // An entry of a map says so only where it has neither neighbour; there, each text is an item of its own.
    if (first.parentSub !== null || !isJoinable(first.content, next.content)) return false;
    const last = Y.createID(first.id.client, first.id.clock + this.length - 1);
    return Y.compareIDs(next.origin, last) && Y.compareIDs(next.rightOrigin, first.rightOrigin);
  }
}

function isJoinable(first: Y.Item['content'], next: Y.Item['content']): boolean {
  if (first instanceof Y.ContentString) return next instanceof Y.ContentString;
  return first instanceof Y.ContentDeleted && next instanceof Y.ContentDeleted;
}
