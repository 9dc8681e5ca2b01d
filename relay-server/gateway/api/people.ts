import type { IncomingMessage } from 'node:http';
import { isChatPolicy, isRole, ROLES, CHAT_POLICIES, type Role } from '../../../shared/access/index.ts';
import type { ListedLink, PeopleCursor, PersonRecord, RoomAccess, SettingsChange } from '../../log/access-directory.ts';
import { cleanText } from '../../access/clean-text.ts';
import type { Revocation } from '../../access/room-manager.ts';
import { HttpError } from '../http-error.ts';
import { checkFields, invalid, optionalFlag, optionalText, readJsonObject } from '../json-body.ts';
import { type ApiAnswer, type ApiServices, DONE, type Owner, refuseOwnLoss } from './api-services.ts';
import { queryOf, readCount } from './query.ts';

const MAX_PEOPLE = 1_000;
const MAX_ID = 128;
const UNKNOWN: Readonly<Record<Revocation['kind'], string>> = {
  subject: 'Nobody of that name was in the room. Whoever runs the relay can keep out people who never came.',
  session: 'The room has no such session.',
  link: 'The room has no such link.',
  all: 'Nobody is there.',
};

interface Person {
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
  readonly linkId: string | undefined;
  /** Of the link: with `firstSeenMs` it tells people of one name apart. */
  readonly linkLabel: string | undefined;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** As far as this node knows. */
  readonly isConnected: boolean;
  readonly isRevoked: boolean;
  readonly sessions: readonly { readonly id: string; readonly lastSeenMs: number; readonly isRevoked: boolean }[];
}

/**
 * Who is or was in the room, with their sessions: owners and those who are connected first, then those seen last, page by
 * page.
 */
export async function listPeople(services: ApiServices, { key }: Owner, request: IncomingMessage): Promise<ApiAnswer> {
  const { access } = services;
  const query = queryOf(request);
  const limit = Math.min(readCount(query, 'limit') ?? MAX_PEOPLE, MAX_PEOPLE);
  const after = readCursor(query);
  const connected = services.connectedSubjects(key);
  const [page, state, links] = await Promise.all([
    access.listPeople(key, { limit, connected, ...(after && { after }) }),
    access.readAccess(key),
    access.listLinks(key),
  ]);
  const isConnected = new Set(connected);
  const people = page.people.flatMap((person) => describe(person, state, links, isConnected) ?? []);
  const next = page.next && `${page.next.lastSeenMs}.${page.next.lineageId}`;
  return { status: 200, body: { people, next } };
}

function readCursor(query: URLSearchParams): PeopleCursor | undefined {
  const value = query.get('after');
  if (value === null) return undefined;
  const [, lastSeenMs, lineageId] = /^(\d{1,16})\.([!-~]{0,128})$/.exec(value) ?? [];
  if (lastSeenMs === undefined || lineageId === undefined)
    throw new HttpError(400, 'invalid-field', 'The parameter after must be the next of an earlier page.');
  return { lastSeenMs: Number(lastSeenMs), lineageId };
}

function describe(
  { firstSeenMs, sessions }: PersonRecord,
  state: RoomAccess,
  links: readonly ListedLink[],
  connected: ReadonlySet<string>,
): Person | undefined {
  const [latest] = sessions;
  if (!latest) return undefined;
  const { subject, name, role, linkId, lastSeenMs } = latest;
  return {
    subject,
    name,
    role: state.roles.get(subject) ?? role,
    linkId,
    linkLabel: links.find((link) => link.linkId === linkId)?.label,
    firstSeenMs,
    lastSeenMs,
    isConnected: connected.has(subject),
    isRevoked: state.revokedSubjects.has(subject),
    sessions: sessions.map((session) => ({
      id: session.lineageId,
      lastSeenMs: session.lastSeenMs,
      isRevoked: state.revokedLineages.has(session.lineageId),
    })),
  };
}

/** Gives somebody another role, or the one of their link again; says which links that has closed to newcomers. */
export async function changeRole(
  { manager }: ApiServices,
  owner: Owner,
  subject: string,
  request: IncomingMessage,
): Promise<ApiAnswer> {
  const body = await readJsonObject(request);
  checkFields(body, ['role']);
  const role = body['role'] ?? undefined;
  if (role !== undefined && !isRole(role)) throw invalid('role', `must be null or one of ${ROLES.join(', ')}`);
  if (subject.length > MAX_ID) throw new HttpError(404, 'not-found', 'Nobody in the room is called that.');
  if (subject === owner.actor.subject)
    throw new HttpError(409, 'own-access', 'You cannot change your own role. Ask another owner.');
  const closed = await manager.setRole(owner.key, owner.actor, subject, role);
  const closedLinks = closed.map(({ linkId: id, role: linkRole, label }) => ({ id, role: linkRole, label }));
  return { status: 200, body: { closedLinks } };
}

/** Takes back a person's, a session's, a link's or everybody's access. */
export async function revoke({ manager }: ApiServices, owner: Owner, request: IncomingMessage): Promise<ApiAnswer> {
  const body = await readJsonObject(request);
  checkFields(body, ['subject', 'session', 'link', 'all']);
  const revocation = readRevocation(body);
  refuseOwnLoss(owner, revocation);
  if (!(await manager.knows(owner.key, revocation))) throw new HttpError(404, 'not-found', UNKNOWN[revocation.kind]);
  await manager.revoke(owner.key, owner.actor, revocation);
  return DONE;
}

function readRevocation(body: Readonly<Record<string, unknown>>): Revocation {
  const subject = optionalText(body, 'subject', MAX_ID);
  const lineageId = optionalText(body, 'session', MAX_ID);
  const linkId = optionalText(body, 'link', MAX_ID);
  const isAll = optionalFlag(body, 'all') ?? false;
  const wanted: Revocation[] = [
    ...(subject === undefined ? [] : [{ kind: 'subject', subject } as const]),
    ...(lineageId === undefined ? [] : [{ kind: 'session', lineageId } as const]),
    ...(linkId === undefined ? [] : [{ kind: 'link', linkId } as const]),
    ...(isAll ? [{ kind: 'all' } as const] : []),
  ];
  const [only] = wanted;
  if (!only || wanted.length > 1)
    throw new HttpError(400, 'invalid-field', 'Name exactly one of subject, session, link and all.');
  return only;
}

/** What is set for the whole room. */
export async function readSettings({ access }: ApiServices, { key }: Owner): Promise<ApiAnswer> {
  const { settings } = await access.readAccess(key);
  return { status: 200, body: { presenter: settings.presenter ?? null, chat: settings.chat } };
}

/** Sets what is given, and leaves the rest. */
export async function changeSettings(
  { manager }: ApiServices,
  owner: Owner,
  request: IncomingMessage,
): Promise<ApiAnswer> {
  const body = await readJsonObject(request);
  checkFields(body, ['presenter', 'chat']);
  await manager.setSettings(owner.key, owner.actor, readSettingsChange(body));
  return DONE;
}

function readSettingsChange(body: Readonly<Record<string, unknown>>): SettingsChange {
  const chat = body['chat'] ?? undefined;
  if (chat !== undefined && !isChatPolicy(chat)) throw invalid('chat', `must be one of ${CHAT_POLICIES.join(', ')}`);
  if (!('presenter' in body)) return { chat };
  const presenter = optionalText(body, 'presenter', MAX_ID);
  if (presenter !== undefined && (presenter === '' || Buffer.byteLength(presenter) > MAX_ID))
    throw invalid('presenter', `must have 1 to ${MAX_ID} bytes`);
  if (presenter !== undefined && cleanText(presenter, MAX_ID) !== presenter)
    throw invalid('presenter', 'must be a subject of the room');
  return { presenter, chat };
}
