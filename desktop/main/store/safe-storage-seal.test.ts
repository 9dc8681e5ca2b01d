import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { KnownRooms } from './known-rooms.ts';
import { createSeal, type KeyStore } from './safe-storage-seal.ts';

/** Encrypts as the key stores of systems do, with a key that is in no file. */
function createKeyStore(): KeyStore {
  const key = randomBytes(32);
  return {
    isEncryptionAvailable: () => true,
    encryptString(text) {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    },
    decryptString(bytes) {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(-16));
      return decipher.update(bytes.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8');
    },
  };
}

const SECRETS = {
  owner: 'owner-secret-of-the-room',
  link: 'secret-of-a-share-link',
  token: 'eyJhbGciOiJFZERTQSJ9.e30.x',
};

it('keeps no owner’s secret, link secret or token readable on disk where the system has a key store', () => {
  const keyStore = createKeyStore();
  const folder = temporaryFolder();
  const file = join(folder, 'tutti.sqlite');
  const rooms = new KnownRooms(file, createSeal(keyStore), 1);
  const room = { relayUrl: 'https://relay.example', room: 'r', ownerSecret: SECRETS.owner };
  rooms.remember('/folder', room, { nowMs: 1, isSealed: true });
  rooms.linkSecrets.remember('r', 'l', SECRETS.link);
  rooms.lastTokens.remember('r', 'l', SECRETS.token);
  const onDisk = ['', '-wal'].map((suffix) => readFileSync(`${file}${suffix}`).toString('latin1')).join();
  for (const secret of Object.values(SECRETS)) expect(onDisk).not.toContain(secret);
  expect(onDisk).toContain('https://relay.example');
  rooms.close();
  const again = new KnownRooms(file, createSeal(keyStore), 2);
  expect(again.find('/folder')).toMatchObject({ kind: 'known', known: room });
  expect(again.linkSecrets.find('r', 'l')).toBe(SECRETS.link);
  expect(again.lastTokens.find('r', 'l')).toBe(SECRETS.token);
  again.close();
  // Another account, or another machine.
  const elsewhere = new KnownRooms(file, createSeal(createKeyStore()), 3);
  expect(elsewhere.find('/folder').kind).toBe('sealed');
  expect(elsewhere.linkSecrets.find('r', 'l')).toBeUndefined();
  elsewhere.close();
});

it('is none where the system has no key store', () => {
  expect(createSeal({ ...createKeyStore(), isEncryptionAvailable: () => false })).toBeUndefined();
});
