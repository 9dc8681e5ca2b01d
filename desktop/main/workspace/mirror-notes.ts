/**
 * `held-file` and `held-bit`: by id; `held-path`: by path in the folder; `mount`: folders in it that were other drives; `stamp`: hashes of
 * files that are no texts, by path; `aside`: ids of the files for which something was moved out of the way, by where that is
 * now, until the person is told; `moved`: hashes of texts that have come to a file from another, by the file's id; `told`:
 * why files cannot be shared, by path, as the person was told; `root`: which folder it was that lay at the opened path, by
 * that path.
 */
export type NoteKind =
  | 'held-file'
  | 'held-bit'
  | 'held-path'
  | 'mount'
  | 'setting'
  | 'stamp'
  | 'aside'
  | 'moved'
  | 'told'
  | 'root';

/** What is kept of one room's folder beside the bases; it outlives the mirror. Reads see every write made before. */
export interface MirrorNotes {
  get(kind: NoteKind, name: string): string | undefined;
  set(kind: NoteKind, name: string, value: string): void;
  delete(kind: NoteKind, name: string): void;
  names(kind: NoteKind): readonly string[];
}

/** Notes that end with the process. */
export class MemoryMirrorNotes implements MirrorNotes {
  private readonly notes = new Map<NoteKind, Map<string, string>>();

  get(kind: NoteKind, name: string): string | undefined {
    return this.notes.get(kind)?.get(name);
  }

  set(kind: NoteKind, name: string, value: string): void {
    const known = this.notes.get(kind) ?? new Map<string, string>();
    this.notes.set(kind, known.set(name, value));
  }

  delete(kind: NoteKind, name: string): void {
    this.notes.get(kind)?.delete(name);
  }

  names(kind: NoteKind): readonly string[] {
    return [...(this.notes.get(kind)?.keys() ?? [])];
  }
}
