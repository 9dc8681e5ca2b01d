import { personName, presenceId, role, roomId } from '../common-fields.ts';
import { list, struct, text, uint } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/**
 * Answer to `hello`: the connection is authenticated. `version` is the one both sides speak from here.
 * The client pings every `heartbeatIntervalMs`; `tokenExpiresAtMs` is the relay's clock, `nowMs` likewise.
 */
export const welcome = defineMessage(
  1,
  'welcome',
  struct({
    version: uint,
    connectionId: text(64),
    presenceId,
    room: roomId,
    subject: text(128),
    name: personName,
    role,
    nowMs: uint,
    tokenExpiresAtMs: uint,
    heartbeatIntervalMs: uint,
    maxUpdateBytes: uint,
    features: list(text(32, /^[a-z0-9-]+$/), 32),
  }),
);
