import type { Event } from '../../../shared/lifecycle/index.ts';
import type { FileChanges, ListedContent, SharedFile, TextEdit } from '../../../shared/workspace/index.ts';

/** A file of the folder that is to be listed. `text` is LF only, and set exactly for the kind `text`. */
export type NewSharedFile = Omit<SharedFile, 'fileId'> & { readonly text?: string };

/** The room's files as the folder mirror needs them. */
export interface SharedFiles {
  /** The same array until something in it changes. */
  readonly files: readonly SharedFile[];
  /** One of `files`, at no cost. */
  get(fileId: string): SharedFile | undefined;
  /** Whether the room has a file at exactly this path, be it one that is not among `files` yet. */
  isPathTaken(path: string): boolean;
  readonly onDidChangeFiles: Event<void>;
  /** The id of a file whose text changed, whoever changed it. */
  readonly onDidChangeText: Event<string>;
  /** Resolves when `readText` gives what this device knows of the text. */
  whenTextReady(fileId: string): Promise<void>;
  readText(fileId: string): string;
  /**
   * Whether this device has the text: else that it is empty means nothing. To be asked once the text is ready;
   * `onDidChangeText` fires when it has come.
   */
  isTextHere(fileId: string): boolean;
  /** Applies edits in one transaction; they ascend, do not overlap, and count in the text as it is now. */
  applyEdits(fileId: string, edits: readonly TextEdit[]): void;
  /** Resolves when the text, as it is now, is kept on this device, or cannot be for the time being. */
  whenKept(fileId: string): Promise<void>;
  /**
   * Whether this device gets to keep what is done to the file now, with its entry in the list. While it does not, neither
   * disk nor bases may be brought in step with the room: they would know of what is lost with the process.
   */
  canKeep(fileId: string): boolean;
  /** Whether the room's list has the file or had it once, as far as this device knows the list. */
  wasListed(fileId: string): boolean;
  /** Whether this device has heard from the relay of the whole list since it started. */
  readonly isListComplete: boolean;
  /**
   * Lists files once their texts are kept on this device. Resolves to their ids, in the same order. Rejects with
   * WorkspaceError `not-kept` when they cannot be kept for the time being; none is listed then, and it may be tried again.
   */
  createFiles(files: readonly NewSharedFile[]): Promise<readonly string[]>;
  update(fileId: string, changes: FileChanges): void;
  /**
   * Notes a content beside those that a file has: of all of them the one counts that was written last. Returns false when
   * it is noted already, or the file is not listed.
   */
  addContent(fileId: string, content: ListedContent): boolean;
  /** As `update`, many files in one step. */
  updateAll(changes: ReadonlyMap<string, FileChanges>): void;
  remove(fileIds: readonly string[]): void;
}

/** What disk and room agreed on last for one file. */
export interface MirrorBase {
  /** Where the file lies in the folder. */
  readonly path: string;
  /** SHA-256 of its bytes, in hex; empty for a file whose content is not shared. */
  readonly hash: string;
  /** Its text, LF only. */
  readonly text: string;
  /** Whether it is executable; undefined when that is not known. */
  readonly executable?: boolean | undefined;
}

/** What is known of a base without reading its text. */
export type BriefBase = { readonly fileId: string } & Pick<MirrorBase, 'path' | 'executable'>;

/** A file that this device moves from one path of the folder to another. */
export interface MirrorMove {
  readonly from: string;
  readonly to: string;
  /** Tells the file from others that lie or lay in the folder; a move keeps it. */
  readonly identity: string;
}

/** Keeps the bases of one room and folder; they outlive the mirror. Reads see every write made before. */
export interface MirrorBaseStore {
  get(fileId: string): MirrorBase | undefined;
  /** Whether a file has a base, without reading its text. */
  has(fileId: string): boolean;
  set(fileId: string, base: MirrorBase): void;
  /** With the base goes what was noted of a save or a move. */
  delete(fileId: string): void;
  list(): readonly BriefBase[];
  /**
   * Notes what a file is about to be replaced by. Resolves when that survives the end of the process, with everything that
   * was written before, and rejects when it cannot be kept: the file must not be replaced then.
   */
  beginSave(fileId: string, saving: MirrorBase): Promise<void>;
  /** What was noted last, unless the base was set or deleted since. */
  savingOf(fileId: string): MirrorBase | undefined;
  /**
   * Notes a move that is about to be made; an earlier one of the file is forgotten. Resolves when the note survives the
   * end of the process, and rejects when it cannot be kept: the file must not be moved then.
   */
  beginMove(fileId: string, move: MirrorMove): Promise<void>;
  /** The move was not made, or is safe from a loss of power. Does nothing when another was noted since. */
  endMove(fileId: string, move: MirrorMove): void;
  /** Moves that were begun and not ended. */
  listMoves(): readonly { readonly fileId: string; readonly move: MirrorMove }[];
  /** Resolves when all that was written before is safe from a loss of power; rejects when it cannot be made so. */
  sync(): Promise<void>;
}

/** Something about the folder that a person should know or act on. A later problem with the same id replaces it. */
export interface MirrorProblem {
  readonly id: string;
  readonly severity: 'info' | 'warning' | 'error';
  /** The file's path in the folder; empty when it is about the folder itself. */
  readonly path: string;
  readonly fileId?: string;
  readonly title: string;
  readonly detail: string;
  /** `retry()` may help. Until then the change waits. */
  readonly canRetry: boolean;
  /** The problem with this id is over. */
  readonly isResolved?: boolean;
}
