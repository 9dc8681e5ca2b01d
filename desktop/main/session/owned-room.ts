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

/** How an operator lets an app make rooms, as people are told. */
const HOW_TO_LET =
  'Set TUTTI_OPERATOR_TOKEN to a token made with `npm run -s relay -- token --data DIR --create-rooms --ttl 30d`, where DIR is the data folder of that relay, and start Tutti again.';

/**
 * Token source of a room that this device made: makes it on the relay first, once per start and whenever the relay does
 * not know it any more, since the relay may be new or restored from an older backup. A room that is there goes on even if the relay lets this app make none any more.
 */
export function createOwnedRoomTokenSource(options: OwnedRoomOptions): TokenSource {
  let isCreated = false;
  let wasGranted = false;
  const obtain = async (request: { readonly isFresh: boolean }): Promise<TokenResult> => {
    const { relayUrl, operatorToken, room, roomName, ownerSecret, granted } = options;
    const wasCreated = isCreated;
    if (!isCreated && operatorToken !== undefined) {
      const made = await createRoom(postJson, relayUrl, operatorToken, { room, name: roomName, ownerSecret });
      if (!made.ok && made.isTransient) return { kind: 'transient', explanation: made.explanation };
      if (!made.ok && !made.isUnauthenticated) return { kind: 'permanent', explanation: made.explanation };
      isCreated = made.ok;
    }
    const result = await granted.obtain(request);
    wasGranted ||= result.kind === 'granted';
    if (result.kind !== 'permanent' || !result.isUnknown) return result;
    const isJustMade = isCreated && !wasCreated;
    isCreated = false;
    // The relay has lost the room since.
    if (wasCreated) return obtain(request);
    if (isJustMade) return result;
    const refusal = explainRefusal(relayUrl, operatorToken !== undefined);
    return { kind: 'permanent', explanation: wasGranted ? `${explainLoss(relayUrl)} ${refusal}` : refusal };
  };
  return { obtain };
}

function explainLoss(relayUrl: string): string {
  return `The relay at ${relayUrl} does not have this room any more: its data was lost, or another relay answers there. All of the room is kept on this device, and goes to the relay as soon as it has the room again: bring the relay's data back, or let Tutti make the room there once more.`;
}

function explainRefusal(relayUrl: string, hasToken: boolean): string {
  return hasToken
    ? `The relay at ${relayUrl} refuses the operator token (TUTTI_OPERATOR_TOKEN), so this app may not make rooms there. ${HOW_TO_LET}`
    : `The relay at ${relayUrl} does not let this app make rooms without an operator token. ${HOW_TO_LET}`;
}
