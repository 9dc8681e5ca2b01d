import { handle } from '../common-fields.ts';
import { digestFields } from '../document-digest.ts';
import { struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** What the client's copy of a document is when it is at rest (SPEC DG1); others compare it with theirs. */
export const digest = defineMessage(16, 'digest', struct({ handle, ...digestFields }));
