import { chunk } from './chunk.ts';
import { createMessageCodec, type MessageOf } from './message.ts';
import { access } from './relay-messages/access.ts';
import { ack } from './relay-messages/ack.ts';
import { committed } from './relay-messages/committed.ts';
import { compared } from './relay-messages/compared.ts';
import { deflatedSync } from './relay-messages/deflated-sync.ts';
import { digests } from './relay-messages/digests.ts';
import { documentClosed } from './relay-messages/document-closed.ts';
import { goodbye } from './relay-messages/goodbye.ts';
import { opened } from './relay-messages/opened.ts';
import { pong } from './relay-messages/pong.ts';
import { presence } from './relay-messages/presence.ts';
import { refused } from './relay-messages/refused.ts';
import { renewed } from './relay-messages/renewed.ts';
import { seen } from './relay-messages/seen.ts';
import { sync } from './relay-messages/sync.ts';
import { update } from './relay-messages/update.ts';
import { welcome } from './relay-messages/welcome.ts';

const definitions = [
  welcome,
  opened,
  sync,
  update,
  committed,
  ack,
  refused,
  presence,
  seen,
  renewed,
  pong,
  documentClosed,
  goodbye,
  chunk,
  deflatedSync,
  access,
  digests,
  compared,
] as const;

/** Everything the relay may send. */
export type RelayMessage = MessageOf<(typeof definitions)[number]>;

export const relayMessageCodec = createMessageCodec(definitions);
