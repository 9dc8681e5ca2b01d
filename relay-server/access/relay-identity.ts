import { randomBytes, randomUUID } from 'node:crypto';
import { link, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { syncFolder } from '../sync-folder.ts';

/** Who a relay is, and the key that signs its tokens. */
export interface RelayIdentity {
  readonly relayId: string;
  readonly signingKey: CryptoKey;
  readonly verifyingKey: CryptoKey;
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

async function explained(path: string, work: () => Promise<RelayIdentity>): Promise<RelayIdentity> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof IdentityError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
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

async function create(folder: string, path: string): Promise<string> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const relayId = `relay-${randomBytes(12).toString('base64url')}`;
  const content = `${JSON.stringify({ relayId, privateKey: await exportJWK(privateKey) })}\n`;
  const temporary = `${path}.${randomUUID()}`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
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
  const damaged = new IdentityError(
    `The relay's key ${path} is damaged. Restore it from a backup; deleting it voids all tokens.`,
  );
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw damaged;
  }
  if (!isIdentityFile(value)) throw damaged;
  const { kty, crv, x, d } = value.privateKey;
  const signingKey = await importJWK({ kty, crv, x, d }, 'EdDSA').catch(() => undefined);
  const verifyingKey = await importJWK({ kty, crv, x }, 'EdDSA').catch(() => undefined);
  if (!signingKey || signingKey instanceof Uint8Array) throw damaged;
  if (!verifyingKey || verifyingKey instanceof Uint8Array) throw damaged;
  return { relayId: value.relayId, signingKey, verifyingKey };
}

type Ed25519Key = Required<Pick<JWK, 'crv' | 'x' | 'd'>> & { readonly kty: 'OKP' };

function isIdentityFile(value: unknown): value is { readonly relayId: string; readonly privateKey: Ed25519Key } {
  if (!isRecord(value) || typeof value['relayId'] !== 'string' || !isRecord(value['privateKey'])) return false;
  const { kty, crv, x, d } = value['privateKey'];
  return kty === 'OKP' && crv === 'Ed25519' && typeof x === 'string' && typeof d === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
