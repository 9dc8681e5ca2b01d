import { normalizeRelayUrl } from './relay-url.ts';

/** What a share link says: which relay, which room, and the secret that is traded for a token. */
export interface ShareLink {
  /** Origin and base path of the relay, without a trailing slash, such as `https://tutti.example.org`. */
  readonly relayUrl: string;
  readonly room: string;
  /** Never sent in a URL's path or query. */
  readonly secret: string;
}

export type ParsedShareLink =
  | { readonly ok: true; readonly link: ShareLink }
  /** `explanation` is for the person who pasted the link. */
  | { readonly ok: false; readonly explanation: string };

const ROOM = /^[A-Za-z0-9_-]{1,64}$/;
const SECRET = /^[A-Za-z0-9_-]{16,128}$/;
const HTTP_LINK = /^(https?:\/\/[^?#\s]*?)\/join\/([^/?#\s]*)\/?(?:\?[^#\s]*)?(?:#(\S*))?$/i;
const MAX_LINK_LENGTH = 4096;
const APP_LINK = /^tutti:\/\/join\/?\?([^#\s]*)(?:#(\S*))?$/i;

/** The link that a browser opens as a guest: `https://HOST/join/ROOM#SECRET`. */
export function formatShareLink({ relayUrl, room, secret }: ShareLink): string {
  return `${relayUrl}/join/${room}#${secret}`;
}

/** The link that opens the desktop app: `tutti://join?relay=…&room=ROOM#SECRET`. */
export function formatAppLink({ relayUrl, room, secret }: ShareLink): string {
  return `tutti://join?relay=${encodeURIComponent(relayUrl)}&room=${room}#${secret}`;
}

/** Reads either form. Links come from other people: nothing in them is trusted. */
export function parseShareLink(value: string): ParsedShareLink {
  const input = value.trim();
  if (input.length > MAX_LINK_LENGTH) return refuse('This is far too long for a Tutti link. Copy the link alone.');
  const http = HTTP_LINK.exec(input);
  if (http) return check(http[1], http[2], http[3]);
  const app = APP_LINK.exec(input);
  if (app) {
    const parameters = readQuery(app[1] ?? '');
    return check(parameters?.get('relay'), parameters?.get('room'), app[2]);
  }
  return refuse('This is not a Tutti link. A link looks like https://HOST/join/ROOM#SECRET or tutti://join?….');
}

function check(relay: string | undefined, room: string | undefined, secret: string | undefined): ParsedShareLink {
  const relayUrl = normalizeRelayUrl(relay ?? '');
  if (relayUrl === undefined) return refuse('The link does not name a relay. Ask for a new link.');
  if (room === undefined || !ROOM.test(room)) return refuse('The link does not name a room. Copy the whole link.');
  if (secret === undefined || !SECRET.test(secret)) {
    return refuse('The part of the link after # is missing or damaged. Copy the whole link.');
  }
  return { ok: true, link: { relayUrl, room, secret } };
}

function refuse(explanation: string): ParsedShareLink {
  return { ok: false, explanation };
}

function readQuery(query: string): Map<string, string> | undefined {
  try {
    return new Map(
      query.split('&').map((pair) => {
        const [name = '', ...rest] = pair.split('=');
        return [name, decodeURIComponent(rest.join('='))];
      }),
    );
  } catch {
    return undefined;
  }
}
