import type Database from 'better-sqlite3';
import { endsPresenting, noteConsequences, subjectOf, takesAccess } from '../access-consequences.ts';
import {
  type AccessChange,
  type AccessDirectory,
  type AccessKey,
  type AuditRecord,
  type ChangeOutcome,
  type ListedLink,
  MAX_LISTED_SESSIONS,
  MAX_TOKEN_AGE_MS,
  type MemberRecord,
  NEWCOMER_KEPT_MS,
  type Noting,
  type PeopleCursor,
  type PeoplePage,
  type RoomAccess,
  type RoomVisits,
} from '../access-directory.ts';
import {
  changeSettings,
  latestOf,
  toAuditRecord,
  toHead,
  toMember,
  toPersonSession,
  toSettings,
} from '../access-rows.ts';
import { toLink } from '../database-rows.ts';
import { choosePeople, FIRST_PERSON, toPeoplePage } from '../people-page.ts';
import { applyChange } from './access-changes.ts';
import { SqliteAccessTransactions } from './sqlite-access-transactions.ts';
import { SqliteJoinRequests } from './sqlite-join-requests.ts';
import { SqliteProposals } from './sqlite-proposals.ts';

/** Who may do what, in the relay's SQLite file. */
export class SqliteAccessDirectory implements AccessDirectory {
  private readonly transactions: SqliteAccessTransactions;
  private readonly requests: SqliteJoinRequests;
  private readonly proposals: SqliteProposals;

  /** The caller keeps the ownership of `database`. */
  constructor(database: Database.Database, path: string) {
    this.transactions = new SqliteAccessTransactions(database, path);
    this.requests = new SqliteJoinRequests(this.transactions);
    this.proposals = new SqliteProposals(this.transactions);
  }

  async readAccess(key: AccessKey): Promise<RoomAccess> {
    return this.transactions.read(() => this.transactions.readAccess(key));
  }

  async readVersions(keys: readonly AccessKey[]): Promise<readonly number[]> {
    const { findAccess } = this.transactions.statements;
    return this.transactions.read(() => keys.map(({ tenant, room }) => findAccess.get(tenant, room)?.version ?? 0));
  }

  async change(key: AccessKey, change: AccessChange, noting: Noting | undefined): Promise<ChangeOutcome> {
    const { transactions } = this;
    return transactions.transact(() => {
      const event = noting && transactions.resolve(key, noting, subjectOf(change));
      const closings = applyChange(transactions.statements, key, change, event?.atMs ?? Date.now());
      const presenter = takesAccess(change) ? this.endPresenting(key, change) : undefined;
      const events = noteConsequences(event, { ...closings, ...(presenter !== undefined && { presenter }) });
      const version = transactions.note(key, event ? [event, ...events] : events);
      return { version, closedLinks: closings.closedLinks };
    });
  }

  /** Gives who presented and may not any more. */
  private endPresenting(key: AccessKey, change: AccessChange): string | undefined {
    const { statements } = this.transactions;
    const { tenant, room } = key;
    const settings = statements.findAccess.get(tenant, room)?.settings;
    const { presenter } = toSettings(settings);
    if (presenter === undefined) return undefined;
    const sessions = this.transactions.sessionsOf(key, presenter);
    if (!endsPresenting(change, this.transactions.readAccess(key), presenter, sessions)) return undefined;
    statements.setSettings.run(tenant, room, changeSettings(settings, { presenter: undefined }));
    return presenter;
  }

  async listLinks({ tenant, room }: AccessKey): Promise<readonly ListedLink[]> {
    const rows = this.transactions.guard(() => this.transactions.statements.listLinks.all(tenant, room));
    return rows.flatMap((row) => {
      const link = toLink(row);
      if (!link) return [];
      const { secretHash: _secretHash, ...listed } = link;
      return [listed];
    });
  }

  async recordVisits(rooms: readonly RoomVisits[]): Promise<void> {
    if (rooms.length === 0) return;
    this.transactions.transact(() => {
      for (const room of rooms) this.recordRoom(room);
    });
  }

  private recordRoom({ key, members, events }: RoomVisits): void {
    if (members.length + events.length === 0) return;
    const { tenant, room } = key;
    const { forgetMembers, forgetNewcomers, recordMember } = this.transactions.statements;
    const nowMs = latestOf(members);
    forgetMembers.run(tenant, room, nowMs - MAX_TOKEN_AGE_MS);
    forgetNewcomers.run(tenant, room, nowMs - NEWCOMER_KEPT_MS);
    for (const { subject, name, role, linkId = null, lineageId, lastSeenMs } of members)
      recordMember.run(tenant, room, lineageId, subject, name, role, linkId, lastSeenMs, lastSeenMs);
    this.transactions.note(key, events);
  }

  async listPeople(
    { tenant, room }: AccessKey,
    page: { readonly limit: number; readonly after?: PeopleCursor; readonly connected?: readonly string[] },
  ): Promise<PeoplePage> {
    const { limit, after, connected = [] } = page;
    const { listHeads, listOwners, listSessions } = this.transactions.statements;
    return this.transactions.read(() => {
      const { lastSeenMs, lineageId } = after ?? FIRST_PERSON;
      const heads = listHeads.all(tenant, room, lastSeenMs, lineageId, limit).map(toHead);
      const pinned = after ? [] : [...listOwners.all(tenant, room, tenant, room, limit), ...connected];
      const chosen = choosePeople(heads, limit, pinned, after);
      const subjects = JSON.stringify(chosen.subjects);
      const sessions = listSessions.all(tenant, room, subjects, MAX_LISTED_SESSIONS).map(toPersonSession);
      return toPeoplePage(chosen, sessions);
    });
  }

  async findMembers(
    { tenant, room }: AccessKey,
    who: { readonly subject: string } | { readonly lineageId: string },
  ): Promise<readonly MemberRecord[]> {
    const { findMembersBySubject, findMembersByLineage } = this.transactions.statements;
    const rows = this.transactions.guard(() =>
      'subject' in who
        ? findMembersBySubject.all(tenant, room, who.subject)
        : findMembersByLineage.all(tenant, room, who.lineageId),
    );
    return rows.map(toMember);
  }

  async listAudit(
    { tenant, room }: AccessKey,
    { beforeSeq = Number.MAX_SAFE_INTEGER, limit }: { readonly beforeSeq?: number; readonly limit: number },
  ): Promise<readonly AuditRecord[]> {
    const { listAudit } = this.transactions.statements;
    return this.transactions.guard(() => listAudit.all(tenant, room, beforeSeq, limit)).map(toAuditRecord);
  }

  addJoinRequest(...request: Parameters<AccessDirectory['addJoinRequest']>) {
    return this.requests.addJoinRequest(...request);
  }

  pollJoinRequest(...poll: Parameters<AccessDirectory['pollJoinRequest']>) {
    return this.requests.pollJoinRequest(...poll);
  }

  listJoinRequests(...listing: Parameters<AccessDirectory['listJoinRequests']>) {
    return this.requests.listJoinRequests(...listing);
  }

  decideJoinRequest(...decision: Parameters<AccessDirectory['decideJoinRequest']>) {
    return this.requests.decideJoinRequest(...decision);
  }

  redeemJoinRequest(...redemption: Parameters<AccessDirectory['redeemJoinRequest']>) {
    return this.requests.redeemJoinRequest(...redemption);
  }

  checkProposal(...check: Parameters<AccessDirectory['checkProposal']>) {
    return this.proposals.checkProposal(...check);
  }

  addProposal(...proposal: Parameters<AccessDirectory['addProposal']>) {
    return this.proposals.addProposal(...proposal);
  }

  listProposals(key: AccessKey) {
    return this.proposals.listProposals(key);
  }

  findProposal(key: AccessKey, proposalId: string) {
    return this.proposals.findProposal(key, proposalId);
  }

  readProposal(key: AccessKey, proposalId: string) {
    return this.proposals.readProposal(key, proposalId);
  }

  settleProposal(...settlement: Parameters<AccessDirectory['settleProposal']>) {
    return this.proposals.settleProposal(...settlement);
  }
}
