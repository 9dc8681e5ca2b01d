import { explanation, handle } from '../common-fields.ts';
import { oneOf, struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** The relay does not serve this document (any longer) on this connection; other documents are not touched. */
export const documentClosed = defineMessage(
  12,
  'document-closed',
  struct({
    handle,
    reason: oneOf(['forbidden', 'unreadable', 'too-many-documents', 'reopen']),
    explanation,
  }),
);
