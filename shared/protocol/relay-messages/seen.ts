import { handle, presenceId, seq } from '../common-fields.ts';
import { list, struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** How far others have stored a document. */
export const seen = defineMessage(9, 'seen', struct({ handle, entries: list(struct({ presenceId, seq }), 10_000) }));
