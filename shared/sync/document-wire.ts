import type { DocumentAccess } from '../access/index.ts';
import type { ClientMessage, RelayMessage } from '../protocol/index.ts';

/** A message of the relay about one open document; what was deflated comes inflated. */
export type DocumentMessage = Exclude<Extract<RelayMessage, { readonly handle: number }>, { type: 'deflated-sync' }>;

/** Takes what the relay says about one handle. */
export interface DocumentReceiver {
  receive(message: DocumentMessage): void;
  /** The connection is gone: nothing more comes. */
  disconnected?(): void;
}

/** A welcomed connection, as the documents on it see it. */
export interface DocumentWire {
  /** The largest update that the relay takes. */
  readonly maxUpdateBytes: number;
  /** The relay passes on what copies are (SPEC DG). */
  readonly takesDigests: boolean;
  /** When the relay was heard last, in `Scheduler.elapsedMs`. */
  readonly lastHeardMs: number;
  /** `isBulk`: it waits behind what is sent for other documents. */
  send(message: ClientMessage, isBulk?: boolean): void;
  /** Gives out a handle (SPEC DO1) whose messages go to `receiver`. */
  assignHandle(receiver: DocumentReceiver): number;
  /** No more messages of the handle arrive. */
  releaseHandle(handle: number): void;
  /** What our role lets us do with a document now. */
  roleAccessTo(document: string): DocumentAccess;
  /** Numbers rise over the whole session, whatever the document or the connection (SPEC UP1). */
  nextClientSeq(): number;
}
