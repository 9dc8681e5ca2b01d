import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Role } from '../../shared/access/index.ts';
import type { Scheduler } from '../../shared/lifecycle/index.ts';
import type { AccessDirectory, MemberRecord, Noting, RoomAccess } from '../log/access-directory.ts';
import type { LinkRecord, NewLink, RoomDirectory, RoomRecord } from '../log/room-directory.ts';
import { cleanText } from './clean-text.ts';
import { cleanPersonName } from './person-name.ts';
import type { RoomGrant } from './room-grant.ts';
import { standingOf } from './standing.ts';
import type { SignedToken, TokenAuthority } from './token-authority.ts';

/** How long a traded token runs. Short, since a link can be taken back. */
export const TRADED_TOKEN_TTL_MS = 10 * 60_000;

const SECRET_BYTES = 32;
/** Requests of strangers that may wait by one link: whoever has another one is not in their way. */
const MAX_PENDING_REQUESTS = 100;
const MAX_LABEL_CODE_POINTS = 256;
const CLOSED = refuse('closed', 'Nobody new can come by this share link any more. Ask for a new one.');
const EXPIRED = refuse('expired', 'The share link has expired. Ask for a new one.');
const USED_UP = refuse('used-up', 'The share link was used as often as it may be. Ask for a new one.');
const UNSEEN_NAME = refuse('nameless', 'The name has nothing that can be seen.');
const WAITING = 'An owner of the room has to let you in.';

export interface CreateLinkOptions {
  readonly tenant: string;
  readonly room: string;
  readonly role: Role;
  readonly label?: string | undefined;
  /** Nobody comes in by it any more after that; who is in then may stay. */
  readonly expiresInMs?: number | undefined;
  /** How many people come in by it. */
  readonly maxUses?: number | undefined;
  /** Who comes by it waits for an owner to let them in. */
  readonly needsApproval?: boolean;
  /** Patterns of the paths that it is for; undefined: all. */
  readonly paths?: readonly string[] | undefined;
  /** Subject of who makes it; empty for the command line. */
  readonly createdBy?: string;
}

/** A fresh link. The secret is in no store; who loses it makes a new link. */
export interface CreatedLink {
  readonly linkId: string;
  readonly secret: string;
}

export interface TradeRequest {
  readonly room: string;
  readonly secret: string;
  readonly name: string;
  /**
   * An earlier token of the same link, expired or not: its subject is kept. Of a revoked person, nothing is granted. One
   * that still counts does for a link that has expired, too.
   */
  readonly previousToken?: string | undefined;
  /** What an earlier trade that waits for an owner gave. It lets one session in, once. */
  readonly request?: string | undefined;
}

export type TradeResult =
  | ({ readonly kind: 'granted' } & SignedToken)
  /** An owner has to let the person in: trade again with `request`. */
  | {
      readonly kind: 'waiting';
      readonly tenant: string;
      readonly request: string;
      readonly isNew: boolean;
      readonly explanation: string;
    }
  | {
      readonly kind: 'refused';
      readonly reason: 'unknown' | 'revoked' | 'expired' | 'used-up' | 'closed' | 'denied' | 'crowded' | 'nameless';
      readonly explanation: string;
    };

export interface ShareLinksOptions {
  readonly directory: RoomDirectory;
  readonly access: AccessDirectory;
  readonly authority: TokenAuthority;
  readonly scheduler: Scheduler;
}

/** Whom a token is for. */
type Person = Pick<RoomGrant, 'subject' | 'name' | 'lineageId'>;

/** Share links: revocable grants whose secret is traded for a short-lived token. */
export class ShareLinks {
  private readonly directory: RoomDirectory;
  private readonly access: AccessDirectory;
  private readonly authority: TokenAuthority;
  private readonly scheduler: Scheduler;

  constructor({ directory, access, authority, scheduler }: ShareLinksOptions) {
    this.directory = directory;
    this.access = access;
    this.authority = authority;
    this.scheduler = scheduler;
  }

  /** Makes a link and notes it, or neither. `version` is that of the room's access then. */
  async create(
    options: CreateLinkOptions,
    toNoting?: (link: NewLink) => Noting,
  ): Promise<CreatedLink & { readonly version: number }> {
    const { link, secret } = this.prepare(options);
    const { tenant, room, linkId } = link;
    const { version } = await this.access.change({ tenant, room }, { kind: 'add-link', link }, toNoting?.(link));
    return { linkId, secret, version };
  }

  /**
   * Makes a room with its owner's link. With a secret of the caller's choice, asking again with the same one gives the
   * same link; undefined when the room is there and has another owner's link.
   */
  async createRoom(room: RoomRecord, chosenSecret?: string): Promise<CreatedLink | undefined> {
    const { link, secret } = this.prepare({ ...room, role: 'owner' }, chosenSecret);
    const earlier = await this.directory.findLinkBySecret(room.room, link.secretHash);
    // A secret says which tenant's room of this name is meant: it must be one tenant's only.
    if (earlier && earlier.tenant !== room.tenant) return undefined;
    if (await this.directory.createRoom(room, link)) return { linkId: link.linkId, secret };
    const present = await this.directory.findLinkBySecret(room.room, link.secretHash);
    return present?.tenant === room.tenant && present.role === 'owner' ? { linkId: present.linkId, secret } : undefined;
  }

  private prepare(options: CreateLinkOptions, chosenSecret?: string) {
    const { tenant, room, role, label, expiresInMs, maxUses, needsApproval = false, paths, createdBy = '' } = options;
    const secret = chosenSecret ?? randomBytes(SECRET_BYTES).toString('base64url');
    const createdAtMs = this.scheduler.now();
    const link: NewLink = {
      linkId: createId(),
      tenant,
      room,
      role,
      label: cleanText(label ?? '', MAX_LABEL_CODE_POINTS),
      secretHash: hashSecret(secret),
      createdAtMs,
      expiresAtMs: expiresInMs === undefined ? undefined : createdAtMs + expiresInMs,
      maxUses,
      needsApproval,
      paths,
      createdBy,
    };
    return { link, secret };
  }

  async trade(request: TradeRequest): Promise<TradeResult> {
    const { room } = request;
    const secretHash = hashSecret(request.secret);
    const link = await this.directory.findLinkBySecret(room, secretHash);
    if (!link || !timingSafeEqual(link.secretHash, secretHash)) {
      return refuse('unknown', 'This relay does not know the share link. Ask for a new one.');
    }
    if (link.revokedAtMs !== undefined) return refuse('revoked', 'The share link was taken back. Ask for a new one.');
    const previous = await this.previousGrant(request.previousToken, link);
    if (previous) return this.goOn(link, request, previous);
    return this.isExpired(link) ? EXPIRED : this.admitNewcomer(link, request);
  }

  private isExpired({ expiresAtMs }: Pick<LinkRecord, 'expiresAtMs'>): boolean {
    return expiresAtMs !== undefined && expiresAtMs <= this.scheduler.now();
  }

  /** Somebody who came by the link goes on being who they are. */
  private async goOn(link: LinkRecord, { name }: TradeRequest, previous: RoomGrant): Promise<TradeResult> {
    const access = await this.access.readAccess(link);
    const verdict = standingOf(previous, access);
    if (verdict.kind === 'revoked') return refuse('revoked', verdict.explanation);
    // A token that was got and put by would be a way in for somebody who was removed.
    if (link.closedAtMs !== undefined && !(await this.hasBeenIn(link, previous))) return CLOSED;
    const granted = { ...previous, name: cleanPersonName(name) ?? previous.name };
    if (!this.isExpired(link)) return this.grant(link, granted, access);
    if (this.isExpired(previous)) return EXPIRED;
    // Owners see everybody who may go on for longer than the link.
    const [member] = await this.access.findMembers(link, { lineageId: previous.lineageId });
    if (!member) await this.record(link, granted);
    return this.grant(link, granted, access);
  }

  private async admitNewcomer(link: LinkRecord, request: TradeRequest): Promise<TradeResult> {
    const name = cleanPersonName(request.name);
    if (name === undefined) return UNSEEN_NAME;
    if (link.closedAtMs !== undefined) return CLOSED;
    if (link.needsApproval) return this.admitByRequest(link, { ...request, name });
    // Only joining counts as a use, renewing does not.
    if (!(await this.directory.useLink(link.tenant, link.linkId))) return USED_UP;
    const person = { subject: createSubject(), name, lineageId: randomUUID() };
    await this.record(link, person);
    return this.grant(link, person, undefined);
  }

  private async admitByRequest(link: LinkRecord, { request, name }: TradeRequest): Promise<TradeResult> {
    const nowMs = this.scheduler.now();
    const requestHash = request === undefined ? undefined : hashSecret(request);
    const known = requestHash && (await this.access.pollJoinRequest(link, requestHash, nowMs));
    if (request === undefined || !requestHash || known?.linkId !== link.linkId) return this.addRequest(link, name);
    if (known.decision === 'denied')
      return refuse('denied', 'An owner of the room did not let you in. Ask them, and open the link again.');
    if (known.decision === 'pending')
      return { kind: 'waiting', tenant: link.tenant, request, isNew: false, explanation: WAITING };
    const lineageId = await this.access.redeemJoinRequest(link, requestHash, randomUUID());
    if (lineageId === undefined) return USED_UP;
    // It lets the one in whom an owner has let in, whose answer may have been lost; not again whoever has it.
    const [member] = await this.access.findMembers(link, { lineageId });
    if (member && wasIn(member)) return this.addRequest(link, name);
    const person = { subject: known.subject, name: known.name, lineageId };
    if (!member) await this.record(link, person);
    return this.grant(link, person, await this.access.readAccess(link));
  }

  private async addRequest(link: LinkRecord, name: string): Promise<TradeResult> {
    const { tenant, room, linkId } = link;
    const request = randomBytes(SECRET_BYTES).toString('base64url');
    const createdAtMs = this.scheduler.now();
    const record = { requestId: createId(), linkId, subject: createSubject(), name, createdAtMs };
    if (!(await this.access.addJoinRequest({ tenant, room }, record, hashSecret(request), MAX_PENDING_REQUESTS)))
      return refuse('crowded', 'Too many people wait to be let in already. Try again later.');
    return { kind: 'waiting', tenant, request, isNew: true, explanation: WAITING };
  }

  // Before the token is out, so that whoever removes the person finds the link that they came by.
  private async record({ tenant, room, role, linkId }: LinkRecord, person: Person): Promise<void> {
    const { subject, name, lineageId } = person;
    const lastSeenMs = this.scheduler.now();
    const members = [{ subject, name, role, linkId, lineageId, lastSeenMs }];
    await this.access.recordVisits([{ key: { tenant, room }, members, events: [] }]);
  }

  private async hasBeenIn(link: LinkRecord, { lineageId }: Pick<RoomGrant, 'lineageId'>): Promise<boolean> {
    const [member] = await this.access.findMembers(link, { lineageId });
    return member !== undefined && wasIn(member);
  }

  private async grant(
    link: LinkRecord,
    { subject, name, lineageId }: Person,
    access: RoomAccess | undefined,
  ): Promise<TradeResult> {
    const { tenant, room, role, linkId, paths } = link;
    const signed = await this.authority.signRoomToken({
      tenant,
      room,
      subject,
      name,
      role,
      givenRole: access?.roles.get(subject),
      linkId,
      lineageId,
      paths,
      expiresAtMs: this.scheduler.now() + TRADED_TOKEN_TTL_MS,
    });
    return { kind: 'granted', ...signed };
  }

  private async previousGrant(previousToken: string | undefined, link: LinkRecord): Promise<RoomGrant | undefined> {
    if (previousToken === undefined) return undefined;
    const verdict = await this.authority.verifyRoomToken(previousToken, { ignoresExpiry: true });
    if (verdict.kind === 'invalid') return undefined;
    const { tenant, room, linkId } = verdict.grant;
    return tenant === link.tenant && room === link.room && linkId === link.linkId ? verdict.grant : undefined;
  }
}

/** Until then somebody only has a token. */
function wasIn({ firstSeenMs, lastSeenMs }: MemberRecord): boolean {
  return lastSeenMs !== firstSeenMs;
}

function createSubject(): string {
  return `guest-${randomBytes(9).toString('base64url')}`;
}

/** Never begins with `-`, by which a command line would take it for an option. */
function createId(): string {
  for (;;) {
    const id = randomBytes(9).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

function hashSecret(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest();
}

function refuse(reason: Extract<TradeResult, { kind: 'refused' }>['reason'], explanation: string): TradeResult {
  return { kind: 'refused', reason, explanation };
}
