import * as Y from 'yjs';
import { type Disposable, DisposableStore, errorMessage, type Scheduler, toDisposable } from '../lifecycle/index.ts';
import { CONTENT_TEXT, isReservedDocument, readContent } from '../workspace/index.ts';
import type { DocumentSeed } from './document-seed.ts';
import type { DocumentReplica } from './document-replica.ts';
import type { DocumentWire } from './document-wire.ts';
import { CannotKeepError, KeptCopy } from './kept-copy.ts';
import type { DocumentLease } from './open-documents.ts';
import { readFromRelay, type RelayCopy } from './relay-reading.ts';

/** How a resync ended. */
export type ResyncOutcome =
  /** The copy is the relay's now. `keptPath`: where the text is listed that was here; undefined when it was the same. */
  | { readonly kind: 'done'; readonly keptPath: string | undefined }
  /** Self may not add the file that would keep the text. Nothing was changed; it can be done without keeping it. */
  | { readonly kind: 'cannot-keep'; readonly explanation: string }
  /** Nothing was changed but that a text may be kept twice. */
  | { readonly kind: 'failed'; readonly explanation: string };

/** The room, as a resync needs it. */
export interface ResyncRoom {
  readonly open: (name: string) => DocumentLease;
  /** Undefined while there is no connection. */
  readonly wire: DocumentWire | undefined;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  /** Ends with the session. */
  readonly lifetime: DisposableStore;
  /** Resolves when no window changes the document any more, until disposed. Rejects when one does not answer. */
  readonly pause: (name: string) => Promise<Disposable>;
  /** Begins the replica and its stored rows anew; whoever holds the document takes the new one at once. */
  readonly renew: (name: string, seed: DocumentSeed) => void;
}

const DELIVERY_MS = 10_000;
/** So often somebody else, such as the folder on disk, may change the text while it is being kept. */
const MAX_ROUNDS = 5;

/**
 * Puts what the relay has in the place of a copy that differs. What was here is listed as a new file first, when it is
 * not the same text, unless `isUnkept`: edits that the relay has not taken are in it. Never rejects.
 */
export async function resync(room: ResyncRoom, name: string, isUnkept: boolean): Promise<ResyncOutcome> {
  const owned = new DisposableStore();
  try {
    if (isReservedDocument(name)) throw new Error('Only the text of a file can be resynced.');
    const { replica } = owned.add(room.open(name));
    await replica.whenLoaded;
    owned.add(await room.pause(name));
    await whenDelivered(replica, room);
    return await replaceWithRelay(room, replica, owned, isUnkept);
  } catch (error) {
    const explanation = errorMessage(error);
    return { kind: error instanceof CannotKeepError ? 'cannot-keep' : 'failed', explanation };
  } finally {
    owned.dispose();
  }
}

async function replaceWithRelay(
  room: ResyncRoom,
  replica: DocumentReplica,
  owned: DisposableStore,
  isUnkept: boolean,
): Promise<ResyncOutcome> {
  let kept: KeptCopy | undefined;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { doc, cursor } = await read(room, replica.name);
    try {
      const mine = textOf(replica.doc);
      const isSame = mine === textOf(doc);
      if (kept) kept.write(mine);
      else if (!isSame && !isUnkept) kept = owned.add(await KeptCopy.create(replica.name, mine, room));
      // Meanwhile something may have been written here that is neither kept nor at the relay.
      if (textOf(replica.doc) !== mine) continue;
      room.renew(replica.name, { update: Y.encodeStateAsUpdate(doc), cursor });
      return { kind: 'done', keptPath: kept?.path };
    } finally {
      doc.destroy();
    }
  }
  throw new Error('The file is being changed without a pause. Try again when it is at rest.');
}

async function read({ wire, scheduler }: ResyncRoom, name: string): Promise<RelayCopy> {
  if (!wire) throw new Error('There is no connection to the relay. Try again when you are online.');
  return readFromRelay(wire, name, scheduler);
}

/** What can be sent is sent before; the rest is in the text that is kept. */
async function whenDelivered(replica: DocumentReplica, room: ResyncRoom): Promise<void> {
  const isOver = () => !replica.hasUnsent || !room.wire;
  if (isOver()) return;
  const { lifetime, scheduler } = room;
  const waiting = lifetime.add(new DisposableStore());
  await new Promise<void>((resolve) => {
    waiting.add(toDisposable(resolve));
    waiting.add(scheduler.schedule(() => lifetime.delete(waiting), DELIVERY_MS));
    waiting.add(
      replica.onDidChangeStatus(() => {
        if (isOver()) lifetime.delete(waiting);
      }),
    );
  });
}

function textOf(doc: Y.Doc): string {
  return readContent(doc.getText(CONTENT_TEXT));
}
