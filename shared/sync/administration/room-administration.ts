import type { Role, RoomSettings } from '../../access/index.ts';
import type { RequestOutcome } from '../relay-requests.ts';
import type { TokenSource } from '../token-source.ts';
import {
  readAuditEntry,
  readClosedLinks,
  readJoinRequest,
  readLink,
  readList,
  readMadeLink,
  readPeoplePage,
  readProposal,
  readSettings,
} from './read-records.ts';
import type {
  AuditEntry,
  ClosedLink,
  JoinRequest,
  JoinVerdict,
  MadeRoomLink,
  NewRoomLink,
  PeoplePage,
  Proposal,
  ProposalVerdict,
  Revocation,
  RoomLink,
  SettingsChange,
} from './records.ts';
import { type RoomRequest, RoomRequests, type RoomRequestsOptions } from './room-requests.ts';

export interface RoomAdministrationOptions extends RoomRequestsOptions {
  /** Gives tokens of an owner; the relay refuses others. */
  readonly tokens: TokenSource;
}

interface Ask<T> extends RoomRequest {
  /** Undefined when the answer is not what a relay says. */
  readonly read: (body: unknown) => T | undefined;
}

const DONE = () => true;

/** What owners of a room ask of the relay. Nothing here throws; explanations are for the person who asked. */
export class RoomAdministration {
  private readonly requests: RoomRequests;

  constructor(options: RoomAdministrationOptions) {
    this.requests = new RoomRequests(options);
  }

  createLink(link: NewRoomLink): Promise<RequestOutcome<MadeRoomLink>> {
    return this.ask({ method: 'POST', path: 'links', body: link, read: readMadeLink });
  }

  /** Newest first. */
  listLinks(): Promise<RequestOutcome<readonly RoomLink[]>> {
    return this.ask({ path: 'links', read: (body) => readList(body, 'links', readLink) });
  }

  /**
   * Who is or was in: on the first page owners and those who are connected before the others, those seen last first.
   * `after` is the `next` of an earlier page; people of that one may come again.
   */
  listPeople(after?: string): Promise<RequestOutcome<PeoplePage>> {
    const path = after === undefined ? 'people' : `people?after=${encodeURIComponent(after)}`;
    return this.ask({ path, read: readPeoplePage });
  }

  /** Undefined: as the link says that the person came by. Gives the links by which nobody new comes for that reason. */
  setRole(subject: string, role: Role | undefined): Promise<RequestOutcome<readonly ClosedLink[]>> {
    const path = `people/${encodeURIComponent(subject)}/role`;
    return this.ask({ method: 'PUT', path, body: { role: role ?? null }, read: readClosedLinks });
  }

  revoke(revocation: Revocation): Promise<RequestOutcome<boolean>> {
    if (revocation.kind === 'link') {
      return this.ask({ method: 'DELETE', path: `links/${encodeURIComponent(revocation.linkId)}`, read: DONE });
    }
    const body =
      revocation.kind === 'person'
        ? { subject: revocation.subject }
        : revocation.kind === 'session'
          ? { session: revocation.sessionId }
          : { all: true };
    return this.ask({ method: 'POST', path: 'revocations', body, read: DONE });
  }

  readSettings(): Promise<RequestOutcome<RoomSettings>> {
    return this.ask({ path: 'settings', read: readSettings });
  }

  writeSettings(change: SettingsChange): Promise<RequestOutcome<boolean>> {
    return this.ask({ method: 'PUT', path: 'settings', body: change, read: DONE });
  }

  listJoinRequests(): Promise<RequestOutcome<readonly JoinRequest[]>> {
    return this.ask({ path: 'join-requests', read: (body) => readList(body, 'requests', readJoinRequest) });
  }

  decideJoinRequest(requestId: string, decision: JoinVerdict): Promise<RequestOutcome<boolean>> {
    const path = `join-requests/${encodeURIComponent(requestId)}`;
    return this.ask({ method: 'POST', path, body: { decision }, read: DONE });
  }

  /** Newest first: those below `beforeSeq`, or the newest ones. */
  listAudit(page: {
    readonly beforeSeq?: number;
    readonly limit: number;
  }): Promise<RequestOutcome<readonly AuditEntry[]>> {
    const before = page.beforeSeq === undefined ? '' : `before=${page.beforeSeq}&`;
    const path = `audit?${before}limit=${page.limit}`;
    return this.ask({ path, read: (body) => readList(body, 'events', readAuditEntry) });
  }

  /** Every event, one JSON object a line. */
  exportAudit(): Promise<RequestOutcome<string>> {
    return this.ask({
      path: 'audit',
      answerAs: 'lines',
      read: (body) => (typeof body === 'string' ? body : undefined),
    });
  }

  /** The open ones, oldest first. */
  listProposals(): Promise<RequestOutcome<readonly Proposal[]>> {
    return this.ask({ path: 'proposals', read: (body) => readList(body, 'proposals', readProposal) });
  }

  /** The proposal's Yjs update: somebody else's, not checked here. */
  readProposal(proposalId: string): Promise<RequestOutcome<Uint8Array>> {
    return this.ask({
      path: `proposals/${encodeURIComponent(proposalId)}`,
      answerAs: 'bytes',
      read: (body) => (body instanceof Uint8Array ? body : undefined),
    });
  }

  settleProposal(proposalId: string, state: ProposalVerdict): Promise<RequestOutcome<boolean>> {
    const path = `proposals/${encodeURIComponent(proposalId)}`;
    return this.ask({ method: 'POST', path, body: { state }, read: DONE });
  }

  private ask<T>({ read, ...request }: Ask<T>): Promise<RequestOutcome<T>> {
    return this.requests.ask(request, read);
  }
}
