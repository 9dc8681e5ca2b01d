import { SignJWT } from 'jose';
import type { SeededRandom } from '../../../shared/testing/seeded-random.ts';
import type { RelayIdentity } from '../../access/relay-identity.ts';
import { firstKey } from '../first-key.ts';
import { mutateBytes, oddJson, oddText } from './odd-values.ts';

const CLAIMS = ['iss', 'sub', 'aud', 'tenant', 'room', 'role', 'name', 'link', 'lineage', 'jti', 'paths', 'iat', 'exp'];
const ALGORITHMS = ['none', 'None', 'HS256', 'RS256', 'ES256', 'EdDSA', ''];

/** Makes tokens that are damaged, forged, or signed by the relay's own key with claims that it would never write. */
export class HostileTokens {
  private readonly identity: RelayIdentity;
  private readonly random: SeededRandom;
  /** For a room that is there, of somebody who may come in. */
  private readonly valid: string;

  constructor(identity: RelayIdentity, valid: string, random: SeededRandom) {
    this.identity = identity;
    this.valid = valid;
    this.random = random;
  }

  async next(): Promise<string> {
    const { random, valid } = this;
    const [header = '', payload = '', signature = ''] = valid.split('.');
    const kind = random.below(6);
    if (kind === 0) return toText(mutateBytes(random, Buffer.from(valid)));
    if (kind === 1)
      return `${edit(random, header, ['alg', 'kid', 'typ', 'crit', 'jwk', 'b64'])}.${payload}.${signature}`;
    if (kind === 2) return `${header}.${edit(random, payload, CLAIMS)}.${signature}`;
    if (kind === 3) return `${header}.${payload}.${toText(mutateBytes(random, Buffer.from(signature)))}`;
    if (kind === 4) return random.pick(['', '.', '..', `${valid}.`, `${header}..${signature}`, oddText(random)]);
    return this.sign(decode(edit(random, payload, CLAIMS)));
  }

  private async sign(claims: Record<string, unknown>): Promise<string> {
    const { privateKey, keyId } = firstKey(this.identity);
    try {
      return await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid: keyId }).sign(privateKey);
    } catch {
      // The library does not write times that are no numbers.
      return this.valid.slice(1);
    }
  }
}

function edit(random: SeededRandom, part: string, fields: readonly string[]): string {
  const values = decode(part);
  const field = random.pick(fields);
  if (random.chance(0.2)) delete values[field];
  else values[field] = field === 'alg' ? random.pick(ALGORITHMS) : oddJson(random);
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
