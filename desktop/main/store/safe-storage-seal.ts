import type { SecretSeal } from './secret-seal.ts';

/** What is needed of Electron's `safeStorage`. */
export interface KeyStore {
  isEncryptionAvailable(): boolean;
  encryptString(text: string): Buffer;
  decryptString(bytes: Buffer): string;
}

/** Seals by the system's key store; undefined where there is none. */
export function createSeal(keyStore: KeyStore): SecretSeal | undefined {
  if (!keyStore.isEncryptionAvailable()) return undefined;
  return {
    seal: (text) => new Uint8Array(keyStore.encryptString(text)),
    unseal: (bytes) => keyStore.decryptString(Buffer.from(bytes)),
  };
}
