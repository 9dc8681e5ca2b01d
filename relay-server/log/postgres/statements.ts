import type { Statement } from './connection-pool.ts';
import { SCHEMA } from './schema.ts';

const DOCUMENT = 'tenant = $1 AND room = $2 AND document = $3';

/**
 * Appends to several documents in one statement, which is one transaction: a node that stalls holds no row of another.
 * It gives one row for each document, or none when a document or a session is not in its table yet; it has done nothing
 * then. Rows of documents are locked in the order of their ids, so that two nodes never wait for each other.
 *
 * Parameters: tenants, rooms and names of the documents; subjects and ids of the sessions; of each update the
 * one-based places of its document and session, clientSeq, name, time, place and size of the payload; all payloads.
 *
 * What another node commits while this waits for a row is not seen, and an update that it brought breaks a
 * unique key: the statement has to be repeated. Keys are looked up by scalar subqueries, which a plan that is kept for
 * long can only answer from the index.
 */
export const APPEND: Statement = {
  name: 'append',
  text: `
    WITH wanted AS MATERIALIZED (
      SELECT place, (
        SELECT document_id FROM ${SCHEMA}.documents AS d
        WHERE d.tenant = w.tenant AND d.room = w.room AND d.document = w.document
      ) AS document_id
      FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w (tenant, room, document, place)
    ), senders AS MATERIALIZED (
      SELECT place, (
        SELECT session_key FROM ${SCHEMA}.sessions AS s WHERE s.subject = w.subject AND s.session_id = w.session_id
      ) AS session_key
      FROM unnest($4::text[], $5::text[]) WITH ORDINALITY AS w (subject, session_id, place)
    ), given AS MATERIALIZED (
      SELECT g.*, document_id, session_key, (
        SELECT seq FROM ${SCHEMA}.updates AS u
        WHERE u.document_id = wanted.document_id AND u.session_key = senders.session_key AND u.client_seq = g.client_seq
      ) AS known_seq
      FROM unnest($6::int[], $7::int[], $8::bigint[], $9::text[], $10::bigint[], $11::int[], $12::int[])
        WITH ORDINALITY AS g (document_place, session_place, client_seq, name, time_ms, start, size, turn)
      JOIN wanted ON wanted.place = document_place
      JOIN senders ON senders.place = session_place
      WHERE NOT EXISTS (SELECT FROM wanted WHERE document_id IS NULL)
        AND NOT EXISTS (SELECT FROM senders WHERE session_key IS NULL)
    ), fresh AS (
      SELECT document_id, count(*) AS n FROM given WHERE known_seq IS NULL GROUP BY document_id
    ), locked AS MATERIALIZED (
      SELECT document_id FROM ${SCHEMA}.documents WHERE document_id = ANY (ARRAY(SELECT document_id FROM fresh))
      ORDER BY document_id FOR NO KEY UPDATE
    ), moved AS (
      UPDATE ${SCHEMA}.documents AS d SET head = d.head + n FROM fresh JOIN locked USING (document_id)
      WHERE d.document_id = fresh.document_id
      RETURNING d.document_id, d.epoch, d.head, d.head - n AS head_before
    ), added AS (
      INSERT INTO ${SCHEMA}.updates (document_id, seq, session_key, client_seq, name, time_ms, payload)
      SELECT document_id, head_before + row_number() OVER (PARTITION BY document_id ORDER BY turn),
        session_key, client_seq, name, time_ms, substring($13::bytea FROM start FOR size)
      FROM given JOIN moved USING (document_id) WHERE known_seq IS NULL
    )
    SELECT
      coalesce(moved.epoch, (SELECT epoch FROM ${SCHEMA}.documents AS d WHERE d.document_id = wanted.document_id)) AS epoch,
      coalesce(moved.head, (SELECT head FROM ${SCHEMA}.documents AS d WHERE d.document_id = wanted.document_id)) AS head,
      head_before,
      (SELECT json_agg(known_seq ORDER BY turn) FROM given WHERE given.document_id = wanted.document_id
        HAVING count(known_seq) > 0) AS known_seqs
    FROM wanted LEFT JOIN moved USING (document_id)
    WHERE NOT EXISTS (SELECT FROM wanted WHERE document_id IS NULL)
      AND NOT EXISTS (SELECT FROM senders WHERE session_key IS NULL)
    ORDER BY wanted.place`,
};

/** Adds documents that are not there. Sorted, so that two nodes never wait for each other. */
export const ADD_DOCUMENTS: Statement = {
  name: 'add-documents',
  text: `
    INSERT INTO ${SCHEMA}.documents (tenant, room, document, epoch)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS w (tenant, room, document, epoch)
    ORDER BY tenant, room, document ON CONFLICT DO NOTHING`,
};

/** Adds sessions that are not there, in the same manner. */
export const ADD_SESSIONS: Statement = {
  name: 'add-sessions',
  text: `
    INSERT INTO ${SCHEMA}.sessions (subject, session_id)
    SELECT * FROM unnest($1::text[], $2::text[]) AS w (subject, session_id)
    ORDER BY subject, session_id ON CONFLICT DO NOTHING`,
};

export const READ_DOCUMENT: Statement = {
  name: 'read-document',
  text: `
    SELECT epoch, head, snapshot_seq, snapshot_id, snapshot_bytes FROM ${SCHEMA}.documents
    WHERE ${DOCUMENT}`,
};

/** One row for each document that was asked for, in that order. */
export const READ_HEADS: Statement = {
  name: 'read-heads',
  text: `
    SELECT epoch, head
    FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w (tenant, room, document, place)
    LEFT JOIN LATERAL (
      SELECT epoch, head FROM ${SCHEMA}.documents AS d
      WHERE d.tenant = w.tenant AND d.room = w.room AND d.document = w.document
      OFFSET 0
    ) AS found ON true
    ORDER BY place`,
};

/** Parameters: the document, after and through which number, how many rows at most, and at which size to stop. */
export const READ_UPDATES: Statement = {
  name: 'read-updates',
  text: `
    SELECT seq, subject, session_id, client_seq, name, time_ms, payload
    FROM (
      SELECT *, sum(octet_length(payload)) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - octet_length(payload) AS size_before
      FROM (
        SELECT seq, session_key, client_seq, name, time_ms, payload FROM ${SCHEMA}.updates
        WHERE document_id = (SELECT document_id FROM ${SCHEMA}.documents WHERE ${DOCUMENT}) AND seq > $4 AND seq <= $5
        ORDER BY seq LIMIT $6
      ) AS page
    ) AS sized
    CROSS JOIN LATERAL (
      SELECT subject, session_id FROM ${SCHEMA}.sessions AS s WHERE s.session_key = sized.session_key OFFSET 0
    ) AS sender
    WHERE size_before < $7
    ORDER BY seq`,
};

export const READ_LAST_OF_SESSION: Statement = {
  name: 'read-last-of-session',
  text: `
    SELECT client_seq, seq FROM ${SCHEMA}.updates
    WHERE document_id = (SELECT document_id FROM ${SCHEMA}.documents WHERE ${DOCUMENT})
      AND session_key = (SELECT session_key FROM ${SCHEMA}.sessions WHERE subject = $4 AND session_id = $5)
    ORDER BY client_seq DESC LIMIT 1`,
};

/**
 * Parameters: the document and an epoch. A row that another node adds meanwhile is not seen at first; then the insertion
 * waits for it and gives what it says.
 */
export const SETTLE_EPOCH: Statement = {
  name: 'settle-epoch',
  text: `
    WITH known AS (
      SELECT epoch, head FROM ${SCHEMA}.documents WHERE ${DOCUMENT}
    ), added AS (
      INSERT INTO ${SCHEMA}.documents AS d (tenant, room, document, epoch)
      SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM known)
      ON CONFLICT (tenant, room, document) DO UPDATE SET epoch = d.epoch
      RETURNING d.epoch, d.head
    )
    SELECT epoch, head FROM known UNION ALL SELECT epoch, head FROM added`,
};

export const REPLACE_EPOCH: Statement = {
  name: 'replace-epoch',
  text: `UPDATE ${SCHEMA}.documents SET epoch = $5 WHERE ${DOCUMENT} AND epoch = $4`,
};

export const READ_EPOCH: Statement = {
  name: 'read-epoch',
  text: `SELECT epoch FROM ${SCHEMA}.documents WHERE ${DOCUMENT}`,
};

export const SET_SNAPSHOT: Statement = {
  name: 'set-snapshot',
  text: `
    UPDATE ${SCHEMA}.documents SET snapshot_seq = $4, snapshot_id = $5, snapshot_bytes = $6
    WHERE ${DOCUMENT} AND coalesce(snapshot_seq, 0) < $4 AND snapshot_id IS NOT DISTINCT FROM $7
    RETURNING document_id`,
};
