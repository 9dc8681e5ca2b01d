import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Role } from '../../shared/access/index.ts';
import type { Scheduler } from '../../shared/lifecycle/index.ts';
import type { LinkRecord, NewLink, RoomDirectory, RoomRecord } from '../log/room-directory.ts';
import { cleanPersonName } from './person-name.ts';
import type { RoomGrant } from './room-grant.ts';
import type { TokenAuthority } from './token-authority.ts';

/** How long a traded token runs. Short, since a link can be taken back. */
export const TRADED_TOKEN_TTL_MS = 10 * 60_000;

const SECRET_BYTES = 32;
const UNNAMED = 'Guest';

export interface CreateLinkOptions {
  readonly tenant: string;
  readonly room: string;
  readonly role: Role;
  readonly label?: string | undefined;
  readonly expiresInMs?: number | undefined;
  readonly maxUses?: number | undefined;
}

/** A fresh link. The secret is in no store; who loses it makes a new link. */
export interface CreatedLink {
  readonly linkId: string;
  readonly secret: string;
}

export interface TradeRequest {
  readonly tenant: string;
  readonly room: string;
  readonly secret: string;
  readonly name: string;
  /** An earlier token of the same link, expired or not: its subject is kept. Of a revoked person, nothing is granted. */
  readonly previousToken?: string | undefined;
}

export type TradeResult =
  | { readonly kind: 'granted'; readonly token: string; readonly grant: RoomGrant }
  | {
      readonly kind: 'refused';
      readonly reason: 'unknown' | 'revoked' | 'expired' | 'used-up';
      readonly explanation: string;
    };

/** Share links: revocable grants whose secret is traded for a short-lived token. */
export class ShareLinks {
  private readonly directory: RoomDirectory;
  private readonly authority: TokenAuthority;
  private readonly scheduler: Scheduler;

  constructor(directory: RoomDirectory, authority: TokenAuthority, scheduler: Scheduler) {
    this.directory = directory;
    this.authority = authority;
    this.scheduler = scheduler;
  }

  async create(options: CreateLinkOptions): Promise<CreatedLink> {
    const { link, secret } = this.prepare(options);
    await this.directory.addLink(link);
    return { linkId: link.linkId, secret };
  }

  /**
   * Makes a room with its owner's link. With a secret of the caller's choice, asking again with the same one gives the
   * same link; undefined when the room is there and has another owner's link.
   */
  async createRoom(room: RoomRecord, chosenSecret?: string): Promise<CreatedLink | undefined> {
    const { link, secret } = this.prepare({ ...room, role: 'owner' }, chosenSecret);
    if (await this.directory.createRoom(room, link)) return { linkId: link.linkId, secret };
    const present = await this.directory.findLinkBySecret(room.tenant, room.room, link.secretHash);
    return present?.role === 'owner' ? { linkId: present.linkId, secret } : undefined;
  }

  private prepare({ tenant, room, role, label, expiresInMs, maxUses }: CreateLinkOptions, chosenSecret?: string) {
    const secret = chosenSecret ?? randomBytes(SECRET_BYTES).toString('base64url');
    const createdAtMs = this.scheduler.now();
    const link: NewLink = {
      linkId: randomBytes(9).toString('base64url'),
      tenant,
      room,
      role,
      label: label ?? '',
      secretHash: hashSecret(secret),
      createdAtMs,
      expiresAtMs: expiresInMs === undefined ? undefined : createdAtMs + expiresInMs,
      maxUses,
    };
    return { link, secret };
  }

  async trade(request: TradeRequest): Promise<TradeResult> {
    const { tenant, room } = request;
    const secretHash = hashSecret(request.secret);
    const link = await this.directory.findLinkBySecret(tenant, room, secretHash);
    if (!link || !timingSafeEqual(link.secretHash, secretHash)) {
      return refuse('unknown', 'This relay does not know the share link. Ask for a new one.');
    }
    const nowMs = this.scheduler.now();
    if (link.revokedAtMs !== undefined) return refuse('revoked', 'The share link was taken back. Ask for a new one.');
    if (link.expiresAtMs !== undefined && link.expiresAtMs <= nowMs) {
      return refuse('expired', 'The share link has expired. Ask for a new one.');
    }
    const knownSubject = await this.subjectOf(request.previousToken, link);
    // By subject, since a revoked person may hold older tokens of the same subject.
    if (knownSubject !== undefined && (await this.directory.isSubjectRevoked(tenant, room, knownSubject))) {
      return refuse('revoked', 'Your access was taken back. Ask an owner of the room for a new link.');
    }
    // Only joining counts as a use, renewing does not.
    if (knownSubject === undefined && !(await this.directory.useLink(tenant, link.linkId))) {
      return refuse('used-up', 'The share link was used as often as it may be. Ask for a new one.');
    }
    const signed = await this.authority.signRoomToken({
      tenant,
      room,
      subject: knownSubject ?? `guest-${randomBytes(9).toString('base64url')}`,
      name: cleanPersonName(request.name) ?? UNNAMED,
      role: link.role,
      linkId: link.linkId,
      expiresAtMs: Math.min(nowMs + TRADED_TOKEN_TTL_MS, link.expiresAtMs ?? Infinity),
    });
    await this.directory.recordToken(signed.grant, nowMs);
    return { kind: 'granted', ...signed };
  }

  private async subjectOf(previousToken: string | undefined, link: LinkRecord): Promise<string | undefined> {
    if (previousToken === undefined) return undefined;
    const verdict = await this.authority.verifyRoomToken(previousToken, { ignoresExpiry: true });
    if (verdict.kind === 'invalid') return undefined;
    const { tenant, room, linkId, subject } = verdict.grant;
    return tenant === link.tenant && room === link.room && linkId === link.linkId ? subject : undefined;
  }
}

function hashSecret(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest();
}

function refuse(reason: Extract<TradeResult, { kind: 'refused' }>['reason'], explanation: string): TradeResult {
  return { kind: 'refused', reason, explanation };
}
