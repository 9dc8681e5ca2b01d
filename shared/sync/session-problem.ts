/** Something that a person should see. `explanation` says what happened and what to do. */
export type SessionProblem =
  /** This device cannot keep or read something; the engine goes on in memory and tries again. */
  | { readonly kind: 'store-failed'; readonly document: string | undefined; readonly explanation: string }
  /** The store works again, and everything is kept. */
  | { readonly kind: 'store-recovered'; readonly document: string; readonly explanation: string }
  /** The relay does not take an edit; it stays on this device. */
  | { readonly kind: 'update-refused'; readonly document: string; readonly explanation: string }
  /** The relay does not serve a document. */
  | { readonly kind: 'document-closed'; readonly document: string; readonly explanation: string }
  /** The relay sent something for a document that is not a Yjs update. */
  | { readonly kind: 'malformed-document'; readonly document: string; readonly explanation: string }
  /** A window sent what the engine cannot take; it was left out. */
  | { readonly kind: 'malformed-window-message'; readonly document: string | undefined; readonly explanation: string }
  /** What a window had of a document gave way to what the engine has. */
  | { readonly kind: 'window-reset'; readonly document: string; readonly explanation: string }
  /** The connection ended for good. */
  | { readonly kind: 'session-ended'; readonly document: undefined; readonly explanation: string };
