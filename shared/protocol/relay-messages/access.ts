import { explanation, role } from '../common-fields.ts';
import { oneOf, optional, struct, text, uint } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/**
 * What the client may do from here on (SPEC AC). `writesAs` counts for documents, with `chat` for the chat; `presenter` is the
 * subject of the one person who writes, when somebody presents; `version`
 * rises with every change that owners see.
 */
export const access = defineMessage(
  16,
  'access',
  struct({
    role,
    writesAs: role,
    chat: oneOf(['everyone', 'commenters', 'editors']),
    presenter: optional(text(128)),
    version: uint,
    explanation,
  }),
);
