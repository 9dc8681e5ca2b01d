import type Database from 'better-sqlite3';
import type { AccessBefore, AccessKey, AuditEvent, Noting, RoomAccess } from '../access-directory.ts';
import { encodeSettings, toMember, toRole, toSettings, toStored } from '../access-rows.ts';
import { type AccessStatements, prepareAccessStatements } from './access-statements.ts';
import { guardSqlite } from './sqlite-failure.ts';

const DEFAULT_SETTINGS = encodeSettings(toSettings(undefined));

/** Runs statements about the access of rooms. Throws a `LogFailure`. */
export class SqliteAccessTransactions {
  readonly statements: AccessStatements;
  private readonly database: Database.Database;
  private readonly path: string;

  /** The caller keeps the ownership of `database`. */
  constructor(database: Database.Database, path: string) {
    this.database = database;
    this.path = path;
    this.statements = guardSqlite(path, () => prepareAccessStatements(database));
  }

  guard<T>(work: () => T): T {
    return guardSqlite(this.path, work);
  }

  /** All that `work` reads is of one moment. It waits for no writer. */
  read<T>(work: () => T): T {
    return this.guard(() => this.database.transaction(work).deferred());
  }

  transact<T>(work: () => T): T {
    return this.guard(() => this.database.transaction(work).immediate());
  }

  /** Within a transaction. */
  readAccess({ tenant, room }: AccessKey): RoomAccess {
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
  }

  /** Within a transaction, before anything is changed in it. `subject` is whom the change is about. */
  resolve(key: AccessKey, noting: Noting, subject?: string): AuditEvent {
    if (typeof noting !== 'function') return noting;
    const before: AccessBefore = { access: this.readAccess(key), sessions: this.sessionsOf(key, subject) };
    return noting(before);
  }

  sessionsOf({ tenant, room }: AccessKey, subject: string | undefined): AccessBefore['sessions'] {
    if (subject === undefined) return [];
    return this.statements.findMembersBySubject.all(tenant, room, subject).map(toMember);
  }

  /** Raises the version and appends to the audit, within a transaction. */
  note({ tenant, room }: AccessKey, events: readonly AuditEvent[]): number {
    const { raiseVersion, addAudit } = this.statements;
    const row = raiseVersion.get(tenant, room, DEFAULT_SETTINGS, events.length, events.length);
    const { version = 0, audit_seq: lastSeq = 0 } = row ?? {};
    for (const [index, event] of events.entries()) {
      const { atMs, kind, actor, actorName, target, detail } = toStored(event);
      const seq = lastSeq - events.length + 1 + index;
      addAudit.run(tenant, room, seq, atMs, kind, actor, actorName, target, detail);
    }
    return version;
  }
}
