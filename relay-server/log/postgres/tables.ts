import { sql } from 'kysely';
import { SCHEMA } from './schema.ts';

// Names of tables for statements that are written out.
export const DOCUMENTS = sql.table(`${SCHEMA}.documents`);
export const SESSIONS = sql.table(`${SCHEMA}.sessions`);
export const UPDATES = sql.table(`${SCHEMA}.updates`);
export const DAMAGED_UPDATES = sql.table(`${SCHEMA}.damaged_updates`);
export const SEGMENTS = sql.table(`${SCHEMA}.segments`);
export const SEGMENT_UPLOADS = sql.table(`${SCHEMA}.segment_uploads`);
