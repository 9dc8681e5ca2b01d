import type { Outcome } from './workspace-status.ts';

/** What goes from the folder into the room: everything, texts of files that are listed, or nothing. */
export type MirrorDirection = 'both' | 'texts' | 'to-disk';

/** A file of the folder, as a window lists it. */
export interface PreviewedFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** A file of the room that has its name in other case, and what it is called once it is shared, there and in the folder. */
  readonly twin?: { readonly path: string; readonly sharedAs: string };
}

/** Of each list no more than the first are sent; `counts` has all. */
export interface MirrorPreview {
  readonly folder: string;
  readonly counts: {
    readonly same: number;
    readonly onlyHere: number;
    readonly onlyInRoom: number;
    readonly different: number;
    readonly replaced: number;
    readonly blocked: number;
    readonly leftOut: number;
    readonly tooLarge: number;
  };
  readonly onlyHere: readonly PreviewedFile[];
  readonly onlyInRoom: readonly string[];
  /** Texts. */
  readonly different: readonly PreviewedFile[];
  /**
   * No texts, in the folder or in the room: the room's takes the place of the folder's, which stays beside it under another
   * name, unless the folder's is chosen.
   */
  readonly replaced: readonly PreviewedFile[];
  /** Files of the room that cannot come to the folder. */
  readonly blocked: readonly { readonly path: string; readonly reason: string }[];
  /** Files of the folder that nothing happens to. */
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[];
  readonly tooLarge: readonly PreviewedFile[];
  /** What is copied before anything else happens. */
  readonly backupBytes: number;
  /** What self may do in the room decides what there is to choose. */
  readonly direction: MirrorDirection;
}

/** A file of the folder that is not shared until it has another name. */
export interface UnsharedFile {
  readonly path: string;
  readonly reason: string;
}

/** How far the folder that mirrors the open room is. */
export type MirrorState =
  | { readonly kind: 'none' }
  /** Folder and room are compared; nothing is written. */
  | { readonly kind: 'reading'; readonly folder: string }
  /** Waits for {@link MirrorChoices}. `isReview`: the folder goes on meanwhile, but for what is asked about. */
  | { readonly kind: 'asking'; readonly preview: MirrorPreview; readonly isReview: boolean }
  | { readonly kind: 'starting'; readonly folder: string }
  | {
      readonly kind: 'running';
      readonly folder: string;
      readonly direction: MirrorDirection;
      /** Files whose changes on disk stay on this device until the person says otherwise. */
      readonly heldCount: number;
      /** The first of them. */
      readonly heldPaths: readonly string[];
      /** The person has looked at all of them, and did not share them. */
      readonly isHeldByChoice: boolean;
      /** Files that cannot be shared; the first of them. */
      readonly unshared: readonly UnsharedFile[];
      readonly unsharedCount: number;
      /** Where the last backup is. */
      readonly backup: string | undefined;
    }
  | { readonly kind: 'failed'; readonly folder: string; readonly explanation: string };

/** What is to become of what the folder has of its own. All of it is backed up first. */
export interface MirrorChoices {
  /** Files that only the folder has go into the room; else they stay on this device. */
  readonly sharesOthers: boolean;
  /** Paths of different and replaced files of which the folder's goes into the room, texts as edits; else the room's comes. */
  readonly mine: readonly string[];
  /** The person agreed to a backup of this size. */
  readonly allowsLargeBackup: boolean;
}

/** `changed`: the folder is not what was shown any more, and a new preview is. */
export type MirrorStart =
  | { readonly kind: 'started'; readonly backup: string | undefined }
  | { readonly kind: 'changed' }
  | { readonly kind: 'large-backup'; readonly sizeBytes: number };

interface Nothing {
  readonly request: undefined;
}

/** Requests about the folder on this device that mirrors the open room. */
export interface MirrorChannels {
  /** Lets the person choose a folder, and compares it. False: they changed their mind. */
  'mirror:choose-folder': Nothing & { readonly response: Outcome<boolean> };
  /** Asks about what was held on this device. */
  'mirror:review': Nothing & { readonly response: Outcome<boolean> };
  /** Both texts of a file that the preview lists as different. */
  'mirror:read-difference': {
    readonly request: { readonly path: string };
    readonly response: Outcome<{ readonly room: string; readonly folder: string }>;
  };
  'mirror:start': { readonly request: MirrorChoices; readonly response: Outcome<MirrorStart> };
  /** The preview is not wanted any more. */
  'mirror:cancel': Nothing & { readonly response: Outcome<boolean> };
  /** The folder stays as it is, and is not followed any more. */
  'mirror:stop': Nothing & { readonly response: Outcome<boolean> };
  /** Shows the last backup in the system's file manager. */
  'mirror:show-backup': Nothing & { readonly response: Outcome<boolean> };
  /** Shows something in the folder there. */
  'mirror:show-file': {
    readonly request: { readonly path: string };
    readonly response: Outcome<boolean>;
  };
  /** Shows the folder there. */
  'mirror:show-folder': Nothing & { readonly response: Outcome<boolean> };
}
