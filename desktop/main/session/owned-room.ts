import { createRoom, type TokenResult, type TokenSource } from '../../../shared/sync/index.ts';
import { postJson } from './relay-api.ts';

export interface OwnedRoomOptions {
  readonly relayUrl: string;
  readonly room: string;
  readonly roomName: string;
  readonly ownerSecret: string;
  /** Lets this app make rooms; undefined when the relay gave it none. */
  readonly operatorToken: string | undefined;
  /** Trades the owner's secret for tokens. */
  readonly granted: TokenSource;
}

/**
 * Token source of a room that this device made: makes it on the relay first, once per start, since the relay may be
 * new or restored from an older backup.
 */
export function createOwnedRoomTokenSource(options: OwnedRoomOptions): TokenSource {
  let isCreated = false;
  return {
    async obtain(request): Promise<TokenResult> {
      if (!isCreated && options.operatorToken !== undefined) {
        const { relayUrl, operatorToken, room, roomName, ownerSecret } = options;
        const made = await createRoom(postJson, relayUrl, operatorToken, { room, name: roomName, ownerSecret });
        if (!made.ok) return { kind: made.isTransient ? 'transient' : 'permanent', explanation: made.explanation };
        isCreated = true;
      }
      return options.granted.obtain(request);
    },
  };
}
