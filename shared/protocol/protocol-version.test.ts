import { createHash } from 'node:crypto';
import { assert, expect, it } from 'vitest';
import { clientMessageCodec } from './client-messages.ts';
import { relayMessageCodec } from './relay-messages.ts';
import { OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from './version.ts';

const RAISE_THE_VERSION =
  'The wire schema has changed. Raise PROTOCOL_VERSION in shared/protocol/version.ts, describe the change in SPEC.md, ' +
  'then pin the new version and hash in this file.';
const PINNED = { version: 4, schemaHash: '8a1ece3ff0edc667' };

it('[FR4] the wire schema changes only together with the protocol version', () => {
  const schema = `${clientMessageCodec.schema}\n--\n${relayMessageCodec.schema}`;
  const schemaHash = createHash('sha256').update(schema).digest('hex').slice(0, 16);
  assert.deepEqual({ version: PROTOCOL_VERSION, schemaHash }, PINNED, RAISE_THE_VERSION);
});

it('[VH2] speaks at least its own version', () => {
  expect(OLDEST_PROTOCOL_VERSION).toBeLessThanOrEqual(PROTOCOL_VERSION);
});
