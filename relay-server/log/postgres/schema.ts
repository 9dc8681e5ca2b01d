import type { Generated } from 'kysely';
import type { AuditRow, JoinRequestRow, MemberRow, ProposalRow } from '../access-rows.ts';

/** All tables are in a schema of their own, so that they may share a database with other programs. */
export const SCHEMA = 'tutti';

/** The tables that Kysely's queries use. */
export interface RelayTables {
  readonly rooms: {
    readonly tenant: string;
    readonly room: string;
    readonly name: string;
    readonly created_at_ms: number;
  };
  readonly links: {
    readonly tenant: string;
    readonly link_id: string;
    readonly room: string;
    readonly role: string;
    readonly label: string;
    readonly secret_hash: Uint8Array;
    readonly created_at_ms: number;
    readonly expires_at_ms: number | null;
    readonly max_uses: number | null;
    readonly uses: Generated<number>;
    readonly needs_approval: Generated<boolean>;
    /** JSON of patterns. */
    readonly paths: string | null;
    readonly created_by: Generated<string>;
    readonly closed_at_ms: number | null;
    readonly closed_reason: string | null;
    readonly revoked_at_ms: number | null;
  };
  readonly tokens: {
    readonly jti: string;
    readonly tenant: string;
    readonly room: string;
    readonly subject: string;
    readonly link_id: string | null;
    readonly expires_at_ms: number;
    readonly revoked_at_ms: number | null;
  };
  readonly revoked_subjects: {
    readonly tenant: string;
    readonly room: string;
    readonly subject: string;
    readonly revoked_at_ms: number;
  };
  readonly revoked_lineages: {
    readonly tenant: string;
    readonly room: string;
    readonly lineage_id: string;
    readonly revoked_at_ms: number;
  };
  /** One row for each room whose access was ever changed; who changes anything of it holds the row's lock. */
  readonly room_access: {
    readonly tenant: string;
    readonly room: string;
    readonly version: Generated<number>;
    /** Number of the last event in `audit`. */
    readonly audit_seq: Generated<number>;
    /** JSON. */
    readonly settings: string;
    readonly revoked_before_ms: number | null;
  };
  readonly room_roles: {
    readonly tenant: string;
    readonly room: string;
    readonly subject: string;
    readonly role: string;
  };
  readonly members: MemberRow & { readonly tenant: string; readonly room: string };
  readonly audit: AuditRow & { readonly tenant: string; readonly room: string };
  readonly join_requests: JoinRequestRow & {
    readonly tenant: string;
    readonly room: string;
    readonly request_hash: Uint8Array;
  };
  readonly proposals: ProposalRow & {
    readonly tenant: string;
    readonly room: string;
    readonly content: Uint8Array | null;
  };
  /** One row. */
  readonly objects_claim: {
    readonly id: number;
    readonly current_mark: string;
    readonly next_mark: string;
    /** JSON. */
    readonly past_marks: Generated<string>;
  };
}
