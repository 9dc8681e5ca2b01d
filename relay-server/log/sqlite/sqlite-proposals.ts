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
import { checkSums, toProposal, toProposalState } from '../access-rows.ts';
import type { SqliteAccessTransactions } from './sqlite-access-transactions.ts';

type Proposals = Pick<
  AccessDirectory,
  'checkProposal' | 'addProposal' | 'listProposals' | 'findProposal' | 'readProposal' | 'settleProposal'
>;
type NewProposal = Pick<ProposalRecord, 'proposalId' | 'subject' | 'bytes'>;

/** What people propose who may not write any more, in the relay's SQLite file. */
export class SqliteProposals implements Proposals {
  private readonly transactions: SqliteAccessTransactions;

  constructor(transactions: SqliteAccessTransactions) {
    this.transactions = transactions;
  }

  async checkProposal(key: AccessKey, proposal: NewProposal, bounds: ProposalBounds): Promise<ProposalCheck> {
    return this.transactions.read(() => this.check(key, proposal, bounds));
  }

  async addProposal(
    key: AccessKey,
    proposal: Omit<ProposalRecord, 'state' | 'bytes'>,
    update: Uint8Array,
    bounds: ProposalBounds,
    event: AuditEvent,
  ): Promise<ProposalState | 'full'> {
    const { transactions } = this;
    const { tenant, room } = key;
    const { proposalId, subject, name, document, createdAtMs } = proposal;
    const { byteLength: bytes } = update;
    return transactions.transact(() => {
      const { forgetProposals, addProposal } = transactions.statements;
      forgetProposals.run(tenant, room, createdAtMs - MAX_TOKEN_AGE_MS);
      const check = this.check(key, { proposalId, subject, bytes }, bounds);
      if (check !== 'fits') return check;
      addProposal.run(tenant, room, proposalId, subject, name, document, createdAtMs, bytes, update);
      transactions.note(key, [event]);
      return 'open';
    });
  }

  private check({ tenant, room }: AccessKey, { proposalId, subject, bytes }: NewProposal, bounds: ProposalBounds) {
    const { findProposal, sumProposals } = this.transactions.statements;
    // Sent again after an answer that was lost, or after owners have settled it.
    const known = findProposal.get(tenant, room, proposalId);
    if (known) return toProposalState(known.state);
    return checkSums(sumProposals.get(subject, subject, subject, tenant, room), bytes, bounds);
  }

  async listProposals({ tenant, room }: AccessKey): Promise<readonly ProposalRecord[]> {
    const { listProposals } = this.transactions.statements;
    return this.transactions.guard(() => listProposals.all(tenant, room)).map(toProposal);
  }

  async findProposal({ tenant, room }: AccessKey, proposalId: string): Promise<ProposalRecord | undefined> {
    const { findProposal } = this.transactions.statements;
    const row = this.transactions.guard(() => findProposal.get(tenant, room, proposalId));
    return row && toProposal(row);
  }

  async readProposal({ tenant, room }: AccessKey, proposalId: string): Promise<Uint8Array | undefined> {
    const { readProposal } = this.transactions.statements;
    return this.transactions.guard(() => readProposal.get(tenant, room, proposalId)) ?? undefined;
  }

  async settleProposal(
    key: AccessKey,
    proposalId: string,
    state: Exclude<ProposalState, 'open'>,
    noting: Noting,
  ): Promise<boolean> {
    const { transactions } = this;
    return transactions.transact(() => {
      const event = transactions.resolve(key, noting);
      const { changes } = transactions.statements.settleProposal.run(state, key.tenant, key.room, proposalId);
      if (changes === 1) transactions.note(key, [event]);
      return changes === 1;
    });
  }
}
