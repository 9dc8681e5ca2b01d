/** Makes the tables of the rooms' events. */
export function eventTables(schema: string): readonly string[] {
  return [
    `CREATE TABLE ${schema}.events (
    tenant text NOT NULL,
    room text NOT NULL,
    seq bigint NOT NULL,
    event_id text NOT NULL,
    kind text NOT NULL,
    label text NOT NULL,
    detail text NOT NULL,
    files bigint NOT NULL,
    at_ms bigint NOT NULL,
    received_ms bigint NOT NULL,
    actor text NOT NULL,
    actor_name text NOT NULL,
    bytes bigint NOT NULL,
    spans text NOT NULL,
    PRIMARY KEY (tenant, room, seq),
    UNIQUE (tenant, room, event_id)
  )`,
    `CREATE TABLE ${schema}.event_counts (
    tenant text NOT NULL,
    room text NOT NULL,
    last_seq bigint NOT NULL DEFAULT 0,
    events bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, room)
  ) WITH (fillfactor = 50)`,
  ];
}
