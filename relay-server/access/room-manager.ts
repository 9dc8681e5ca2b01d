import { isAtLeast, type Role } from '../../shared/access/index.ts';
import type { Scheduler } from '../../shared/lifecycle/index.ts';
import type {
  AccessChange,
  AccessDirectory,
  AccessKey,
  AuditEvent,
  AuditKind,
  MemberRecord,
  SettingsChange,
} from '../log/access-directory.ts';
import type { CreatedLink, CreateLinkOptions, ShareLinks } from './share-links.ts';

/** Who changes something, for the audit. */
export interface Actor {
  readonly subject: string;
  readonly name: string;
}

/** Whoever has the relay's command line. */
export const OPERATOR: Actor = { subject: 'operator', name: 'Operator' };

export interface RoomManagerOptions {
  readonly access: AccessDirectory;
  readonly shareLinks: ShareLinks;
  readonly scheduler: Scheduler;
  /** Tells running relays of a change; without it they find it themselves within a second. */
  readonly announce?: (key: AccessKey, version: number) => void;
}

/** What may be taken back. */
export type Revocation =
  | { readonly kind: 'link'; readonly linkId: string }
  | { readonly kind: 'subject'; readonly subject: string }
  | { readonly kind: 'session'; readonly lineageId: string }
  | { readonly kind: 'all' };

/** Everything that owners and operators do to a room's access. Notes who did it. Rejects with a `LogFailure`. */
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
        return this.event('link-created', actor, linkId, detail);
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
      case 'link':
        return this.change(
          key,
          { kind: 'revoke-link', linkId: what.linkId },
          this.event('link-revoked', actor, what.linkId),
        );
      case 'subject':
        return this.change(
          key,
          { kind: 'revoke-subject', subject: what.subject },
          this.event('person-revoked', actor, what.subject, await this.nameOf(key, what.subject)),
        );
      case 'session':
        return this.change(
          key,
          { kind: 'revoke-lineage', lineageId: what.lineageId },
          this.event('session-revoked', actor, what.lineageId),
        );
      case 'all':
        return this.change(key, { kind: 'revoke-all' }, this.event('all-revoked', actor, ''));
    }
  }

  /**
   * Undefined: what the person's link says. For less than that the link is closed to others, or the person would come
   * by it as somebody new.
   */
  async setRole(key: AccessKey, actor: Actor, subject: string, role: Role | undefined): Promise<void> {
    const member = await this.findMember(key, subject);
    const closesLinks = role !== undefined && member !== undefined && !isAtLeast(role, member.role);
    const detail = `${member?.name ?? subject}: ${role ?? 'as the link says'}`;
    const event = this.event('role-changed', actor, subject, detail);
    await this.change(key, { kind: 'set-role', subject, role, closesLinks }, event);
  }

  /** What is left out stays, also when another owner changes it at this moment. */
  async setSettings(key: AccessKey, actor: Actor, settings: SettingsChange): Promise<void> {
    const { presenter = null, chat } = settings;
    const detail = JSON.stringify({ ...('presenter' in settings && { presenter }), ...(chat && { chat }) });
    await this.change(key, { kind: 'set-settings', settings }, this.event('settings-changed', actor, '', detail));
  }

  /** False when the request is not pending any more. */
  async decideJoin(key: AccessKey, actor: Actor, requestId: string, decision: 'approved' | 'denied'): Promise<boolean> {
    const event = this.event(decision === 'approved' ? 'join-approved' : 'join-denied', actor, requestId);
    const isDecided = await this.options.access.decideJoinRequest(key, requestId, decision, event);
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
    const event = this.event(state === 'applied' ? 'proposal-applied' : 'proposal-dropped', actor, proposalId);
    const isSettled = await this.options.access.settleProposal(key, proposalId, state, event);
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

  private event(kind: AuditKind, actor: Actor, target: string, detail = ''): AuditEvent {
    const atMs = this.options.scheduler.now();
    return { atMs, kind, actor: actor.subject, actorName: actor.name, target, detail };
  }

  private async change({ tenant, room }: AccessKey, change: AccessChange, event: AuditEvent): Promise<void> {
    const version = await this.options.access.change({ tenant, room }, change, event);
    this.options.announce?.({ tenant, room }, version);
  }

  private async nameOf(key: AccessKey, subject: string): Promise<string> {
    return (await this.findMember(key, subject))?.name ?? subject;
  }

  private async findMember(key: AccessKey, subject: string): Promise<MemberRecord | undefined> {
    const [latest] = await this.options.access.findMembers(key, { subject });
    return latest;
  }
}
