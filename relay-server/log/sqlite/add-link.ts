import type Database from 'better-sqlite3';
import type { NewLink } from '../room-directory.ts';

type LinkParameters = [
  ...[tenant: string, linkId: string, room: string, role: string, label: string, secretHash: Uint8Array],
  ...[createdAtMs: number, expiresAtMs: number | null, maxUses: number | null],
  ...[needsApproval: number, paths: string | null, createdBy: string],
];

/** What stores a link, within whatever transaction it is called in. */
export function prepareAddLink(database: Database.Database): (link: NewLink) => void {
  const statement = database.prepare<LinkParameters>(
    `INSERT INTO links (tenant, link_id, room, role, label, secret_hash, created_at_ms, expires_at_ms, max_uses,
       needs_approval, paths, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (link) => {
    statement.run(
      link.tenant,
      link.linkId,
      link.room,
      link.role,
      link.label,
      link.secretHash,
      link.createdAtMs,
      link.expiresAtMs ?? null,
      link.maxUses ?? null,
      link.needsApproval ? 1 : 0,
      link.paths ? JSON.stringify(link.paths) : null,
      link.createdBy,
    );
  };
}

/** What counts a use of a link; it changes nothing when nobody new can come by the link. */
export function prepareUseLink(database: Database.Database): Database.Statement<[tenant: string, linkId: string]> {
  return database.prepare(
    `UPDATE links SET uses = uses + 1 WHERE tenant = ? AND link_id = ? AND (max_uses IS NULL OR uses < max_uses)
     AND closed_at_ms IS NULL AND revoked_at_ms IS NULL`,
  );
}
