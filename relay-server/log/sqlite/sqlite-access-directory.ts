import type Database from 'better-sqlite3';
import type {
  AccessChange,
  AccessDirectory,
  AccessKey,
  AuditEvent,
  AuditRecord,
  JoinDecision,
  JoinRequestRecord,
  ListedLink,
  MemberRecord,
  ProposalBounds,
  ProposalRecord,
  ProposalState,
  RoomAccess,
} from '../access-directory.ts';
import {
  encodeSettings,
  toAuditRecord,
  toJoinRequest,
  toMember,
  toProposal,
  toRole,
  toSettings,
} from '../access-rows.ts';
import { toLink } from '../database-rows.ts';
import { type AccessStatements, prepareAccessStatements } from './access-statements.ts';
import { guardSqlite } from './sqlite-failure.ts';

/** Who may do what, in the relay's SQLite file. */
export class SqliteAccessDirectory implements AccessDirectory {
  private readonly database: Database.Database;
  private readonly path: string;
  private readonly statements: AccessStatements;

  /** The caller keeps the ownership of `database`. */
  constructor(database: Database.Database, path: string) {
    this.database = database;
    this.path = path;
    this.statements = guardSqlite(path, () => prepareAccessStatements(database));
  }

  async readAccess({ tenant, room }: AccessKey): Promise<RoomAccess> {
    return this.read(() => {
      const { findAccess, listRevokedLinks, listRevokedSubjects, listRevokedLineages, listRoles } = this.statements;
      const row = findAccess.get(tenant, room);
      return {
        version: row?.version ?? 0,
        settings: toSettings(row?.settings),
        revokedBeforeMs: row?.revoked_before_ms ?? undefined,
        revokedLinks: new Set(listRevokedLinks.all(tenant, room)),
        revokedSubjects: new Set(listRevokedSubjects.all(tenant, room)),
        revokedLineages: new Set(listRevokedLineages.all(tenant, room)),
        roles: new Map(listRoles.all(tenant, room).map(({ subject, role }) => [subject, toRole(role)])),
      };
    });
  }

  async readVersions(keys: readonly AccessKey[]): Promise<readonly number[]> {
    return this.read(() => keys.map(({ tenant, room }) => this.statements.findAccess.get(tenant, room)?.version ?? 0));
  }

  async change(key: AccessKey, change: AccessChange, event: AuditEvent | undefined): Promise<number> {
    return this.transact(() => {
      this.apply(key, change, event?.atMs ?? Date.now());
      return this.note(key, event ? [event] : []);
    });
  }

  private apply({ tenant, room }: AccessKey, change: AccessChange, nowMs: number): void {
    const { statements } = this;
    switch (change.kind) {
      case 'revoke-link':
        statements.revokeLink.run(nowMs, tenant, room, change.linkId);
        return;
      case 'revoke-subject':
        statements.revokeSubject.run(tenant, room, change.subject, nowMs);
        statements.closeLinksOf.run(nowMs, tenant, room, change.subject);
        return;
      case 'revoke-lineage':
        statements.revokeLineage.run(tenant, room, change.lineageId, nowMs);
        return;
      case 'revoke-all':
        statements.revokeAllLinks.run(nowMs, tenant, room);
        // A token of this very millisecond was issued before.
        statements.setRevokedBefore.run(tenant, room, encodeSettings(toSettings(undefined)), nowMs + 1);
        return;
      case 'set-role':
        if (change.role === undefined) statements.removeRole.run(tenant, room, change.subject);
        else statements.setRole.run(tenant, room, change.subject, change.role);
        if (change.closesLinks) statements.closeLinksOf.run(nowMs, tenant, room, change.subject);
        return;
      case 'set-settings':
        statements.setSettings.run(tenant, room, encodeSettings(change.settings));
        return;
      case 'touch':
    }
  }

  /** Raises the version and appends to the audit. */
  private note({ tenant, room }: AccessKey, events: readonly AuditEvent[]): number {
    const { raiseVersion, addAudit } = this.statements;
    const row = raiseVersion.get(tenant, room, encodeSettings(toSettings(undefined)), events.length, events.length);
    const { version = 0, audit_seq: lastSeq = 0 } = row ?? {};
    for (const [index, { atMs, kind, actor, actorName, target, detail }] of events.entries()) {
      const seq = lastSeq - events.length + 1 + index;
      addAudit.run(tenant, room, seq, atMs, kind, actor, actorName, target, detail);
    }
    return version;
  }

  async listLinks({ tenant, room }: AccessKey): Promise<readonly ListedLink[]> {
    const rows = this.guard(() => this.statements.listLinks.all(tenant, room));
    return rows.flatMap((row) => {
      const link = toLink(row);
      if (!link) return [];
      const { secretHash: _secretHash, ...listed } = link;
      return [listed];
    });
  }

  async recordMember(key: AccessKey, member: Omit<MemberRecord, 'firstSeenMs'>): Promise<void> {
    const { tenant, room } = key;
    const { subject, name, role, linkId = null, lineageId, lastSeenMs } = member;
    this.transact(() => {
      this.statements.recordMember.run(tenant, room, lineageId, subject, name, role, linkId, lastSeenMs, lastSeenMs);
      this.note(key, []);
    });
  }

  async listMembers({ tenant, room }: AccessKey, limit: number): Promise<readonly MemberRecord[]> {
    return this.guard(() => this.statements.listMembers.all(tenant, room, limit)).map(toMember);
  }

  async findMembers(
    { tenant, room }: AccessKey,
    who: { readonly subject: string } | { readonly lineageId: string },
  ): Promise<readonly MemberRecord[]> {
    const { findMembersBySubject, findMembersByLineage } = this.statements;
    const rows = this.guard(() =>
      'subject' in who
        ? findMembersBySubject.all(tenant, room, who.subject)
        : findMembersByLineage.all(tenant, room, who.lineageId),
    );
    return rows.map(toMember);
  }

  async appendAudit(key: AccessKey, events: readonly AuditEvent[]): Promise<void> {
    if (events.length > 0) this.transact(() => this.note(key, events));
  }

  async listAudit(
    { tenant, room }: AccessKey,
    { beforeSeq = Number.MAX_SAFE_INTEGER, limit }: { readonly beforeSeq?: number; readonly limit: number },
  ): Promise<readonly AuditRecord[]> {
    return this.guard(() => this.statements.listAudit.all(tenant, room, beforeSeq, limit)).map(toAuditRecord);
  }

  async addJoinRequest(
    key: AccessKey,
    request: Omit<JoinRequestRecord, 'decision'>,
    requestHash: Uint8Array,
    maxPending: number,
  ): Promise<boolean> {
    const { tenant, room } = key;
    const { requestId, linkId, subject, name, createdAtMs } = request;
    return this.transact(() => {
      if ((this.statements.countPending.get(tenant, room) ?? 0) >= maxPending) return false;
      this.statements.addJoinRequest.run(tenant, room, requestId, requestHash, linkId, subject, name, createdAtMs);
      const detail = linkId;
      const about = { atMs: createdAtMs, actor: subject, actorName: name, target: requestId, detail };
      this.note(key, [{ ...about, kind: 'join-requested' }]);
      return true;
    });
  }

  async findJoinRequest({ tenant, room }: AccessKey, requestHash: Uint8Array): Promise<JoinRequestRecord | undefined> {
    const row = this.guard(() => this.statements.findJoinRequest.get(tenant, room, requestHash));
    return row && toJoinRequest(row);
  }

  async listJoinRequests({ tenant, room }: AccessKey): Promise<readonly JoinRequestRecord[]> {
    return this.guard(() => this.statements.listJoinRequests.all(tenant, room)).map(toJoinRequest);
  }

  async decideJoinRequest(
    key: AccessKey,
    requestId: string,
    decision: Exclude<JoinDecision, 'pending'>,
    event: AuditEvent,
  ): Promise<boolean> {
    return this.transact(() => {
      const { changes } = this.statements.decideJoinRequest.run(decision, key.tenant, key.room, requestId);
      if (changes === 1) this.note(key, [event]);
      return changes === 1;
    });
  }

  async addProposal(
    key: AccessKey,
    proposal: Omit<ProposalRecord, 'state' | 'bytes'>,
    update: Uint8Array,
    bounds: ProposalBounds,
    event: AuditEvent,
  ): Promise<boolean> {
    const { tenant, room } = key;
    const { proposalId, subject, name, document, createdAtMs } = proposal;
    return this.transact(() => {
      // Sent again after an answer that was lost.
      if (this.statements.findProposal.get(tenant, room, proposalId)) return true;
      const used = this.statements.sumProposals.get(subject, subject, tenant, room);
      const isWithin =
        (used?.room_bytes ?? 0) + update.byteLength <= bounds.maxRoomBytes &&
        (used?.subject_bytes ?? 0) + update.byteLength <= bounds.maxSubjectBytes &&
        (used?.subject_count ?? 0) < bounds.maxSubjectProposals;
      if (!isWithin) return false;
      const { byteLength } = update;
      this.statements.addProposal.run(
        tenant,
        room,
        proposalId,
        subject,
        name,
        document,
        createdAtMs,
        byteLength,
        update,
      );
      this.note(key, [event]);
      return true;
    });
  }

  async listProposals({ tenant, room }: AccessKey): Promise<readonly ProposalRecord[]> {
    return this.guard(() => this.statements.listProposals.all(tenant, room)).map(toProposal);
  }

  async readProposal({ tenant, room }: AccessKey, proposalId: string): Promise<Uint8Array | undefined> {
    return this.guard(() => this.statements.readProposal.get(tenant, room, proposalId)) ?? undefined;
  }

  async settleProposal(
    key: AccessKey,
    proposalId: string,
    state: Exclude<ProposalState, 'open'>,
    event: AuditEvent,
  ): Promise<boolean> {
    return this.transact(() => {
      const { changes } = this.statements.settleProposal.run(state, key.tenant, key.room, proposalId);
      if (changes === 1) this.note(key, [event]);
      return changes === 1;
    });
  }

  private guard<T>(work: () => T): T {
    return guardSqlite(this.path, work);
  }

  /** All that `work` reads is of one moment. It waits for no writer. */
  private read<T>(work: () => T): T {
    return this.guard(() => this.database.transaction(work).deferred());
  }

  private transact<T>(work: () => T): T {
    return this.guard(() => this.database.transaction(work).immediate());
  }
}
