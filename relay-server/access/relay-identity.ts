import { randomBytes, randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { errorMessage } from '../../shared/lifecycle/index.ts';
import { syncFolder } from '../sync-folder.ts';

/** One of a relay's keys. */
export interface RelayKey {
  /** Thumbprint of the public key (RFC 7638). */
  readonly keyId: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly publicJwk: JWK;
  /** It signs from then on, until the next key does. */
  readonly activeFromMs: number;
  /** What it signed counts until then. */
  readonly verifiesUntilMs: number;
}

/** Who a relay is, and the keys that sign its tokens, oldest first. */
export interface RelayIdentity {
  readonly relayId: string;
  readonly keys: readonly RelayKey[];
}

export const IDENTITY_FILE = 'relay-key.json';

/** The key file is damaged, open to others, or cannot be used. `message` says what to do. */
export class IdentityError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'IdentityError';
  }
}

/**
 * Reads the identity in `folder`, making it on first use. Processes that race agree on one. Throws {@link IdentityError},
 * also when others than the owner may read the file: whoever has the key can make any token.
 */
export async function loadRelayIdentity(folder: string): Promise<RelayIdentity> {
  const path = join(folder, IDENTITY_FILE);
  return explained(path, async () => {
    const stored = (await read(path)) ?? (await create(folder, path));
    await requireOwnerOnly(path);
    return parse(stored, path);
  });
}

/** Reads the identity that somebody else keeps, such as a secret that is given to all nodes. Throws {@link IdentityError}. */
export async function readRelayIdentity(path: string): Promise<RelayIdentity> {
  return explained(path, async () => {
    const stored = await read(path);
    if (stored === undefined) throw new IdentityError(`The relay's key ${path} is not there.`);
    await requireNotPublic(path);
    return parse(stored, path);
  });
}

/**
 * Adds a key to the identity in the file at `path`: after `delayMs`, by which all nodes must have the file, it signs in
 * place of the last, whose signatures count for `overlapMs` more. Keys that count no more are removed. Throws
 * {@link IdentityError}.
 */
export async function rotateRelayKey(
  path: string,
  { nowMs, delayMs, overlapMs }: { readonly nowMs: number; readonly delayMs: number; readonly overlapMs: number },
): Promise<RelayIdentity> {
  return explained(path, async () => {
    const stored = await read(path);
    if (stored === undefined) throw new IdentityError(`The relay's key ${path} is not there.`);
    const { relayId, keys } = readFileContent(stored, path);
    const successor = { privateKey: await createPrivateKey(), activeFromMs: nowMs + delayMs, overlapMs };
    const all = [...keys, successor];
    const kept = all.filter((_key, index) => verifiesUntilMs(all, index) > nowMs);
    const [oldest = successor, ...later] = kept;
    const content = { relayId, privateKey: oldest.privateKey, activeFromMs: oldest.activeFromMs, keys: later };
    await replaceFile(path, `${JSON.stringify(content)}\n`);
    return parse(JSON.stringify(content), path);
  });
}

async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof IdentityError) throw error;
    const reason = errorMessage(error);
    throw new IdentityError(`The relay's key ${path} cannot be used: ${reason}.`, { cause: error });
  }
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function requireOwnerOnly(path: string): Promise<void> {
  // Windows keeps access lists instead, which these bits do not show.
  if (process.platform === 'win32') return;
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return;
  throw new IdentityError(
    `Others than the owner can reach the relay's key ${path}, so they may know it. Run: chmod 600 '${path}'. ` +
      'If somebody may have read it, move it away instead: a new key is made, and all tokens end.',
  );
}

// A secret of a container often comes readable by a group, and owned by somebody else.
async function requireNotPublic(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { mode } = await stat(path);
  if ((mode & 0o007) === 0) return;
  throw new IdentityError(`Everybody on this machine can read the relay's key ${path}. Take that right away.`);
}

async function createPrivateKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  return exportJWK(privateKey);
}

async function writeSynced(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeSynced(temporary, content);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
}

async function create(folder: string, path: string): Promise<string> {
  const relayId = `relay-${randomBytes(12).toString('base64url')}`;
  const content = `${JSON.stringify({ relayId, privateKey: await createPrivateKey() })}\n`;
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeSynced(temporary, content);
    // A link appears whole, and only if there is none: the first of several processes wins.
    await link(temporary, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(folder);
  return readFile(path, 'utf8');
}

async function parse(content: string, path: string): Promise<RelayIdentity> {
  const { relayId, keys } = readFileContent(content, path);
  const imported = keys.map(async ({ privateKey: jwk, activeFromMs }, index): Promise<RelayKey> => {
    const { kty, crv, x, d } = jwk;
    const privateKey = await importJWK({ kty, crv, x, d }, 'EdDSA').catch(() => undefined);
    const publicKey = await importJWK({ kty, crv, x }, 'EdDSA').catch(() => undefined);
    if (!privateKey || privateKey instanceof Uint8Array) throw damaged(path);
    if (!publicKey || publicKey instanceof Uint8Array) throw damaged(path);
    const keyId = await calculateJwkThumbprint({ kty, crv, x });
    const publicJwk = { kty, crv, x, kid: keyId, use: 'sig', alg: 'EdDSA' };
    return { keyId, privateKey, publicKey, publicJwk, activeFromMs, verifiesUntilMs: verifiesUntilMs(keys, index) };
  });
  return { relayId, keys: await Promise.all(imported) };
}

type Ed25519Key = Required<Pick<JWK, 'crv' | 'x' | 'd'>> & { readonly kty: 'OKP' };

interface StoredKey {
  readonly privateKey: JWK;
  readonly activeFromMs: number;
  /** How long its predecessor counts beside it. */
  readonly overlapMs: number;
}

/** A key counts until its successor has been in use for the overlap. */
function verifiesUntilMs(keys: readonly StoredKey[], index: number): number {
  const successor = keys[index + 1];
  return successor ? successor.activeFromMs + successor.overlapMs : Infinity;
}

function readFileContent(content: string, path: string) {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw damaged(path);
  }
  if (!isRecord(value) || typeof value['relayId'] !== 'string' || !isEd25519Key(value['privateKey']))
    throw damaged(path);
  const { relayId, privateKey, activeFromMs = 0, keys: later = [] } = value;
  if (typeof activeFromMs !== 'number' || !Array.isArray(later)) throw damaged(path);
  if (!later.every(isStoredKey)) throw damaged(path);
  return { relayId, keys: [{ privateKey, activeFromMs, overlapMs: 0 }, ...later] };
}

function isStoredKey(value: unknown): value is StoredKey & { readonly privateKey: Ed25519Key } {
  if (!isRecord(value) || !isEd25519Key(value['privateKey'])) return false;
  return typeof value['activeFromMs'] === 'number' && typeof value['overlapMs'] === 'number';
}

function isEd25519Key(value: unknown): value is Ed25519Key {
  if (!isRecord(value)) return false;
  const { kty, crv, x, d } = value;
  return kty === 'OKP' && crv === 'Ed25519' && typeof x === 'string' && typeof d === 'string';
}

function damaged(path: string): IdentityError {
  return new IdentityError(
    `The relay's key ${path} is damaged. Restore it from a backup; deleting it voids all tokens.`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
