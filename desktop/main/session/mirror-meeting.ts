import type { MirrorChoices, MirrorPreview } from '../../ipc/index.ts';
import { backUp, backupBytes } from '../workspace/folder-backup.ts';
import {
  type DifferentFile,
  type FolderPreview,
  isCovered,
  ownFilesOf,
  previewFolder,
  type ReplacedFile,
} from '../workspace/folder-preview.ts';
import type { MirrorBase, MirrorBaseStore, SharedFiles } from '../workspace/shared-files.ts';
import { readDiskFile } from '../workspace/text-file.ts';
import { encodeText, hashBytes } from '../workspace/text-format.ts';
import { WorkspaceError } from '../workspace/workspace-error.ts';
import type { MirrorAccess } from './mirror-access.ts';

/** Of each list of a preview no more than so many are sent to a window. */
const MAX_LISTED = 1_000;

export interface MirrorMeetingOptions {
  /** Real path. */
  readonly folder: string;
  readonly files: SharedFiles;
  readonly bases: MirrorBaseStore;
  readonly access: Pick<MirrorAccess, 'direction' | 'takesFiles' | 'isFileHeld' | 'isBitHeld' | 'holdOnly'>;
  /** Bases and held files are those of this folder. */
  readonly isKnownFolder: boolean;
}

export interface BackupPlace {
  readonly backupsFolder: string;
  readonly name: string;
  readonly room: string;
  readonly nowMs: number;
}

/** A folder and a room that have to be brought together: what each has, and what the person wants. */
export class MirrorMeeting {
  readonly folder: string;
  readonly isKnownFolder: boolean;
  private readonly options: MirrorMeetingOptions;
  private seen: FolderPreview;

  /** Compares the two; writes nothing. Rejects with WorkspaceError. */
  static async begin(options: MirrorMeetingOptions): Promise<MirrorMeeting> {
    return new MirrorMeeting(options, await look(options));
  }

  private constructor(options: MirrorMeetingOptions, seen: FolderPreview) {
    this.options = options;
    this.folder = options.folder;
    this.isKnownFolder = options.isKnownFolder;
    this.seen = seen;
  }

  /** Whether the folder has nothing of its own. */
  get isQuiet(): boolean {
    return ownFilesOf(this.seen).length === 0 && this.seen.tooLarge.length === 0;
  }

  /** Bytes that are copied before anything happens. */
  get backupBytes(): number {
    return backupBytes(ownFilesOf(this.seen));
  }

  /** As a window shows it. */
  describe(): MirrorPreview {
    const { folder, same, onlyHere, onlyInRoom, different, replaced, blocked, leftOut, tooLarge } = this.seen;
    const first = <T>(list: readonly T[]) => list.slice(0, MAX_LISTED);
    const brief = (files: FolderPreview['onlyHere']) =>
      first(files).map(({ path, sizeBytes, twin }) => ({ path, sizeBytes, ...(twin ? { twin } : {}) }));
    return {
      folder,
      counts: {
        same: same.length,
        onlyHere: onlyHere.length,
        onlyInRoom: onlyInRoom.length,
        different: different.length,
        replaced: replaced.length,
        blocked: blocked.length,
        leftOut: leftOut.length,
        tooLarge: tooLarge.length,
      },
      onlyHere: brief(onlyHere),
      onlyInRoom: first(onlyInRoom),
      different: brief(different),
      replaced: brief(replaced),
      blocked: first(blocked),
      leftOut: first(leftOut),
      tooLarge: brief(tooLarge),
      backupBytes: this.backupBytes,
      direction: this.options.access.direction,
    };
  }

  /** Both texts of a file that differs. Rejects with WorkspaceError. */
  async readDifference(path: string): Promise<{ readonly room: string; readonly folder: string }> {
    const file = this.seen.different.find((other) => other.path === path);
    if (!file) throw new WorkspaceError('file-missing', path, `"${path}" is not different any more.`);
    return { room: file.roomText, folder: (await this.readUnchanged(file)).text };
  }

  /** Looks again. Resolves to false when the folder has something that was not seen; it is seen then. */
  async stillHolds(): Promise<boolean> {
    const now = await look(this.options);
    if (isCovered(now, this.seen)) return true;
    this.seen = now;
    return false;
  }

  /** Copies everything of the folder that could be touched. Resolves to where; undefined when there is nothing. */
  async backUp({ backupsFolder, name, room, nowMs }: BackupPlace): Promise<string | undefined> {
    const files = ownFilesOf(this.seen);
    if (files.length === 0) return undefined;
    return backUp({ backupsFolder, name, folder: this.folder, room, files, nowMs });
  }

  /**
   * Prepares what was chosen. Once it takes effect, disk and room are taken to agree on the room's text where the
   * folder's is to go in as edits, and on the folder's where the room's is to come; the mirror does the rest. Rejects with
   * WorkspaceError when the folder has changed, or a text of the room that is agreed on cannot be kept on this device.
   */
  async decide({ sharesOthers, mine }: MirrorChoices): Promise<{ takeEffect(): void }> {
    const { bases, access, files } = this.options;
    const { different, replaced, onlyHere, onlyInRoom, tooLarge } = this.seen;
    const chosen = new Set(access.direction === 'to-disk' ? [] : mine);
    const theirs = new Map<string, MirrorBase>();
    for (const file of different) {
      if (chosen.has(file.path)) {
        await this.requireKept(file);
        continue;
      }
      const { hash, text } = await this.readUnchanged(file);
      theirs.set(file.fileId, { path: file.path, hash, text });
    }
    for (const file of replaced) if (chosen.has(file.path)) await this.requireKept(file);
    const takeEffect = () => {
      const undone = this.findUndoneBits(chosen);
      if (!this.isKnownFolder) for (const { fileId } of bases.list()) bases.delete(fileId);
      for (const file of different) this.agree(file, theirs.get(file.fileId));
      for (const file of replaced) this.agreeOnContent(file, chosen.has(file.path) && access.direction === 'both');
      for (const [fileId, executable] of undone) {
        const base = bases.get(fileId);
        if (base) bases.set(fileId, { ...base, executable });
      }
      const isShared = sharesOthers && access.takesFiles;
      access.holdOnly([...(isShared ? [] : onlyHere), ...tooLarge].map(({ path }) => path));
      const missing = new Set(onlyInRoom);
      // What is missing comes back.
      for (const { fileId, path } of files.files) if (missing.has(path)) bases.delete(fileId);
    };
    return { takeEffect };
  }

  /** Files that are executable on disk alone, or in the room alone, and are to be as they are there; as they are on disk. */
  private findUndoneBits(chosen: ReadonlySet<string>): ReadonlyMap<string, boolean> {
    const { bases, access, files } = this.options;
    const held = this.isKnownFolder ? files.files.filter(({ fileId }) => access.isBitHeld(fileId)) : [];
    const undone = held.filter(({ path }) => !chosen.has(path));
    return new Map(undone.map(({ fileId }) => [fileId, bases.get(fileId)?.executable !== true]));
  }

  private agree({ fileId, path, roomText }: DifferentFile, theirs: MirrorBase | undefined): void {
    const { bases, files } = this.options;
    const listed = files.get(fileId);
    // One that has gone to another name meets what is there as a stranger.
    if (listed?.path !== path) return;
    if (theirs) bases.set(fileId, theirs);
    else if (!bases.has(fileId)) {
      bases.set(fileId, { path, hash: hashBytes(encodeText(roomText, listed)), text: roomText });
    }
  }

  /** Where nothing is agreed on, the room's takes the place of what the folder has, and that is kept beside it. */
  private agreeOnContent({ fileId, path, roomText, roomBlob }: ReplacedFile, isMine: boolean): void {
    const { bases, files } = this.options;
    const listed = files.get(fileId);
    if (listed?.path !== path) return;
    if (!isMine) bases.delete(fileId);
    else if (roomText !== undefined)
      bases.set(fileId, { path, hash: hashBytes(encodeText(roomText, listed)), text: roomText });
    else if (roomBlob !== undefined) bases.set(fileId, { path, hash: roomBlob, text: '' });
  }

  /** Else the room's text could be lost and the agreement on it kept: what the folder has of it would count as deleted. */
  private async requireKept({ fileId, path }: DifferentFile | ReplacedFile): Promise<void> {
    const { files } = this.options;
    await files.whenKept(fileId);
    if (files.canKeep(fileId)) return;
    const message = `Tutti cannot store the room's text of "${path}" on this device at the moment, so that yours cannot go into it. Free some space on the disk that has Tutti's data, then start again.`;
    throw new WorkspaceError('not-kept', path, message);
  }

  private async readUnchanged({ path, absolutePath, hash }: DifferentFile) {
    const disk = await readDiskFile(absolutePath, { root: this.folder, path, maxBytes: Infinity });
    if (disk.kind === 'text' && disk.hash === hash) return disk;
    throw new WorkspaceError('io', path, `"${path}" has changed on disk meanwhile. Look at the folder again.`);
  }
}

function look({ folder, files, bases, access, isKnownFolder }: MirrorMeetingOptions): Promise<FolderPreview> {
  return previewFolder({
    folder,
    files,
    isAgreed: ({ fileId }) => isKnownFolder && bases.has(fileId) && !access.isFileHeld(fileId),
    isOtherwiseDifferent: ({ fileId }) => isKnownFolder && access.isBitHeld(fileId),
  });
}

/** The room's files; in the folder that it was made for, new ones are shared as ever, since nobody is there to ask. */
export function choicesUnasked(isOwnFolder: boolean): MirrorChoices {
  return { sharesOthers: isOwnFolder, mine: [], allowsLargeBackup: true };
}
