import type { RelayIdentity, RelayKey } from '../access/relay-identity.ts';

/** The only key of a relay whose keys were never changed. */
export function firstKey({ keys }: RelayIdentity): RelayKey {
  const [key] = keys;
  if (!key) throw new Error('the relay has no key');
  return key;
}
