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
import { isIdle, isPollDue, toJoinRequest } from '../access-rows.ts';
import type { SqliteAccessTransactions } from './sqlite-access-transactions.ts';

type JoinRequests = Pick<
  AccessDirectory,
  'addJoinRequest' | 'pollJoinRequest' | 'listJoinRequests' | 'decideJoinRequest' | 'redeemJoinRequest'
>;

/** Those who wait to be let in, in the relay's SQLite file. */
export class SqliteJoinRequests implements JoinRequests {
  private readonly transactions: SqliteAccessTransactions;

  constructor(transactions: SqliteAccessTransactions) {
    this.transactions = transactions;
  }

  async addJoinRequest(
    key: AccessKey,
    request: NewJoinRequest,
    requestHash: Uint8Array,
    maxPending: number,
  ): Promise<boolean> {
    const { transactions } = this;
    const { tenant, room } = key;
    const { requestId, linkId, subject, name, createdAtMs } = request;
    return transactions.transact(() => {
      const idleMs = createdAtMs - JOIN_REQUEST_IDLE_MS;
      const { forgetJoinRequests, countWaiting, addJoinRequest } = transactions.statements;
      forgetJoinRequests.run(tenant, room, idleMs, createdAtMs - JOIN_DECISION_KEPT_MS);
      if ((countWaiting.get(tenant, room, linkId, idleMs) ?? 0) >= maxPending) return false;
      addJoinRequest.run(tenant, room, requestId, requestHash, linkId, subject, name, createdAtMs, createdAtMs);
      const detail = linkId;
      const about = { atMs: createdAtMs, actor: subject, actorName: name, target: requestId, detail };
      transactions.note(key, [{ ...about, kind: 'join-requested' }]);
      return true;
    });
  }

  async pollJoinRequest(
    { tenant, room }: AccessKey,
    requestHash: Uint8Array,
    nowMs: number,
  ): Promise<JoinRequestRecord | undefined> {
    const { findJoinRequest, pollJoinRequest } = this.transactions.statements;
    const row = this.transactions.guard(() => findJoinRequest.get(tenant, room, requestHash));
    if (!row || isIdle(row, nowMs)) return undefined;
    if (isPollDue(row, nowMs)) this.transactions.guard(() => pollJoinRequest.run(nowMs, tenant, room, requestHash));
    return toJoinRequest(row);
  }

  async listJoinRequests({ tenant, room }: AccessKey, nowMs: number): Promise<readonly JoinRequestRecord[]> {
    const { listJoinRequests } = this.transactions.statements;
    const afterMs = nowMs - JOIN_REQUEST_IDLE_MS;
    return this.transactions.guard(() => listJoinRequests.all(tenant, room, afterMs)).map(toJoinRequest);
  }

  async decideJoinRequest(
    key: AccessKey,
    requestId: string,
    decision: Exclude<JoinDecision, 'pending'>,
    noting: Noting,
  ): Promise<boolean> {
    const { transactions } = this;
    return transactions.transact(() => {
      const event = transactions.resolve(key, noting);
      const { tenant, room } = key;
      const afterMs = event.atMs - JOIN_REQUEST_IDLE_MS;
      const { changes } = transactions.statements.decideJoinRequest.run(decision, tenant, room, requestId, afterMs);
      if (changes === 1) transactions.note(key, [event]);
      return changes === 1;
    });
  }

  async redeemJoinRequest(
    { tenant, room }: AccessKey,
    requestHash: Uint8Array,
    lineageId: string,
  ): Promise<string | undefined> {
    const { findJoinRequest, useLink, redeemJoinRequest } = this.transactions.statements;
    return this.transactions.transact(() => {
      const row = findJoinRequest.get(tenant, room, requestHash);
      if (row?.decision !== 'approved') return undefined;
      if (row.lineage_id !== null) return row.lineage_id;
      if (useLink.run(tenant, row.link_id).changes === 0) return undefined;
      redeemJoinRequest.run(lineageId, tenant, room, requestHash);
      return lineageId;
    });
  }
}
