import type { Observable } from './observable.ts';
import type { Outcome } from './outcome.ts';

/** A room that this device keeps. Names come from others and are shown as text only. */
export interface StoredRoomView {
  readonly key: string;
  readonly name: string | undefined;
  /** Undefined for rooms of which only files are left. */
  readonly relayHost: string | undefined;
  readonly folder: string | undefined;
  /** Undefined where it is not told. */
  readonly sizeBytes: number | undefined;
  /** Files with edits that the relay does not have. Undefined: it cannot be told now. */
  readonly unsentDocuments: number | undefined;
  readonly openedMs: number;
  readonly isOpen: boolean;
  /** This device made the room. */
  readonly isOwner: boolean;
  readonly canOpen: boolean;
}

/** What this device keeps of its rooms. */
export interface StorageModel {
  /** The last one opened first; undefined until {@link refresh} has been answered. */
  readonly rooms: Observable<readonly StoredRoomView[] | undefined>;
  /** Of all rooms together. */
  readonly sizeBytes: Observable<number | undefined>;
  /** The room that is open, measured now and then. */
  readonly current: Observable<StoredRoomView | undefined>;
  /** Whether there can be more than one window. */
  readonly canOpenWindows: boolean;
  refresh(): Promise<Outcome>;
  open(key: string): Promise<Outcome>;
  /** Closes the room everywhere and removes what this device keeps of it; its folder stays. */
  forget(key: string, evenUnsent: boolean): Promise<Outcome>;
  /** Opens another window on the room that is open. */
  openWindow(): Promise<Outcome>;
}
