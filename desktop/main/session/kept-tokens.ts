import { createHash } from 'node:crypto';
import type { ShareLink } from '../../../shared/access/index.ts';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { LinkTokenSource, type PostJson, type TokenResult } from '../../../shared/sync/index.ts';

/** Keeps the last token of a room across starts of the app. */
export interface LastTokens {
  remember(room: string, name: string, token: string): void;
  find(room: string, name: string): string | undefined;
}

/** Trades a share link for tokens, and stays the same person to the relay as at the start before. */
export class KeptTokenSource extends LinkTokenSource {
  private readonly keep: (token: string) => void;
  private readonly firstToken: string | undefined;

  constructor(
    link: ShareLink,
    name: string,
    { post, lastTokens }: { readonly post: PostJson; readonly lastTokens: LastTokens },
  ) {
    const { relayUrl, room, secret } = link;
    const linkName = createHash('sha256').update(secret).digest('base64url');
    const options = { relayUrl, room, secret, name, postJson: post, scheduler: systemScheduler };
    const firstToken = lastTokens.find(room, linkName);
    super(options, firstToken);
    this.firstToken = firstToken;
    this.keep = (token) => lastTokens.remember(room, linkName, token);
  }

  /** What the relay gave last, maybe at an earlier start and long expired. */
  get lastToken(): string | undefined {
    return this.grant?.token ?? this.firstToken;
  }

  override async obtain(request: { readonly isFresh: boolean }): Promise<TokenResult> {
    const before = this.grant?.token;
    const result = await super.obtain(request);
    if (result.kind === 'granted' && result.granted.token !== before) this.keep(result.granted.token);
    return result;
  }
}
