import type { IncomingMessage } from 'node:http';
import { isChatPolicy, isRole, ROLES, CHAT_POLICIES, type Role } from '../../../shared/access/index.ts';
import type { MemberRecord, RoomAccess, SettingsChange } from '../../log/access-directory.ts';
import { cleanText } from '../../access/clean-text.ts';
import type { Revocation } from '../../access/room-manager.ts';
import { HttpError } from '../http-error.ts';
import { checkFields, invalid, optionalFlag, optionalText, readJsonObject } from '../json-body.ts';
import { type ApiAnswer, type ApiServices, DONE, type Owner, refuseOwnLoss } from './api-services.ts';

const MAX_MEMBERS = 1_000;
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
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly isRevoked: boolean;
  readonly sessions: readonly { readonly id: string; readonly lastSeenMs: number; readonly isRevoked: boolean }[];
}

/** Everybody who is or was in the room, with their sessions. */
export async function listPeople({ access }: ApiServices, { key }: Owner): Promise<ApiAnswer> {
  const [members, state] = await Promise.all([access.listMembers(key, MAX_MEMBERS), access.readAccess(key)]);
  const bySubject = Map.groupBy(members, ({ subject }) => subject);
  return { status: 200, body: { people: [...bySubject.values()].map((sessions) => describe(sessions, state)) } };
}

function describe(sessions: readonly MemberRecord[], state: RoomAccess): Person | Record<string, never> {
  // Those seen last come first.
  const [latest] = sessions;
  if (!latest) return {};
  const { subject, name, role, linkId, lastSeenMs } = latest;
  return {
    subject,
    name,
    role: state.roles.get(subject) ?? role,
    linkId,
    firstSeenMs: Math.min(...sessions.map(({ firstSeenMs }) => firstSeenMs)),
    lastSeenMs,
    isRevoked: state.revokedSubjects.has(subject),
    sessions: sessions.map((session) => ({
      id: session.lineageId,
      lastSeenMs: session.lastSeenMs,
      isRevoked: state.revokedLineages.has(session.lineageId),
    })),
  };
}

/** Gives somebody another role, or the one of their link again. */
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
  await manager.setRole(owner.key, owner.actor, subject, role);
  return DONE;
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
