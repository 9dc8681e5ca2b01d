/** Seals secrets at rest; without it they are kept as they are, in a file that only its owner can read. */
export interface SecretSeal {
  seal(text: string): Uint8Array;
  /** Throws when the bytes were sealed elsewhere. */
  unseal(bytes: Uint8Array): string;
}
