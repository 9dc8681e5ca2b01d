import type { Role } from '../../../../shared/access/index.ts';
import type { JoinRequest, ListedRoomLink, PersonSession } from '../../../../shared/sync/administration/index.ts';
import type { ProposalView } from '../access-model.ts';
import type { WorkbenchServices } from '../workbench/workbench-services.ts';
import { linkName } from './link-name.ts';

/** Asks before a link is taken back; says who goes. */
export async function confirmRevokeLink({ model, state }: WorkbenchServices, link: ListedRoomLink): Promise<void> {
  // Somebody may have come by it a moment ago.
  await model.access.refresh();
  const known = model.access.overview.get();
  const overview = known.kind === 'ready' ? known.overview : undefined;
  const going = (overview?.people ?? []).filter(
    ({ linkId, isRevoked, role }) => linkId === link.linkId && !isRevoked && role !== 'owner',
  );
  const name = linkName(link);
  const names = going.map((person) => person.name);
  state.dialog.set({
    kind: 'confirm',
    title: `Revoke “${name}”?`,
    detail: `${describeGoing(names, overview?.hasMorePeople ?? true)} Nobody can join with it any more. This cannot be undone.`,
    quoted: [name, ...names],
    confirmLabel: 'Revoke',
    run: () => model.access.revoke({ kind: 'link', linkId: link.linkId }),
    restoreFocus: () => state.dialog.set({ kind: 'share' }),
  });
}

function describeGoing(names: readonly string[], hasMorePeople: boolean): string {
  if (hasMorePeople) return 'Everybody who came by it will be out at once.';
  return names.length === 0 ? 'Nobody is in the room by it.' : `${nameAll(names)} came by it and will be out at once.`;
}

/** Asks before somebody is put out for good. `label`: the name, with what tells them apart from others who have it. */
export function confirmRemovePerson({ model, state }: WorkbenchServices, subject: string, label: string): void {
  state.dialog.set({
    kind: 'confirm',
    title: `Remove ${label}?`,
    detail: `${label} is out at once and cannot come back, and nobody new can join by the link that they came by. Others who came by it stay. Edits that they made offline come to you as proposals.`,
    quoted: [label],
    confirmLabel: 'Remove',
    run: () => model.access.revoke({ kind: 'person', subject }),
  });
}

/** Asks before one device of somebody is put out. */
export function confirmEndSession({ model, state }: WorkbenchServices, label: string, session: PersonSession): void {
  state.dialog.set({
    kind: 'confirm',
    title: `End this session of ${label}?`,
    detail: `The device is out at once. ${label} can join again with a link that still works.`,
    quoted: [label],
    confirmLabel: 'End Session',
    run: () => model.access.revoke({ kind: 'session', sessionId: session.sessionId }),
  });
}

/** Asks before everybody but owners is put out. */
export function confirmRemoveEverybody({ model, state }: WorkbenchServices): void {
  state.dialog.set({
    kind: 'confirm',
    title: 'Remove everybody?',
    detail:
      'Everybody who is not an owner is out at once, and all links are revoked. Make new links to invite people again.',
    confirmLabel: 'Remove Everybody',
    run: () => model.access.revoke({ kind: 'all' }),
  });
}

/** Asks before somebody may do everything that self may. */
export function confirmMakeOwner(services: WorkbenchServices, subject: string, label: string): void {
  const { model, state } = services;
  state.dialog.set({
    kind: 'confirm',
    title: `Make ${label} an owner?`,
    detail: `An owner can do everything that you can: edit, invite people, give roles, remove people, you included, and read the access log. ${label} could take the room from you.`,
    quoted: [label],
    confirmLabel: 'Make Owner',
    run: () => model.access.setRole(subject, 'owner'),
  });
}

interface RoleChange {
  readonly subject: string;
  readonly label: string;
  readonly role: Role;
}

/** Gives somebody another role. Tells which links nobody new comes by for that reason, and why it failed. */
export async function setRole(
  { model, state }: WorkbenchServices,
  { subject, label, role }: RoleChange,
): Promise<void> {
  const changed = await model.access.setRole(subject, role);
  state.reportOutcome(`The role of ${label} was not changed.`, changed, [label]);
  if (!changed.ok || changed.value.length === 0) return;
  const names = changed.value.map(linkName);
  const [title, by] =
    names.length === 1
      ? [`“${names[0] ?? ''}” is closed to newcomers.`, 'it']
      : [`${names.length} links are closed to newcomers: ${nameAll(names)}.`, 'them'];
  const detail = `${label} came by ${by}, and could otherwise come again as somebody new with more rights. Who is in stays. Make another link to invite more people.`;
  state.notify({ severity: 'warning', title, detail, quoted: [label, ...names], staysShown: true });
}

/** Asks before all of those who wait are sent away. */
export function confirmDenyAll({ model, state }: WorkbenchServices, requests: readonly JoinRequest[]): void {
  state.dialog.set({
    kind: 'confirm',
    title: `Deny all ${requests.length} who ask to join?`,
    detail: 'None of them is let in. Each is told so, and can ask again as long as the link works.',
    confirmLabel: 'Deny All',
    run: () => model.access.denyJoinRequests(requests.map(({ requestId }) => requestId)),
  });
}

/** Asks before somebody's edits are thrown away. */
export function confirmDropProposal(
  { model, state }: WorkbenchServices,
  proposal: ProposalView,
  onDone: () => void,
): void {
  state.dialog.set({
    kind: 'confirm',
    title: `Drop the proposal of ${proposal.name}?`,
    detail: `Their edits of ${proposal.subjectOfChange} are thrown away. This cannot be undone.`,
    quoted: [proposal.name, proposal.subjectOfChange],
    confirmLabel: 'Drop',
    run: async () => {
      const outcome = await model.access.dropProposal(proposal);
      if (outcome.ok) onDone();
      return outcome;
    },
  });
}

/** Lets self present, or ends presenting. */
export async function setPresenter({ model, state }: WorkbenchServices, subject: string | undefined): Promise<void> {
  const title = subject === undefined ? 'Presenting could not be ended.' : 'Presenting could not be started.';
  state.reportOutcome(title, await model.access.writeSettings({ presenter: subject }));
}

function nameAll(all: readonly string[]): string {
  const names = all.slice(0, 5);
  const more = all.length - names.length;
  if (more > 0) return `${names.join(', ')} and ${more} more`;
  return new Intl.ListFormat('en').format(names);
}
