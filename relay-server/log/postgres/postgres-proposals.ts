import { type Kysely, sql } from 'kysely';
import {
  type AccessDirectory,
  type AccessKey,
  type AuditEvent,
  MAX_TOKEN_AGE_MS,
  type Noting,
  type ProposalBounds,
  type ProposalCheck,
  type ProposalRecord,
  type ProposalState,
} from '../access-directory.ts';
import { checkSums, type ProposalRow, type ProposalSums, toProposal, toProposalState } from '../access-rows.ts';
import { type AccessTransactions, addEvents, note, rowsOf, storable } from './access-transactions.ts';
import { resolveNoting } from './read-access.ts';
import type { RelayTables } from './schema.ts';
import { PROPOSALS } from './tables.ts';

type Proposals = Pick<
  AccessDirectory,
  'checkProposal' | 'addProposal' | 'listProposals' | 'findProposal' | 'readProposal' | 'settleProposal'
>;
type NewProposal = Pick<ProposalRecord, 'proposalId' | 'subject' | 'bytes'>;

/** What people propose who may not write any more, in the relay's Postgres database. */
export class PostgresProposals implements Proposals {
  private readonly transactions: AccessTransactions;

  constructor(transactions: AccessTransactions) {
    this.transactions = transactions;
  }

  async checkProposal(key: AccessKey, proposal: NewProposal, bounds: ProposalBounds): Promise<ProposalCheck> {
    return this.transactions.transact((transaction) => check(transaction, key, proposal, bounds));
  }

  async addProposal(
    key: AccessKey,
    proposal: Omit<ProposalRecord, 'state' | 'bytes'>,
    update: Uint8Array,
    bounds: ProposalBounds,
    event: AuditEvent,
  ): Promise<ProposalState | 'full'> {
    const { tenant, room } = key;
    const { proposalId, subject, name, document, createdAtMs } = proposal;
    const { byteLength } = update;
    const wanted = { proposalId, subject, bytes: byteLength };
    const isAdded = await this.transactions.transactUnless(async (transaction) => {
      await note(transaction, key, [event]);
      await sql`DELETE FROM ${PROPOSALS} WHERE tenant = ${tenant} AND room = ${room}
        AND state <> 'open' AND created_at_ms < ${createdAtMs - MAX_TOKEN_AGE_MS}`.execute(transaction);
      if ((await check(transaction, key, wanted, bounds)) !== 'fits') return false;
      await sql`
        INSERT INTO ${PROPOSALS}
          (tenant, room, proposal_id, subject, name, document, created_at_ms, bytes, state, content)
        VALUES (${tenant}, ${room}, ${proposalId}, ${subject}, ${storable(name)}, ${document}, ${createdAtMs},
          ${byteLength}, 'open', ${Buffer.from(update)})`.execute(transaction);
      return true;
    });
    if (isAdded) return 'open';
    const now = await this.checkProposal(key, wanted, bounds);
    return now === 'fits' ? 'full' : now;
  }

  async listProposals({ tenant, room }: AccessKey): Promise<readonly ProposalRecord[]> {
    const rows = await this.transactions.rows<ProposalRow>(sql`
      SELECT proposal_id, subject, name, document, created_at_ms, bytes, state FROM ${PROPOSALS}
      WHERE tenant = ${tenant} AND room = ${room} AND state = 'open' ORDER BY created_at_ms, proposal_id`);
    return rows.map(toProposal);
  }

  async findProposal({ tenant, room }: AccessKey, proposalId: string): Promise<ProposalRecord | undefined> {
    const [row] = await this.transactions.rows<ProposalRow>(sql`
      SELECT proposal_id, subject, name, document, created_at_ms, bytes, state FROM ${PROPOSALS}
      WHERE tenant = ${tenant} AND room = ${room} AND proposal_id = ${proposalId}`);
    return row && toProposal(row);
  }

  async readProposal({ tenant, room }: AccessKey, proposalId: string): Promise<Uint8Array | undefined> {
    const [row] = await this.transactions.rows<{ content: Uint8Array | null }>(sql`
      SELECT content FROM ${PROPOSALS}
      WHERE tenant = ${tenant} AND room = ${room} AND proposal_id = ${proposalId}`);
    return row?.content ?? undefined;
  }

  async settleProposal(
    key: AccessKey,
    proposalId: string,
    state: Exclude<ProposalState, 'open'>,
    noting: Noting,
  ): Promise<boolean> {
    return this.transactions.transactUnless(async (transaction) => {
      await note(transaction, key, []);
      const event = await resolveNoting(transaction, key, noting);
      const rows = await rowsOf(
        transaction,
        sql`UPDATE ${PROPOSALS} SET state = ${state}, content = NULL
          WHERE tenant = ${key.tenant} AND room = ${key.room} AND proposal_id = ${proposalId} AND state = 'open'
          RETURNING proposal_id`,
      );
      await addEvents(transaction, key, [event]);
      return rows.length === 1;
    });
  }
}

async function check(
  database: Kysely<RelayTables>,
  { tenant, room }: AccessKey,
  { proposalId, subject, bytes }: NewProposal,
  bounds: ProposalBounds,
): Promise<ProposalCheck> {
  const isHere = sql`tenant = ${tenant} AND room = ${room}`;
  // Sent again after an answer that was lost, or after owners have settled it.
  const selectKnown = sql`SELECT state FROM ${PROPOSALS} WHERE ${isHere} AND proposal_id = ${proposalId}`;
  const [known] = await rowsOf<Pick<ProposalRow, 'state'>>(database, selectKnown);
  if (known) return toProposalState(known.state);
  const [sums] = await rowsOf<ProposalSums>(
    database,
    sql`SELECT coalesce(sum(bytes) FILTER (WHERE state = 'open'), 0)::bigint AS room_bytes,
        coalesce(sum(bytes) FILTER (WHERE state = 'open' AND subject = ${subject}), 0)::bigint AS subject_bytes,
        count(*) FILTER (WHERE state = 'open' AND subject = ${subject}) AS subject_count,
        count(*) FILTER (WHERE state = 'dropped' AND subject = ${subject}) AS subject_dropped
      FROM ${PROPOSALS} WHERE ${isHere} AND state <> 'applied'`,
  );
  return checkSums(sums, bytes, bounds);
}
