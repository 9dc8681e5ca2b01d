import { MAX_CANDIDATES } from '../database-rows.ts';
import type { Statement } from './connection-pool.ts';
import { SCHEMA } from './schema.ts';

const DOCUMENT_ID = `(SELECT document_id FROM ${SCHEMA}.documents WHERE tenant = $1 AND room = $2 AND document = $3)`;

export const FIND_SEGMENT: Statement = {
  name: 'find-segment',
  text: `
    SELECT from_seq, to_seq, epoch, segment_id, bytes, damage FROM ${SCHEMA}.segments
    WHERE document_id = ${DOCUMENT_ID} AND to_seq > $4 ORDER BY to_seq LIMIT 1`,
};

/**
 * Parameters: after and through which id of a document, updates that stay, updates to archive at least, and until when
 * they were written. Each row says whether there are documents beyond; without a document there is one row of nulls.
 */
export const FIND_CANDIDATES: Statement = {
  name: 'find-archive-candidates',
  text: `
    SELECT found.*, EXISTS (SELECT FROM ${SCHEMA}.documents WHERE document_id > $2::bigint) AS has_more
    FROM (SELECT) AS one
    LEFT JOIN (
      SELECT document_id, tenant, room, document, epoch, archived_seq,
        least(snapshot_seq, head - $3::bigint) AS through_seq
      FROM ${SCHEMA}.documents AS d
      WHERE document_id > $1::bigint AND document_id <= $2::bigint
        AND least(coalesce(snapshot_seq, 0), head - $3::bigint) - archived_seq >= $4::bigint
        AND (
          SELECT time_ms FROM ${SCHEMA}.updates AS u
          WHERE u.document_id = d.document_id AND u.seq = d.archived_seq + $4::bigint
        ) <= $5::bigint
        AND NOT EXISTS (SELECT FROM ${SCHEMA}.segment_uploads AS s WHERE s.document_id = d.document_id)
      ORDER BY document_id LIMIT ${MAX_CANDIDATES}
    ) AS found ON true
    ORDER BY document_id`,
};

/** Gives a row when the document exists. */
export const BEGIN_UPLOAD: Statement = {
  name: 'begin-upload',
  text: `
    INSERT INTO ${SCHEMA}.segment_uploads AS s (document_id, segment_id, started_at_ms)
    SELECT document_id, $4, $5::bigint FROM ${SCHEMA}.documents WHERE tenant = $1 AND room = $2 AND document = $3
    ON CONFLICT (document_id, segment_id) DO UPDATE SET started_at_ms = s.started_at_ms
    RETURNING document_id`,
};

/** Parameters: before when they began, and how many at most. One that is being committed is waited for. */
export const ABANDON_UPLOADS: Statement = {
  name: 'abandon-uploads',
  text: `
    WITH old AS (
      SELECT document_id, segment_id FROM ${SCHEMA}.segment_uploads
      WHERE started_at_ms < $1::bigint ORDER BY started_at_ms LIMIT $2::bigint
    ), abandoned AS (
      UPDATE ${SCHEMA}.segment_uploads AS s SET is_abandoned = true FROM old
      WHERE s.document_id = old.document_id AND s.segment_id = old.segment_id
      RETURNING s.document_id, s.segment_id
    )
    SELECT tenant, room, document, segment_id FROM abandoned JOIN ${SCHEMA}.documents USING (document_id)`,
};

export const FORGET_UPLOAD: Statement = {
  name: 'forget-upload',
  text: `DELETE FROM ${SCHEMA}.segment_uploads WHERE document_id = ${DOCUMENT_ID} AND segment_id = $4`,
};
