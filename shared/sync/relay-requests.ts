import { errorMessage } from '../lifecycle/index.ts';
import type { JsonAnswer, PostJson } from './link-token-source.ts';

/** What came of a request to a relay. `isTransient`: trying again later can help. */
export type RequestOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly explanation: string;
      readonly isTransient: boolean;
      /** The token that was sent does not count. */
      readonly isUnauthenticated?: boolean;
    };

export interface NewRoom {
  readonly room: string;
  readonly name: string;
  /** Secret of the owner's link. Chosen by the caller, so that asking twice is harmless. */
  readonly ownerSecret: string;
}

/** Makes a room; one that was made before with the same secret counts as made. */
export async function createRoom(
  postJson: PostJson,
  relayUrl: string,
  operatorToken: string,
  room: NewRoom,
): Promise<RequestOutcome<undefined>> {
  let answer: JsonAnswer;
  try {
    answer = await postJson(`${relayUrl}/api/rooms`, room, operatorToken);
  } catch (error) {
    const reason = errorMessage(error);
    const explanation = `The relay at ${relayUrl} cannot be reached (${reason}). Check that it runs and that you are online.`;
    return { ok: false, explanation, isTransient: true };
  }
  if (answer.status >= 200 && answer.status <= 299) return { ok: true, value: undefined };
  const explanation = readText(answer.body, 'explanation') ?? `The relay answered with HTTP status ${answer.status}.`;
  const { status } = answer;
  return {
    ok: false,
    explanation,
    isTransient: status >= 500 || status === 429,
    ...(status === 401 ? { isUnauthenticated: true } : {}),
  };
}

function readText(body: unknown, key: string): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const value: unknown = Reflect.get(body, key);
  return typeof value === 'string' ? value : undefined;
}
