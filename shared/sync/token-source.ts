/** A capability token and when it ends, by this device's clock. */
export interface GrantedToken {
  readonly token: string;
  readonly expiresAtMs: number;
}

export type TokenFailure =
  /** Trying again later can help: the relay cannot be reached or is busy. */
  | { readonly kind: 'transient'; readonly explanation: string }
  /** It cannot: the link is revoked, expired, used up or of another relay. */
  | {
      readonly kind: 'permanent';
      readonly explanation: string;
      /** The relay knows neither the link nor, maybe, the room. */
      readonly isUnknown?: boolean;
      /** Asking again has the same answer, whatever becomes of the relay. */
      readonly isFinal?: boolean;
    };

export type TokenResult = { readonly kind: 'granted'; readonly granted: GrantedToken } | TokenFailure;

/** Where the engine gets its token from: usually a share link traded at the relay. Never throws. */
export interface TokenSource {
  /** `isFresh` asks for a new token even when the last one still runs, because the relay refused it or it ends soon. */
  obtain(options: { readonly isFresh: boolean }): Promise<TokenResult>;
}
