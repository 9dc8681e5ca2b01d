import { chunk } from './chunk.ts';
import { applied } from './client-messages/applied.ts';
import { close } from './client-messages/close.ts';
import { compare } from './client-messages/compare.ts';
import { digest } from './client-messages/digest.ts';
import { hello } from './client-messages/hello.ts';
import { open } from './client-messages/open.ts';
import { ping } from './client-messages/ping.ts';
import { presence } from './client-messages/presence.ts';
import { renew } from './client-messages/renew.ts';
import { update } from './client-messages/update.ts';
import { createMessageCodec, type MessageOf } from './message.ts';

const definitions = [hello, open, close, update, applied, presence, renew, ping, chunk, digest, compare] as const;

/** Everything a client may send. */
export type ClientMessage = MessageOf<(typeof definitions)[number]>;

export const clientMessageCodec = createMessageCodec(definitions);
