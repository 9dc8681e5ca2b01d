import type { IncomingMessage } from 'node:http';
import {
  checkPathPatterns,
  formatAppLink,
  formatShareLink,
  isRole,
  type Role,
  ROLES,
} from '../../../shared/access/index.ts';
import type { CreatedLink } from '../../access/share-links.ts';
import type { ListedLink } from '../../log/access-directory.ts';
import { HttpError } from '../http-error.ts';
import {
  checkFields,
  invalid,
  optionalCount,
  optionalFlag,
  optionalText,
  optionalTexts,
  readJsonObject,
} from '../json-body.ts';
import { type ApiAnswer, type ApiServices, DONE, type Owner, refuseOwnLoss } from './api-services.ts';

const MAX_SECONDS = 10 * 365 * 24 * 3600;
const MAX_PATTERNS = 50;

/** Makes a share link. */
export async function createLink(services: ApiServices, owner: Owner, request: IncomingMessage): Promise<ApiAnswer> {
  const body = await readJsonObject(request);
  checkFields(body, ['role', 'label', 'expiresInSeconds', 'maxUses', 'needsApproval', 'paths']);
  const expiresInSeconds = optionalCount(body, 'expiresInSeconds', MAX_SECONDS);
  const paths = optionalTexts(body, 'paths', { maxItems: MAX_PATTERNS, maxLength: 256 });
  const wrong = paths && checkPathPatterns(paths);
  if (wrong !== undefined) throw invalid('paths', wrong);
  const role = readRole(body['role']);
  if (paths && role === 'owner') throw invalid('paths', 'cannot be set for owners, who see everything');
  const link = await services.manager.createLink(owner.actor, {
    ...owner.key,
    role,
    label: optionalText(body, 'label', 256),
    expiresInMs: expiresInSeconds === undefined ? undefined : expiresInSeconds * 1000,
    maxUses: optionalCount(body, 'maxUses', 1_000_000),
    needsApproval: optionalFlag(body, 'needsApproval') ?? false,
    paths,
  });
  return { status: 201, body: describeCreated(services, owner.key.room, link) };
}

/** Lists all links of the room. */
export async function listLinks({ access }: ApiServices, { key }: Owner): Promise<ApiAnswer> {
  return { status: 200, body: { links: (await access.listLinks(key)).map(describe) } };
}

/** Takes a link back, and everybody who came by it. */
export async function revokeLink({ manager }: ApiServices, owner: Owner, linkId: string): Promise<ApiAnswer> {
  const revocation = { kind: 'link', linkId } as const;
  if (!(await manager.knows(owner.key, revocation)))
    throw new HttpError(404, 'not-found', 'The room has no such link.');
  refuseOwnLoss(owner, revocation);
  await manager.revoke(owner.key, owner.actor, revocation);
  return DONE;
}

/** A fresh link with its two forms. */
export function describeCreated({ publicUrl }: ApiServices, room: string, { linkId, secret }: CreatedLink) {
  const link = { relayUrl: publicUrl(), room, secret };
  return { id: linkId, secret, url: formatShareLink(link), appUrl: formatAppLink(link) };
}

function describe(link: ListedLink): Readonly<Record<string, unknown>> {
  const { linkId: id, role, label, createdAtMs, createdBy, expiresAtMs, maxUses, uses, needsApproval } = link;
  const { paths, closedAtMs, closedReason, revokedAtMs } = link;
  const state = { uses, needsApproval, paths, closedAtMs, closedReason, revokedAtMs };
  return { id, role, label, createdAtMs, createdBy, expiresAtMs, maxUses, ...state };
}

function readRole(value: unknown): Role {
  if (!isRole(value)) throw invalid('role', `must be one of ${ROLES.join(', ')}`);
  return value;
}
