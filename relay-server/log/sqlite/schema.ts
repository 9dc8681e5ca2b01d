/** Each entry brings the database one version further; `user_version` says how many were run. Append only. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE rooms (
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, room)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE links (
    tenant TEXT NOT NULL,
    link_id TEXT NOT NULL,
    room TEXT NOT NULL,
    role TEXT NOT NULL,
    label TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    max_uses INTEGER,
    uses INTEGER NOT NULL DEFAULT 0,
    revoked_at_ms INTEGER,
    PRIMARY KEY (tenant, link_id),
    FOREIGN KEY (tenant, room) REFERENCES rooms (tenant, room)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX links_by_secret ON links (tenant, room, secret_hash);

  CREATE TABLE tokens (
    jti TEXT PRIMARY KEY NOT NULL,
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    subject TEXT NOT NULL,
    link_id TEXT,
    expires_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tokens_by_expiry ON tokens (expires_at_ms);

  CREATE TABLE documents (
    document_id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    document TEXT NOT NULL,
    epoch TEXT NOT NULL,
    head INTEGER NOT NULL DEFAULT 0,
    snapshot_seq INTEGER,
    snapshot_id TEXT,
    snapshot_bytes INTEGER,
    UNIQUE (tenant, room, document)
  ) STRICT;

  CREATE TABLE sessions (
    session_key INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    session_id TEXT NOT NULL,
    UNIQUE (subject, session_id)
  ) STRICT;

  CREATE TABLE updates (
    document_id INTEGER NOT NULL REFERENCES documents (document_id),
    seq INTEGER NOT NULL,
    session_key INTEGER NOT NULL REFERENCES sessions (session_key),
    client_seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    payload BLOB NOT NULL,
    UNIQUE (document_id, seq),
    UNIQUE (document_id, session_key, client_seq)
  ) STRICT;
  `,
  `
  CREATE TABLE revoked_subjects (
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    subject TEXT NOT NULL,
    revoked_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, room, subject)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO revoked_subjects (tenant, room, subject, revoked_at_ms)
    SELECT tenant, room, subject, min(revoked_at_ms) FROM tokens WHERE revoked_at_ms IS NOT NULL
    GROUP BY tenant, room, subject;
  `,
  `
  CREATE TABLE damaged_updates (
    document_id INTEGER NOT NULL REFERENCES documents (document_id),
    seq INTEGER NOT NULL,
    subject TEXT NOT NULL,
    session_id TEXT NOT NULL,
    client_seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    payload BLOB NOT NULL,
    reason TEXT NOT NULL,
    moved_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX damaged_updates_by_document ON damaged_updates (document_id, seq);
  `,
  `
  ALTER TABLE documents ADD COLUMN archived_seq INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE segments (
    document_id INTEGER NOT NULL REFERENCES documents (document_id),
    from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    segment_id TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    damage TEXT,
    PRIMARY KEY (document_id, to_seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE segment_uploads (
    document_id INTEGER NOT NULL REFERENCES documents (document_id),
    segment_id TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    is_abandoned INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (document_id, segment_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX segment_uploads_by_start ON segment_uploads (started_at_ms);
  `,
  `
  ALTER TABLE links ADD COLUMN needs_approval INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE links ADD COLUMN paths TEXT;
  ALTER TABLE links ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
  ALTER TABLE links ADD COLUMN closed_at_ms INTEGER;
  CREATE INDEX links_by_hash ON links (room, secret_hash);

  CREATE TABLE room_access (
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0,
    audit_seq INTEGER NOT NULL DEFAULT 0,
    settings TEXT NOT NULL,
    revoked_before_ms INTEGER,
    PRIMARY KEY (tenant, room)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE revoked_lineages (
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    lineage_id TEXT NOT NULL,
    revoked_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, room, lineage_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE room_roles (
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (tenant, room, subject)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE members (
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    lineage_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    link_id TEXT,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, room, lineage_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX members_by_subject ON members (tenant, room, subject);

  CREATE TABLE audit (
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (tenant, room, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE join_requests (
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    request_id TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    link_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    decision TEXT NOT NULL,
    PRIMARY KEY (tenant, room, request_id),
    UNIQUE (tenant, room, request_hash)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE proposals (
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    proposal_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    state TEXT NOT NULL,
    content BLOB,
    PRIMARY KEY (tenant, room, proposal_id)
  ) STRICT;
  `,
  `
  ALTER TABLE join_requests ADD COLUMN polled_at_ms INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX join_requests_by_link ON join_requests (tenant, room, link_id);
  CREATE INDEX members_by_last_seen ON members (tenant, room, last_seen_ms);
  CREATE INDEX members_never_in ON members (tenant, room, last_seen_ms)
    WHERE last_seen_ms = first_seen_ms AND link_id IS NOT NULL;
  `,
  `
  CREATE TABLE objects_claim (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    current_mark TEXT NOT NULL,
    next_mark TEXT NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE links ADD COLUMN closed_reason TEXT;
  ALTER TABLE join_requests ADD COLUMN lineage_id TEXT;
  CREATE INDEX members_owners ON members (tenant, room, subject) WHERE role = 'owner';
  `,
  `
  ALTER TABLE objects_claim ADD COLUMN past_marks TEXT NOT NULL DEFAULT '[]';
  `,
  `
  CREATE TABLE events (
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    seq INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    detail TEXT NOT NULL,
    files INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    spans TEXT NOT NULL,
    PRIMARY KEY (tenant, room, seq),
    UNIQUE (tenant, room, event_id)
  ) STRICT;

  CREATE TABLE event_counts (
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    events INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (tenant, room)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE blobs (
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    touched_at_ms INTEGER NOT NULL,
    completed_at_ms INTEGER,
    size_bytes INTEGER,
    created_by TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, room, sha256)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE blob_parts (
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    part INTEGER NOT NULL,
    part_sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    state TEXT NOT NULL,
    touched_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, room, sha256, part, part_sha256)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX blob_parts_unused ON blob_parts (touched_at_ms) WHERE state <> 'used';

  CREATE TABLE blob_usage (
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (tenant, room)
  ) STRICT, WITHOUT ROWID;
  `,
];
