import { type RelayMessage, relayMessageCodec } from '../../shared/protocol/index.ts';
import { encodeUpdate } from './y-message.ts';

interface Translation {
  readonly message: RelayMessage;
  /** The same update for a Yjs client. */
  readonly translated: Uint8Array | undefined;
}

// One frame goes to everybody in a document.
const translations = new WeakMap<Uint8Array, Translation>();

/** Translates a frame of the room, once for all Yjs clients that it is sent to. */
export function translateFrame(frame: Uint8Array): Translation {
  const known = translations.get(frame);
  if (known) return known;
  const message = relayMessageCodec.decode(frame);
  const translated = message.type === 'update' ? encodeUpdate(message.payload) : undefined;
  const translation = { message, translated };
  translations.set(frame, translation);
  return translation;
}
