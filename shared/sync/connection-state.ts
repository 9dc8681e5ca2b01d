import type { DocumentAccess } from '../access/index.ts';

/** The engine's connection to the relay, as people see it. Times are of `Scheduler.elapsedMs`. */
export type ConnectionState =
  | { readonly kind: 'connecting'; readonly sinceMs: number }
  /** Connected; open documents are being compared. */
  | { readonly kind: 'catching-up'; readonly sinceMs: number }
  | { readonly kind: 'online'; readonly sinceMs: number }
  /** Waiting for the next try. */
  | {
      readonly kind: 'reconnecting';
      readonly sinceMs: number;
      readonly nextTryAtMs: number;
      readonly attempt: number;
      readonly explanation: string;
    }
  /** The relay will not have us, or we left: no further try until a person acts. */
  | {
      readonly kind: 'ended';
      readonly sinceMs: number;
      readonly closeCode: number;
      readonly explanation: string;
      /** Another try is of no use, also when a person asks for it. */
      readonly isFinal?: boolean;
    };

/** What may be done with a document: `none` when it is not shared with us, `unknown` until the relay has answered. */
export type KnownAccess = DocumentAccess | 'none' | 'unknown';

/** Whether edits may be made; without a relay they may, since they wait for it. */
export function mayWrite(access: KnownAccess): boolean {
  return access === 'write' || access === 'unknown';
}

/** Where the local edits of a document are. */
export type SaveState =
  /** Not yet written on this device. */
  | { readonly kind: 'saving' }
  | { readonly kind: 'on-this-device' }
  | { readonly kind: 'on-the-relay' }
  /** Everybody present who has the document open has stored them. */
  | { readonly kind: 'seen-by-all-present' }
  /** The relay or the device refused them; they are kept in memory and, when possible, on this device. */
  | { readonly kind: 'refused'; readonly explanation: string };
