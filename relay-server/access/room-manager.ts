import { isAtLeast, type Role } from '../../shared/access/index.ts';
import type { Scheduler } from '../../shared/lifecycle/index.ts';
import { mayPresent } from '../log/access-consequences.ts';
import type {
  AccessBefore,
  AccessChange,
  AccessDirectory,
  AccessKey,
  AuditEvent,
  AuditKind,
  ClosedLink,
  MemberRecord,
  Noting,
  SettingsChange,
} from '../log/access-directory.ts';
import { ChangeRefused } from '../log/change-refused.ts';
import { LogFailure } from '../log/log-failure.ts';
import { type Actor, checkActor } from './actor.ts';
import { describePerson, describeRoleChange, describeWay } from './audit-words.ts';
import type { CreatedLink, CreateLinkOptions, ShareLinks } from './share-links.ts';

/** Whoever has the relay's command line. */
export const OPERATOR: Actor = { subject: 'operator', name: 'Operator' };

export interface RoomManagerOptions {
  readonly access: AccessDirectory;
  readonly shareLinks: ShareLinks;
  readonly scheduler: Scheduler;
  /** Tells running relays of a change; without it they find it themselves within a second. */
  readonly announce?: (key: AccessKey, version: number) => void;
  /** Where the file of a document lies, for the audit. Rejects with a `LogFailure`. */
  readonly findFilePath?: (key: AccessKey, document: string) => Promise<string | undefined>;
}

/** What may be taken back. */
export type Revocation =
  | { readonly kind: 'link'; readonly linkId: string }
  | { readonly kind: 'subject'; readonly subject: string }
  | { readonly kind: 'session'; readonly lineageId: string }
  | { readonly kind: 'all' };

/**
 * Everything that owners and operators do to a room's access. Notes who did it. Rejects with a `LogFailure`, and with a
 * `ChangeRefused` when the actor is no owner any more by the time that the change would be made.
 */
export class RoomManager {
  private readonly options: RoomManagerOptions;

  constructor(options: RoomManagerOptions) {
    this.options = options;
  }

  async createLink(actor: Actor, link: Omit<CreateLinkOptions, 'createdBy'>): Promise<CreatedLink> {
    const { tenant, room } = link;
    const { shareLinks, announce } = this.options;
    const { version, ...created } = await shareLinks.create(
      { ...link, createdBy: actor.subject },
      ({ linkId, role, label, paths }) => {
        const detail = [role, ...(label === '' ? [] : [label]), ...(paths ?? [])].join(', ');
        return this.noting(actor, 'link-created', linkId, () => detail);
      },
    );
    announce?.({ tenant, room }, version);
    return created;
  }

  /** Whether there is, or was, what would be taken back. */
  async knows(key: AccessKey, what: Revocation): Promise<boolean> {
    const { access } = this.options;
    switch (what.kind) {
      case 'link':
        return (await access.listLinks(key)).some(({ linkId }) => linkId === what.linkId);
      case 'subject': {
        if (await this.findMember(key, what.subject)) return true;
        const { roles, revokedSubjects } = await access.readAccess(key);
        return roles.has(what.subject) || revokedSubjects.has(what.subject);
      }
      case 'session': {
        const { lineageId } = what;
        if ((await access.findMembers(key, { lineageId })).length > 0) return true;
        return (await access.readAccess(key)).revokedLineages.has(lineageId);
      }
      case 'all':
        return true;
    }
  }

  async revoke(key: AccessKey, actor: Actor, what: Revocation): Promise<void> {
    switch (what.kind) {
      case 'link': {
        const { linkId } = what;
        await this.change(key, { kind: 'revoke-link', linkId }, this.noting(actor, 'link-revoked', linkId));
        return;
      }
      case 'subject': {
        const { subject } = what;
        const links = await this.options.access.listLinks(key);
        const describe = (before: AccessBefore) => describePerson(subject, before, links);
        const noting = this.noting(actor, 'person-revoked', subject, describe);
        await this.change(key, { kind: 'revoke-subject', subject }, noting);
        return;
      }
      case 'session': {
        const { lineageId } = what;
        const [member] = await this.options.access.findMembers(key, { lineageId });
        const noting = this.noting(actor, 'session-revoked', lineageId, () => member?.name ?? '');
        await this.change(key, { kind: 'revoke-lineage', lineageId }, noting);
        return;
      }
      case 'all':
        await this.change(key, { kind: 'revoke-all' }, this.noting(actor, 'all-revoked', ''));
    }
  }

  /**
   * Undefined: what the person's link says. For less than that the links are closed to others by which they came, or the
   * person would come by them as somebody new; resolves to those. Nothing opens them again.
   */
  async setRole(key: AccessKey, actor: Actor, subject: string, role: Role | undefined): Promise<readonly ClosedLink[]> {
    const member = await this.findMember(key, subject);
    const closesLinks = role !== undefined && member !== undefined && !isAtLeast(role, member.role);
    const describe = (before: AccessBefore) => describeRoleChange(subject, role, before);
    const noting = this.noting(actor, 'role-changed', subject, describe);
    return this.change(key, { kind: 'set-role', subject, role, closesLinks }, noting);
  }

  /**
   * What is left out stays, also when another owner changes it at this moment. Rejects with a `ChangeRefused` when
   * somebody is to present who is not there or may not edit.
   */
  async setSettings(key: AccessKey, actor: Actor, settings: SettingsChange): Promise<void> {
    const { presenter = null, chat } = settings;
    const detail = JSON.stringify({ ...('presenter' in settings && { presenter }), ...(chat && { chat }) });
    const noting = this.noting(actor, 'settings-changed', '', (before) => {
      if (presenter !== null && presenter !== actor.subject) checkPresenter(presenter, before);
      return detail;
    });
    await this.change(key, { kind: 'set-settings', settings }, noting);
  }

  /** False when the request is not pending any more. */
  async decideJoin(key: AccessKey, actor: Actor, requestId: string, decision: 'approved' | 'denied'): Promise<boolean> {
    const { access, scheduler } = this.options;
    const waiting = await access.listJoinRequests(key, scheduler.now());
    const request = waiting.find((candidate) => candidate.requestId === requestId);
    const links = request ? await access.listLinks(key) : [];
    const detail = request ? `${request.name}, ${describeWay(request.linkId, links)}` : '';
    const kind = decision === 'approved' ? 'join-approved' : 'join-denied';
    const noting = this.noting(actor, kind, requestId, () => detail);
    const isDecided = await access.decideJoinRequest(key, requestId, decision, noting);
    if (isDecided) await this.announce(key);
    return isDecided;
  }

  /** False when the proposal is not open any more. */
  async settleProposal(
    key: AccessKey,
    actor: Actor,
    proposalId: string,
    state: 'applied' | 'dropped',
  ): Promise<boolean> {
    const { access } = this.options;
    const proposal = await access.findProposal(key, proposalId);
    if (proposal?.state !== 'open') return false;
    const detail = `${proposal.name}: ${await this.nameOfDocument(key, proposal.document)}`;
    const kind = state === 'applied' ? 'proposal-applied' : 'proposal-dropped';
    const noting = this.noting(actor, kind, proposalId, () => detail);
    const isSettled = await access.settleProposal(key, proposalId, state, noting);
    if (isSettled) await this.announce(key);
    return isSettled;
  }

  /** Tells running relays that something of the room's access has changed. */
  async announce(key: AccessKey): Promise<void> {
    const { access, announce } = this.options;
    if (!announce) return;
    const [version = 0] = await access.readVersions([key]);
    announce(key, version);
  }

  private noting(
    actor: Actor,
    kind: AuditKind,
    target: string,
    describe: (before: AccessBefore) => string = () => '',
  ): Extract<Noting, (before: AccessBefore) => AuditEvent> {
    return (before) => {
      checkActor(actor, before.access);
      const atMs = this.options.scheduler.now();
      return { atMs, kind, actor: actor.subject, actorName: actor.name, target, detail: describe(before) };
    };
  }

  private async change(
    { tenant, room }: AccessKey,
    change: AccessChange,
    noting: Noting,
  ): Promise<readonly ClosedLink[]> {
    const { version, closedLinks } = await this.options.access.change({ tenant, room }, change, noting);
    this.options.announce?.({ tenant, room }, version);
    return closedLinks;
  }

  private async nameOfDocument(key: AccessKey, document: string): Promise<string> {
    try {
      return (await this.options.findFilePath?.(key, document)) ?? document;
    } catch (error) {
      // A list of files that is damaged, which its readers report, is no reason to keep proposals open.
      if (error instanceof LogFailure) return document;
      throw error;
    }
  }

  private async findMember(key: AccessKey, subject: string): Promise<MemberRecord | undefined> {
    const [latest] = await this.options.access.findMembers(key, { subject });
    return latest;
  }
}

function checkPresenter(presenter: string, { access, sessions }: AccessBefore): void {
  if (sessions.length === 0)
    throw new ChangeRefused('unknown-person', 'Nobody of that subject was in the room, so that they cannot present.');
  if (!mayPresent(access, presenter, sessions))
    throw new ChangeRefused(
      'unfit-person',
      'They may not edit, so that they cannot present. Give them the role first.',
    );
}
