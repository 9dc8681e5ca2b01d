import type { Role, RoomSettings } from '../../shared/access/index.ts';
import type {
  AuditEntry,
  ClosedLink,
  JoinRequest,
  JoinVerdict,
  LinkForms,
  ListedRoomLink,
  NewRoomLink,
  PeoplePage,
  Proposal,
  ProposalVerdict,
  Revocation,
  SettingsChange,
} from '../../shared/sync/administration/index.ts';
import type { ProposalReport, UnsentText } from '../../shared/sync/index.ts';
import type { Outcome } from './workspace-status.ts';

interface Nothing {
  readonly request: undefined;
}

/** Requests of owners about the open room. The host asks the relay; no token reaches the window. */
export interface AccessChannels {
  'access:create-link': { readonly request: NewRoomLink; readonly response: Outcome<LinkForms> };
  'access:list-links': Nothing & { readonly response: Outcome<readonly ListedRoomLink[]> };
  /** A link that this device has made. */
  'access:read-link': { readonly request: { readonly linkId: string }; readonly response: Outcome<LinkForms> };
  'access:revoke': { readonly request: Revocation; readonly response: Outcome<boolean> };
  /** `after` is the `next` of an earlier page; undefined for the first. */
  'access:list-people': {
    readonly request: { readonly after: string | undefined };
    readonly response: Outcome<PeoplePage>;
  };
  /** Undefined: as the link says that the person came by. */
  'access:set-role': {
    readonly request: { readonly subject: string; readonly role: Role | undefined };
    readonly response: Outcome<readonly ClosedLink[]>;
  };
  'access:read-settings': Nothing & { readonly response: Outcome<RoomSettings> };
  'access:write-settings': { readonly request: SettingsChange; readonly response: Outcome<boolean> };
  'access:list-join-requests': Nothing & { readonly response: Outcome<readonly JoinRequest[]> };
  'access:decide-join-request': {
    readonly request: { readonly requestId: string; readonly decision: JoinVerdict };
    readonly response: Outcome<boolean>;
  };
  'access:list-audit': {
    readonly request: { readonly beforeSeq: number | undefined; readonly limit: number };
    readonly response: Outcome<readonly AuditEntry[]>;
  };
  /** Every event as a line of JSON. */
  'access:export-audit': Nothing & { readonly response: Outcome<string> };
  'access:list-proposals': Nothing & { readonly response: Outcome<readonly Proposal[]> };
  'access:read-proposal': {
    readonly request: { readonly proposalId: string };
    readonly response: Outcome<Uint8Array>;
  };
  'access:settle-proposal': {
    readonly request: { readonly proposalId: string; readonly state: ProposalVerdict };
    readonly response: Outcome<boolean>;
  };
  /** Hands edits that the relay has not over to the owners, after self was put out; says what became of them. */
  'edits:propose': Nothing & { readonly response: Outcome<ProposalReport> };
  /** Texts of files with edits that this device has and the relay has not; for anybody. */
  'edits:read-unsent': Nothing & { readonly response: Outcome<readonly UnsentText[]> };
  /** Lets the person choose where to save. False: they changed their mind. */
  'file:save': {
    readonly request: { readonly suggestedName: string; readonly content: Uint8Array };
    readonly response: Outcome<boolean>;
  };
}
