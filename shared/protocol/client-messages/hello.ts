import { token } from '../common-fields.ts';
import { list, struct, text, uint } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/**
 * First message of a connection. The client speaks protocol versions `oldestVersion` to `version`.
 * `sessionId` is made once per engine start: with the document and a clientSeq it names an update for good.
 * `features` are optional abilities, such as compressions.
 */
export const hello = defineMessage(
  1,
  'hello',
  struct({
    version: uint,
    oldestVersion: uint,
    token,
    sessionId: text(64, /^[A-Za-z0-9_-]{16,64}$/),
    client: text(128),
    features: list(text(32, /^[a-z0-9-]+$/), 32),
  }),
);
