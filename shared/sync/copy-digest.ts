import { digest as sha256 } from 'lib0/hash/sha256';
import * as encoding from 'lib0/encoding';
import { encodeUtf8 } from 'lib0/string';
import * as Y from 'yjs';
import { DIGEST_HASH_BYTES } from '../protocol/index.ts';
import { CONTENT_TEXT } from '../workspace/index.ts';

/** Hashes of a document's Yjs state and of its text (SPEC DG2). */
export interface CopyHashes {
  readonly state: Uint8Array;
  readonly text: Uint8Array;
}

const PIECE_BYTES = 64 * 1024;
const HASH_BYTES = 32;

/** A copy of what a document is now, to be hashed piece by piece: what comes meanwhile is not in it. */
export class CopyDigest {
  private readonly state: PieceHash;
  private readonly text: PieceHash;

  constructor(doc: Y.Doc) {
    this.state = new PieceHash(encodeCopyState(doc));
    this.text = new PieceHash(encodeUtf8(doc.getText(CONTENT_TEXT).toString()));
  }

  /** Hashes the next 64 KiB; gives the hashes when everything is in them. */
  step(): CopyHashes | undefined {
    if (this.state.step() || this.text.step()) return undefined;
    return { state: this.state.finish(), text: this.text.finish() };
  }
}

/** What a document is now, at once. */
export function hashCopy(doc: Y.Doc): CopyHashes {
  const digest = new CopyDigest(doc);
  for (;;) {
    const hashes = digest.step();
    if (hashes) return hashes;
  }
}

/** Whether two hashes are the same. */
export function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index]);
}

/** Which structs of whom there are and which of them are deleted; the same for all copies that hold the same. */
function encodeCopyState({ store }: Y.Doc): Uint8Array {
  const deletions = Y.createDeleteSetFromStructStore(store);
  const encoder = encoding.createEncoder();
  const clients = [...store.clients.keys()].toSorted((a, b) => a - b);
  encoding.writeVarUint(encoder, clients.length);
  for (const client of clients) {
    const runs = joinRuns(deletions.clients.get(client) ?? []);
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, Y.getState(store, client));
    encoding.writeVarUint(encoder, runs.length);
    for (const { clock, length } of runs) {
      encoding.writeVarUint(encoder, clock);
      encoding.writeVarUint(encoder, length);
    }
  }
  return encoding.toUint8Array(encoder);
}

interface Run {
  readonly clock: number;
  readonly length: number;
}

function joinRuns(items: readonly { readonly clock: number; readonly len: number }[]): readonly Run[] {
  const runs: Run[] = [];
  for (const { clock, len } of items) {
    const last = runs.at(-1);
    if (last && last.clock + last.length === clock) runs[runs.length - 1] = { ...last, length: last.length + len };
    else runs.push({ clock, length: len });
  }
  return runs;
}

class PieceHash {
  private readonly bytes: Uint8Array;
  private readonly hashes: Uint8Array;
  private pieces = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.hashes = new Uint8Array(Math.ceil(bytes.byteLength / PIECE_BYTES) * HASH_BYTES);
  }

  /** Gives false when nothing was left to do. */
  step(): boolean {
    const start = this.pieces * PIECE_BYTES;
    if (start >= this.bytes.byteLength) return false;
    this.hashes.set(sha256(this.bytes.subarray(start, start + PIECE_BYTES)), this.pieces * HASH_BYTES);
    this.pieces++;
    return true;
  }

  finish(): Uint8Array {
    // Under Node it comes as a Buffer.
    return new Uint8Array(sha256(this.hashes)).slice(0, DIGEST_HASH_BYTES);
  }
}
