import { sql } from 'kysely';
import {
  type AccessDirectory,
  type AccessKey,
  JOIN_DECISION_KEPT_MS,
  JOIN_REQUEST_IDLE_MS,
  type JoinDecision,
  type JoinRequestRecord,
  type NewJoinRequest,
  type Noting,
} from '../access-directory.ts';
import { isIdle, isPollDue, type JoinRequestRow, toJoinRequest, UNASKED_KEPT_MS } from '../access-rows.ts';
import { type AccessTransactions, addEvents, note, rowsOf, storable } from './access-transactions.ts';
import { useLink } from './insert-link.ts';
import { resolveNoting } from './read-access.ts';
import { JOIN_REQUESTS } from './tables.ts';

type JoinRequests = Pick<
  AccessDirectory,
  'addJoinRequest' | 'pollJoinRequest' | 'listJoinRequests' | 'decideJoinRequest' | 'redeemJoinRequest'
>;

/** When its requester asked last. */
const HEARD_AT_MS = sql.raw(`CASE polled_at_ms WHEN 0 THEN created_at_ms + ${UNASKED_KEPT_MS} ELSE polled_at_ms END`);

/** Those who wait to be let in, in the relay's Postgres database. */
export class PostgresJoinRequests implements JoinRequests {
  private readonly transactions: AccessTransactions;

  constructor(transactions: AccessTransactions) {
    this.transactions = transactions;
  }

  async addJoinRequest(
    key: AccessKey,
    request: NewJoinRequest,
    requestHash: Uint8Array,
    maxPending: number,
  ): Promise<boolean> {
    const { tenant, room } = key;
    const isHere = sql`tenant = ${tenant} AND room = ${room}`;
    const { requestId, linkId, subject, name, createdAtMs } = request;
    const event = { atMs: createdAtMs, actor: subject, actorName: name, target: requestId, detail: linkId };
    const idleMs = createdAtMs - JOIN_REQUEST_IDLE_MS;
    return this.transactions.transactUnless(async (transaction) => {
      await note(transaction, key, [{ ...event, kind: 'join-requested' }]);
      await sql`DELETE FROM ${JOIN_REQUESTS} WHERE ${isHere}
        AND ((decision = 'pending' AND ${HEARD_AT_MS} <= ${idleMs})
          OR created_at_ms < ${createdAtMs - JOIN_DECISION_KEPT_MS})`.execute(transaction);
      const [waiting] = await rowsOf<{ count: number }>(
        transaction,
        sql`SELECT count(*) AS count FROM ${JOIN_REQUESTS}
          WHERE ${isHere} AND link_id = ${linkId} AND ${waitsSince(idleMs)}`,
      );
      if ((waiting?.count ?? 0) >= maxPending) return false;
      await sql`
        INSERT INTO ${JOIN_REQUESTS}
          (tenant, room, request_id, request_hash, link_id, subject, name, created_at_ms, polled_at_ms, decision)
        VALUES (${tenant}, ${room}, ${requestId}, ${Buffer.from(requestHash)}, ${linkId}, ${subject},
          ${storable(name)}, ${createdAtMs}, ${createdAtMs}, 'pending')`.execute(transaction);
      return true;
    });
  }

  async pollJoinRequest(
    { tenant, room }: AccessKey,
    requestHash: Uint8Array,
    nowMs: number,
  ): Promise<JoinRequestRecord | undefined> {
    const isMeant = sql`tenant = ${tenant} AND room = ${room} AND request_hash = ${Buffer.from(requestHash)}`;
    const query = sql`SELECT * FROM ${JOIN_REQUESTS} WHERE ${isMeant}`;
    const [row] = await this.transactions.rows<JoinRequestRow>(query);
    if (!row || isIdle(row, nowMs)) return undefined;
    if (isPollDue(row, nowMs))
      await this.transactions.rows(
        sql`UPDATE ${JOIN_REQUESTS} SET polled_at_ms = ${nowMs} WHERE ${isMeant} AND decision = 'pending'`,
      );
    return toJoinRequest(row);
  }

  async listJoinRequests({ tenant, room }: AccessKey, nowMs: number): Promise<readonly JoinRequestRecord[]> {
    const rows = await this.transactions.rows<JoinRequestRow>(sql`
      SELECT * FROM ${JOIN_REQUESTS}
      WHERE tenant = ${tenant} AND room = ${room} AND ${waitsSince(nowMs - JOIN_REQUEST_IDLE_MS)}
      ORDER BY created_at_ms DESC, request_id LIMIT 1000`);
    return rows.map(toJoinRequest);
  }

  async decideJoinRequest(
    key: AccessKey,
    requestId: string,
    decision: Exclude<JoinDecision, 'pending'>,
    noting: Noting,
  ): Promise<boolean> {
    return this.transactions.transactUnless(async (transaction) => {
      await note(transaction, key, []);
      const event = await resolveNoting(transaction, key, noting);
      const rows = await rowsOf(
        transaction,
        sql`UPDATE ${JOIN_REQUESTS} SET decision = ${decision}
          WHERE tenant = ${key.tenant} AND room = ${key.room} AND request_id = ${requestId}
            AND ${waitsSince(event.atMs - JOIN_REQUEST_IDLE_MS)}
          RETURNING request_id`,
      );
      await addEvents(transaction, key, [event]);
      return rows.length === 1;
    });
  }

  async redeemJoinRequest(
    { tenant, room }: AccessKey,
    requestHash: Uint8Array,
    lineageId: string,
  ): Promise<string | undefined> {
    const isMeant = sql`tenant = ${tenant} AND room = ${room} AND request_hash = ${Buffer.from(requestHash)}`;
    return this.transactions.transact(async (transaction) => {
      // Locked, so that one of several who come by it at once is the first.
      const query = sql`SELECT * FROM ${JOIN_REQUESTS} WHERE ${isMeant} FOR UPDATE`;
      const [row] = await rowsOf<JoinRequestRow>(transaction, query);
      if (row?.decision !== 'approved') return undefined;
      if (row.lineage_id !== null) return row.lineage_id;
      if (!(await useLink(transaction, tenant, row.link_id))) return undefined;
      await sql`UPDATE ${JOIN_REQUESTS} SET lineage_id = ${lineageId} WHERE ${isMeant}`.execute(transaction);
      return lineageId;
    });
  }
}

/** Of a request: it is pending, and its requester asked after `afterMs`. */
function waitsSince(afterMs: number) {
  return sql`(decision = 'pending' AND ${HEARD_AT_MS} > ${afterMs})`;
}
