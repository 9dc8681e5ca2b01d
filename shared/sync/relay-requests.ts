import type { Role } from '../access/index.ts';
import type { JsonAnswer, PostJson } from './link-token-source.ts';

/** What came of a request to a relay. `isTransient`: trying again later can help. */
export type RequestOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly explanation: string; readonly isTransient: boolean };

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
  return request(
    relayUrl,
    () => postJson(`${relayUrl}/api/rooms`, room, operatorToken),
    () => ({ value: undefined }),
  );
}

/** Makes a share link with an owner's room token; the value is the link's secret. */
export async function createShareLink(
  postJson: PostJson,
  relayUrl: string,
  room: string,
  ownerToken: string,
  role: Role,
): Promise<RequestOutcome<string>> {
  return request(
    relayUrl,
    () => postJson(`${relayUrl}/api/rooms/${room}/links`, { role }, ownerToken),
    ({ body }) => {
      const secret = readText(body, 'secret');
      return secret === undefined ? undefined : { value: secret };
    },
  );
}

async function request<T>(
  relayUrl: string,
  send: () => Promise<JsonAnswer>,
  read: (answer: JsonAnswer) => { readonly value: T } | undefined,
): Promise<RequestOutcome<T>> {
  let answer: JsonAnswer;
  try {
    answer = await send();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const explanation = `The relay at ${relayUrl} cannot be reached (${reason}). Check that it runs and that you are online.`;
    return { ok: false, explanation, isTransient: true };
  }
  if (answer.status >= 200 && answer.status <= 299) {
    const result = read(answer);
    if (result) return { ok: true, value: result.value };
    return { ok: false, explanation: `What answers at ${relayUrl} is not a Tutti relay.`, isTransient: false };
  }
  const explanation = readText(answer.body, 'explanation') ?? `The relay answered with HTTP status ${answer.status}.`;
  return { ok: false, explanation, isTransient: answer.status >= 500 || answer.status === 429 };
}

function readText(body: unknown, key: string): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const value: unknown = Reflect.get(body, key);
  return typeof value === 'string' ? value : undefined;
}
