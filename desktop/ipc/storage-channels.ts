import type { Outcome } from './workspace-status.ts';

/** A room that this device keeps. */
export interface StoredRoom {
  /** Names it in requests. */
  readonly key: string;
  readonly name: string | undefined;
  readonly relayUrl: string | undefined;
  /** The folder that mirrors it. */
  readonly folder: string | undefined;
  /** Of all its files, damaged ones that were set aside included; the folder is not counted. A browser does not tell. */
  readonly sizeBytes: number | undefined;
  /** Documents with edits that the relay does not have. Undefined: it cannot be told now. */
  readonly unsentDocuments: number | undefined;
  readonly openedMs: number;
  readonly isOpen: boolean;
  /** This device made the room. */
  readonly isOwner: boolean;
  /** It can be opened without a link. */
  readonly canOpen: boolean;
}

/** Everything that this device keeps. */
export interface DeviceStorage {
  /** The last one opened first. */
  readonly rooms: readonly StoredRoom[];
  readonly sizeBytes: number | undefined;
}

/** Requests about what this device keeps. */
export interface StorageChannels {
  'storage:list': { readonly request: undefined; readonly response: Outcome<DeviceStorage> };
  /** The room of this window; undefined when none is open. */
  'storage:current': { readonly request: undefined; readonly response: Outcome<StoredRoom | undefined> };
  /** Closes the room in every window and removes what this device keeps of it, but for its folder. */
  'storage:forget': {
    readonly request: { readonly key: string; readonly evenUnsent: boolean };
    readonly response: Outcome<boolean>;
  };
  /** Opens one of the listed rooms, with or without its relay. */
  'storage:open': { readonly request: { readonly key: string }; readonly response: Outcome<boolean> };
  /** Opens another window on the room of this one. */
  'window:new': { readonly request: undefined; readonly response: Outcome<boolean> };
}
