import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { eventTables } from './event-tables.ts';
import { SCHEMA } from './schema.ts';

/**
 * In the order of their names; append only. Nodes of the version before keep working while a new one starts, so a
 * migration adds and does not take away.
 */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-update-log-and-directory': {
    async up(database) {
      for (const statement of FIRST_TABLES) await sql.raw(statement).execute(database);
    },
  },
  '0002-damaged-updates': {
    async up(database) {
      for (const statement of DAMAGED_UPDATES) await sql.raw(statement).execute(database);
    },
  },
  '0003-segments': {
    async up(database) {
      for (const statement of SEGMENTS) await sql.raw(statement).execute(database);
    },
  },
  '0004-access': {
    async up(database) {
      for (const statement of ACCESS) await sql.raw(statement).execute(database);
    },
  },
  '0005-access-bounds': {
    async up(database) {
      for (const statement of ACCESS_BOUNDS) await sql.raw(statement).execute(database);
    },
  },
  '0006-objects-claim': {
    async up(database) {
      for (const statement of OBJECTS_CLAIM) await sql.raw(statement).execute(database);
    },
  },
  '0007-access-reasons': {
    async up(database) {
      for (const statement of ACCESS_REASONS) await sql.raw(statement).execute(database);
    },
  },
  '0008-past-marks': {
    async up(database) {
      for (const statement of PAST_MARKS) await sql.raw(statement).execute(database);
    },
  },
  '0009-events': {
    async up(database) {
      for (const statement of eventTables(SCHEMA)) await sql.raw(statement).execute(database);
    },
  },
  '0010-blobs': {
    async up(database) {
      for (const statement of BLOBS) await sql.raw(statement).execute(database);
    },
  },
};

const FIRST_TABLES: readonly string[] = [
  `CREATE TABLE ${SCHEMA}.rooms (
    tenant text NOT NULL,
    room text NOT NULL,
    name text NOT NULL,
    created_at_ms bigint NOT NULL,
    PRIMARY KEY (tenant, room)
  )`,
  `CREATE TABLE ${SCHEMA}.links (
    tenant text NOT NULL,
    link_id text NOT NULL,
    room text NOT NULL,
    role text NOT NULL,
    label text NOT NULL,
    secret_hash bytea NOT NULL,
    created_at_ms bigint NOT NULL,
    expires_at_ms bigint,
    max_uses bigint,
    uses bigint NOT NULL DEFAULT 0,
    revoked_at_ms bigint,
    PRIMARY KEY (tenant, link_id),
    FOREIGN KEY (tenant, room) REFERENCES ${SCHEMA}.rooms (tenant, room)
  )`,
  `CREATE UNIQUE INDEX links_by_secret ON ${SCHEMA}.links (tenant, room, secret_hash)`,
  `CREATE TABLE ${SCHEMA}.tokens (
    jti text PRIMARY KEY,
    tenant text NOT NULL,
    room text NOT NULL,
    subject text NOT NULL,
    link_id text,
    expires_at_ms bigint NOT NULL,
    revoked_at_ms bigint
  )`,
  `CREATE INDEX tokens_by_expiry ON ${SCHEMA}.tokens (expires_at_ms)`,
  `CREATE TABLE ${SCHEMA}.revoked_subjects (
    tenant text NOT NULL,
    room text NOT NULL,
    subject text NOT NULL,
    revoked_at_ms bigint NOT NULL,
    PRIMARY KEY (tenant, room, subject)
  )`,
  // Its rows change with every commit: room on each page keeps the change on the page and out of the indexes.
  `CREATE TABLE ${SCHEMA}.documents (
    document_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text NOT NULL,
    room text NOT NULL,
    document text NOT NULL,
    epoch text NOT NULL,
    head bigint NOT NULL DEFAULT 0,
    snapshot_seq bigint,
    snapshot_id text,
    snapshot_bytes bigint,
    UNIQUE (tenant, room, document)
  ) WITH (fillfactor = 50)`,
  `CREATE TABLE ${SCHEMA}.sessions (
    session_key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL,
    session_id text NOT NULL,
    UNIQUE (subject, session_id)
  )`,
  // Without foreign keys: the one statement that writes here takes both keys from their tables, where nothing is
  // deleted, and a check would lock a row of the session for each update.
  `CREATE TABLE ${SCHEMA}.updates (
    document_id bigint NOT NULL,
    seq bigint NOT NULL,
    session_key bigint NOT NULL,
    client_seq bigint NOT NULL,
    name text NOT NULL,
    time_ms bigint NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (document_id, seq),
    UNIQUE (document_id, session_key, client_seq)
  )`,
  // Squeezing a large paste would hold its document's row for longer than writing it does.
  `ALTER TABLE ${SCHEMA}.updates ALTER COLUMN payload SET STORAGE EXTERNAL`,
];

const DAMAGED_UPDATES: readonly string[] = [
  // Without a key: a row that is damaged again after a repair is kept once more.
  `CREATE TABLE ${SCHEMA}.damaged_updates (
    document_id bigint NOT NULL REFERENCES ${SCHEMA}.documents (document_id),
    seq bigint NOT NULL,
    subject text NOT NULL,
    session_id text NOT NULL,
    client_seq bigint NOT NULL,
    name text NOT NULL,
    time_ms bigint NOT NULL,
    payload bytea NOT NULL,
    reason text NOT NULL,
    moved_at_ms bigint NOT NULL
  )`,
  `CREATE INDEX damaged_updates_by_document ON ${SCHEMA}.damaged_updates (document_id, seq)`,
];

const SEGMENTS: readonly string[] = [
  `ALTER TABLE ${SCHEMA}.documents ADD COLUMN archived_seq bigint NOT NULL DEFAULT 0`,
  `CREATE TABLE ${SCHEMA}.segments (
    document_id bigint NOT NULL REFERENCES ${SCHEMA}.documents (document_id),
    from_seq bigint NOT NULL,
    to_seq bigint NOT NULL,
    epoch text NOT NULL,
    segment_id text NOT NULL,
    bytes bigint NOT NULL,
    damage text,
    PRIMARY KEY (document_id, to_seq)
  )`,
  `CREATE TABLE ${SCHEMA}.segment_uploads (
    document_id bigint NOT NULL REFERENCES ${SCHEMA}.documents (document_id),
    segment_id text NOT NULL,
    started_at_ms bigint NOT NULL,
    is_abandoned boolean NOT NULL DEFAULT false,
    PRIMARY KEY (document_id, segment_id)
  )`,
  `CREATE INDEX segment_uploads_by_start ON ${SCHEMA}.segment_uploads (started_at_ms)`,
];

const ACCESS: readonly string[] = [
  `ALTER TABLE ${SCHEMA}.links
    ADD COLUMN needs_approval boolean NOT NULL DEFAULT false,
    ADD COLUMN paths text,
    ADD COLUMN created_by text NOT NULL DEFAULT '',
    ADD COLUMN closed_at_ms bigint`,
  `CREATE INDEX links_by_hash ON ${SCHEMA}.links (room, secret_hash)`,
  `CREATE TABLE ${SCHEMA}.room_access (
    tenant text NOT NULL,
    room text NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    audit_seq bigint NOT NULL DEFAULT 0,
    settings text NOT NULL,
    revoked_before_ms bigint,
    PRIMARY KEY (tenant, room)
  ) WITH (fillfactor = 50)`,
  `CREATE TABLE ${SCHEMA}.revoked_lineages (
    tenant text NOT NULL,
    room text NOT NULL,
    lineage_id text NOT NULL,
    revoked_at_ms bigint NOT NULL,
    PRIMARY KEY (tenant, room, lineage_id)
  )`,
  `CREATE TABLE ${SCHEMA}.room_roles (
    tenant text NOT NULL,
    room text NOT NULL,
    subject text NOT NULL,
    role text NOT NULL,
    PRIMARY KEY (tenant, room, subject)
  )`,
  `CREATE TABLE ${SCHEMA}.members (
    tenant text NOT NULL,
    room text NOT NULL,
    lineage_id text NOT NULL,
    subject text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    link_id text,
    first_seen_ms bigint NOT NULL,
    last_seen_ms bigint NOT NULL,
    PRIMARY KEY (tenant, room, lineage_id)
  )`,
  `CREATE INDEX members_by_subject ON ${SCHEMA}.members (tenant, room, subject)`,
  `CREATE TABLE ${SCHEMA}.audit (
    tenant text NOT NULL,
    room text NOT NULL,
    seq bigint NOT NULL,
    at_ms bigint NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    actor_name text NOT NULL,
    target text NOT NULL,
    detail text NOT NULL,
    PRIMARY KEY (tenant, room, seq)
  )`,
  `CREATE TABLE ${SCHEMA}.join_requests (
    tenant text NOT NULL,
    room text NOT NULL,
    request_id text NOT NULL,
    request_hash bytea NOT NULL,
    link_id text NOT NULL,
    subject text NOT NULL,
    name text NOT NULL,
    created_at_ms bigint NOT NULL,
    decision text NOT NULL,
    PRIMARY KEY (tenant, room, request_id),
    UNIQUE (tenant, room, request_hash)
  )`,
  `CREATE TABLE ${SCHEMA}.proposals (
    tenant text NOT NULL,
    room text NOT NULL,
    proposal_id text NOT NULL,
    subject text NOT NULL,
    name text NOT NULL,
    document text NOT NULL,
    created_at_ms bigint NOT NULL,
    bytes bigint NOT NULL,
    state text NOT NULL,
    content bytea,
    PRIMARY KEY (tenant, room, proposal_id)
  )`,
];

const ACCESS_BOUNDS: readonly string[] = [
  `ALTER TABLE ${SCHEMA}.join_requests ADD COLUMN polled_at_ms bigint NOT NULL DEFAULT 0`,
  `CREATE INDEX join_requests_by_link ON ${SCHEMA}.join_requests (tenant, room, link_id)`,
  `CREATE INDEX members_by_last_seen ON ${SCHEMA}.members (tenant, room, last_seen_ms)`,
  `CREATE INDEX members_never_in ON ${SCHEMA}.members (tenant, room, last_seen_ms)
    WHERE last_seen_ms = first_seen_ms AND link_id IS NOT NULL`,
];

const OBJECTS_CLAIM: readonly string[] = [
  `CREATE TABLE ${SCHEMA}.objects_claim (
    id smallint PRIMARY KEY CHECK (id = 1),
    current_mark text NOT NULL,
    next_mark text NOT NULL
  )`,
];

const ACCESS_REASONS: readonly string[] = [
  `ALTER TABLE ${SCHEMA}.links ADD COLUMN closed_reason text`,
  `ALTER TABLE ${SCHEMA}.join_requests ADD COLUMN lineage_id text`,
  `CREATE INDEX members_owners ON ${SCHEMA}.members (tenant, room, subject) WHERE role = 'owner'`,
];

const PAST_MARKS: readonly string[] = [
  `ALTER TABLE ${SCHEMA}.objects_claim ADD COLUMN past_marks text NOT NULL DEFAULT '[]'`,
];

const BLOBS: readonly string[] = [
  `CREATE TABLE ${SCHEMA}.blobs (
    tenant text NOT NULL,
    room text NOT NULL,
    sha256 text NOT NULL,
    touched_at_ms bigint NOT NULL,
    completed_at_ms bigint,
    size_bytes bigint,
    created_by text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, room, sha256)
  )`,
  `CREATE TABLE ${SCHEMA}.blob_parts (
    tenant text NOT NULL,
    room text NOT NULL,
    sha256 text NOT NULL,
    part integer NOT NULL,
    part_sha256 text NOT NULL,
    size_bytes bigint NOT NULL,
    state text NOT NULL,
    touched_at_ms bigint NOT NULL,
    PRIMARY KEY (tenant, room, sha256, part, part_sha256)
  )`,
  `CREATE INDEX blob_parts_unused ON ${SCHEMA}.blob_parts (touched_at_ms) WHERE state <> 'used'`,
  `CREATE TABLE ${SCHEMA}.blob_usage (
    tenant text NOT NULL,
    room text NOT NULL,
    bytes bigint NOT NULL,
    PRIMARY KEY (tenant, room)
  ) WITH (fillfactor = 50)`,
];
