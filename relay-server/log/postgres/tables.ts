import { sql } from 'kysely';
import { SCHEMA } from './schema.ts';

// Names of tables for statements that are written out.
export const DOCUMENTS = sql.table(`${SCHEMA}.documents`);
export const SESSIONS = sql.table(`${SCHEMA}.sessions`);
export const UPDATES = sql.table(`${SCHEMA}.updates`);
export const DAMAGED_UPDATES = sql.table(`${SCHEMA}.damaged_updates`);
export const SEGMENTS = sql.table(`${SCHEMA}.segments`);
export const SEGMENT_UPLOADS = sql.table(`${SCHEMA}.segment_uploads`);
export const LINKS = sql.table(`${SCHEMA}.links`);
export const ROOM_ACCESS = sql.table(`${SCHEMA}.room_access`);
export const REVOKED_SUBJECTS = sql.table(`${SCHEMA}.revoked_subjects`);
export const REVOKED_LINEAGES = sql.table(`${SCHEMA}.revoked_lineages`);
export const ROOM_ROLES = sql.table(`${SCHEMA}.room_roles`);
export const MEMBERS = sql.table(`${SCHEMA}.members`);
export const AUDIT = sql.table(`${SCHEMA}.audit`);
export const JOIN_REQUESTS = sql.table(`${SCHEMA}.join_requests`);
export const PROPOSALS = sql.table(`${SCHEMA}.proposals`);
export const EVENTS = sql.table(`${SCHEMA}.events`);
export const EVENT_COUNTS = sql.table(`${SCHEMA}.event_counts`);
export const BLOBS = sql.table(`${SCHEMA}.blobs`);
export const BLOB_PARTS = sql.table(`${SCHEMA}.blob_parts`);
export const BLOB_USAGE = sql.table(`${SCHEMA}.blob_usage`);
