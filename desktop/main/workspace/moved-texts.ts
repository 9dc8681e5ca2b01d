import type { MirrorNotes } from './mirror-notes.ts';
import type { DiskFile } from './text-file.ts';

type DiskTextFile = Extract<DiskFile, { kind: 'text' }>;

/** Beyond so many, the files that were seen first are forgotten. */
const MAX_SEEN_FILES = 10_000;

/**
 * Texts that other programs have moved from one name to another, and that this device has not written into the room under
 * the new one: what disk and room agreed on last there was just this text, or somebody else had written it already. From
 * its old name it is taken out. Who does the same the other way round leaves it nowhere: to replace it may be to lose it.
 */
export class MovedTexts {
  private readonly notes: MirrorNotes;
  /** Under which file of the room each file on disk was seen last, the one that was seen last at the end. */
  private readonly seenAs = new Map<string, string>();

  constructor(notes: MirrorNotes) {
    this.notes = notes;
  }

  /**
   * To be told of each text that is seen on disk, and of what disk and room agreed on last for that name. Returns whether
   * it has come from another name.
   */
  see(fileId: string, disk: DiskTextFile, baseHash: string): boolean {
    const noted = this.notes.get('moved', fileId);
    if (noted !== undefined && noted !== baseHash) this.notes.delete('moved', fileId);
    const { identity } = disk;
    if (identity === undefined) return false;
    const hasCome = (this.seenAs.get(identity) ?? fileId) !== fileId;
    if (hasCome && disk.hash === baseHash) this.note(fileId, baseHash);
    this.seenAs.delete(identity);
    this.seenAs.set(identity, fileId);
    for (const oldest of this.seenAs.keys()) {
      if (this.seenAs.size <= MAX_SEEN_FILES) break;
      this.seenAs.delete(oldest);
    }
    return hasCome;
  }

  /** A text that has come from another name was in the room under its new one already: somebody else may take it back. */
  note(fileId: string, hash: string): void {
    this.notes.set('moved', fileId, hash);
  }

  /** Whether the text of this hash has come to a file from another, so that only the disk may have it. */
  has(fileId: string, hash: string): boolean {
    return this.notes.get('moved', fileId) === hash;
  }

  /** What has come is kept elsewhere. */
  forget(fileId: string): void {
    this.notes.delete('moved', fileId);
  }
}
