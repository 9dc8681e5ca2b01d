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
   * To be told of each text that is seen on disk, and of what disk and room agreed on last for that name. One that has
   * come from another name counts as moved until {@link shared}, however often and long taking it is put off.
   */
  see(fileId: string, disk: DiskTextFile, baseHash: string): void {
    const noted = this.notes.get('moved', fileId);
    if (noted !== undefined && noted !== baseHash && noted !== disk.hash) this.notes.delete('moved', fileId);
    const { identity } = disk;
    if (identity === undefined) return;
    const hasCome = (this.seenAs.get(identity) ?? fileId) !== fileId;
    if (hasCome) this.notes.set('moved', fileId, disk.hash);
    this.belongsTo(fileId, identity);
  }

  /** A file on disk is what this one of the room goes on to be: its text has not come from another. */
  belongsTo(fileId: string, identity: string): void {
    this.seenAs.delete(identity);
    this.seenAs.set(identity, fileId);
    for (const oldest of this.seenAs.keys()) {
      if (this.seenAs.size <= MAX_SEEN_FILES) break;
      this.seenAs.delete(oldest);
    }
  }

  /** This device has written the text of this hash into the room under the name that it has now. */
  shared(fileId: string, hash: string): void {
    if (this.has(fileId, hash)) this.forget(fileId);
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
