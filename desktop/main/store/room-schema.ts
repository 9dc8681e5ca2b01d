import type { DatabaseSchema } from './open-database.ts';

/** Tables of the database of one room. A change is a new step at the end; a step that was released is never touched. */
export const ROOM_SCHEMA: DatabaseSchema = {
  steps: [
    `CREATE TABLE IF NOT EXISTS updates (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      document TEXT NOT NULL,
      payload BLOB NOT NULL,
      is_unacked INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS updates_of_document ON updates (document, id);
    CREATE INDEX IF NOT EXISTS unacked_updates ON updates (document, id) WHERE is_unacked = 1;
    CREATE TABLE IF NOT EXISTS cursors (document TEXT PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS mirror_base (
      file_id TEXT PRIMARY KEY,
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      content TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS mirror_saving (
      file_id TEXT PRIMARY KEY,
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      content TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS commits (synced INTEGER NOT NULL);
    INSERT INTO commits SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM commits)`,
    // Some files of version 1 have the first table already.
    `CREATE TABLE IF NOT EXISTS mirror_moving (
      file_id TEXT PRIMARY KEY,
      from_path TEXT NOT NULL,
      to_path TEXT NOT NULL,
      identity TEXT NOT NULL
    );
    CREATE TABLE document_use (document TEXT PRIMARY KEY, opened_ms INTEGER NOT NULL)`,
    `CREATE TABLE away (
      kind TEXT NOT NULL,
      name TEXT NOT NULL,
      summary TEXT NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY (kind, name)
    )`,
    `CREATE TABLE pending_event (
      event_id TEXT PRIMARY KEY,
      /* What is known of it once it is complete. */
      body TEXT
    );
    CREATE TABLE pending_event_document (
      event_id TEXT NOT NULL,
      document TEXT NOT NULL,
      epoch TEXT,
      from_seq INTEGER,
      to_seq INTEGER,
      PRIMARY KEY (event_id, document)
    ) WITHOUT ROWID;
    CREATE TABLE folder_git (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL)`,
    `CREATE TABLE mirror_note (
      kind TEXT NOT NULL,
      name TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (kind, name)
    )`,
    `ALTER TABLE mirror_base ADD COLUMN executable INTEGER;
    ALTER TABLE mirror_saving ADD COLUMN executable INTEGER`,
  ],
};
