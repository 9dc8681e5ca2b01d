import type { TokenResult, TokenSource } from '../../../shared/sync/index.ts';

/** Gives what a trade that is under way comes to first, and what `source` gives from then on. */
export function startingWith(joining: Promise<TokenResult> | undefined, source: TokenSource): TokenSource {
  let first = joining;
  return {
    obtain(request) {
      const result = first ?? source.obtain(request);
      first = undefined;
      return result;
    },
  };
}

/** Gives no token, ever, and says why. */
export function refusing(explanation: string): TokenSource {
  return { obtain: async () => ({ kind: 'permanent', explanation }) };
}
