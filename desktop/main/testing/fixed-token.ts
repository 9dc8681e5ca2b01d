import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import type { TokenSource } from '../../../shared/sync/index.ts';

/** Grants `token` whenever asked, as the relay's command line printed it. */
export function fixedToken(token: string): TokenSource {
  const granted = { token, expiresAtMs: systemScheduler.now() + 3_600_000 };
  return { obtain: async () => ({ kind: 'granted', granted }) };
}
