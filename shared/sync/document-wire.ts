import type { DocumentAccess } from '../access/index.ts';
import type { ClientMessage, RelayMessage } from '../protocol/index.ts';

/** A message of the relay about one open document; what was deflated comes inflated. */
export type DocumentMessage = Exclude<Extract<RelayMessage, { readonly handle: number }>, { type: 'deflated-sync' }>;

/** Takes what the relay says about one handle. */
export interface DocumentReceiver {
  receive(message: DocumentMessage): void;
}

/** A welcomed connection, as the documents on it see it. */
export interface DocumentWire {
  /** The largest update that the relay takes. */
  readonly maxUpdateBytes: number;
  /** When the relay was heard last, by this device's clock. */
  readonly lastHeardMs: number;
  send(message: ClientMessage): void;
  /** Gives out a handle (SPEC DO1) whose messages go to `receiver`. */
  assignHandle(receiver: DocumentReceiver): number;
  /** No more messages of the handle arrive. */
  releaseHandle(handle: number): void;
  /** What our role lets us do with a document now. */
  roleAccessTo(document: string): DocumentAccess;
  /** Numbers rise over the whole session, whatever the document or the connection (SPEC UP1). */
  nextClientSeq(): number;
}
