import { systemScheduler } from '../../shared/lifecycle/index.ts';
import { loadRelayIdentity } from '../access/relay-identity.ts';
import { TokenAuthority } from '../access/token-authority.ts';
import type { ApiRelay } from './api-relay.ts';
import { temporaryFolder } from './relay-under-test.ts';

export const WORTHLESS = [
  'of another tenant',
  'of another room',
  'expired',
  'revoked',
  'of another relay',
  'of an operator',
  'damaged',
] as const;

export type Worthless = (typeof WORTHLESS)[number];

/** Owners' tokens, but each is worth nothing in `room` for a reason of its own. */
export async function createWorthlessTokens(
  relay: ApiRelay,
  room: string,
): Promise<Readonly<Record<Worthless, string>>> {
  const elsewhere = `${room}-elsewhere`;
  await relay.createRoom(elsewhere);
  await relay.storage.access.change({ tenant: 'default', room }, { kind: 'revoke-subject', subject: 'eve' }, undefined);
  const owner = { room, role: 'owner', subject: 'eve' } as const;
  const other = new TokenAuthority(await loadRelayIdentity(temporaryFolder()), systemScheduler);
  const expiresAtMs = Date.now() + 3_600_000;
  const unknown = { ...owner, tenant: 'default', name: 'Eve', linkId: undefined, expiresAtMs };
  const good = await relay.sign({ room, role: 'owner', subject: 'ana' });
  return {
    'of another tenant': await relay.sign({ ...owner, tenant: 'other' }),
    'of another room': await relay.sign({ ...owner, room: elsewhere }),
    expired: await relay.sign({ room, role: 'owner', subject: 'late', expiresAtMs: Date.now() - 60_000 }),
    revoked: await relay.sign(owner),
    'of another relay': (await other.signRoomToken(unknown)).token,
    'of an operator': await relay.authority.signOperatorToken(expiresAtMs),
    damaged: `${good.slice(0, -10)}AAAAAAAAAA`,
  };
}
