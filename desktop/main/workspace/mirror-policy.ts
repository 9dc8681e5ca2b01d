/**
 * Which changes on disk go into the room. What may not is held: it stays on this device, and later ones of the same file
 * with it, until the person says otherwise.
 */
export interface MirrorPolicy {
  /** Whether what is changed in a file on disk goes into its text. */
  takesEdits(fileId: string): boolean;
  /** Whether a file that is deleted on disk is deleted in the room. */
  takesRemoval(fileId: string): boolean;
  /** Whether files that are new on disk, or get another name there, do so in the room. */
  readonly takesFiles: boolean;
  isPathHeld(path: string): boolean;
  /** Keeps what is at a path, and is no file of the room, on this device. */
  holdPath(path: string): void;
  isFileHeld(fileId: string): boolean;
  /** Keeps what was done to a file of the room on this device. */
  holdFile(fileId: string): void;
  /** Disk and room agree on a file again, but for what `holdBit` holds. */
  releaseFile(fileId: string): void;
  /** Keeps on this device, with all that is done to the file, that it became executable there, or ceased to be so. */
  holdBit(fileId: string): void;
  /** Disk and room agree again on whether a file is executable. */
  releaseBit(fileId: string): void;
}

/** Everything goes both ways. */
export const TWO_WAY: MirrorPolicy = {
  takesEdits: () => true,
  takesRemoval: () => true,
  takesFiles: true,
  isPathHeld: () => false,
  holdPath: () => undefined,
  isFileHeld: () => false,
  holdFile: () => undefined,
  releaseFile: () => undefined,
  holdBit: () => undefined,
  releaseBit: () => undefined,
};
