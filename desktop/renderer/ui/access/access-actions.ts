import type { ListedRoomLink, PersonSession, RoomPerson } from '../../../../shared/sync/administration/index.ts';
import type { ProposalView } from '../access-model.ts';
import type { WorkbenchServices } from '../workbench/workbench-services.ts';

/** Asks before a link is taken back; says who goes. */
export async function confirmRevokeLink(
  { model, state }: WorkbenchServices,
  link: ListedRoomLink,
  name: string,
): Promise<void> {
  // Somebody may have come by it a moment ago.
  await model.access.refresh();
  const overview = model.access.overview.get();
  const people = overview.kind === 'ready' ? overview.overview.people : [];
  const going = people.filter(
    ({ linkId, isRevoked, role }) => linkId === link.linkId && !isRevoked && role !== 'owner',
  );
  const who =
    going.length === 0 ? 'Nobody is in the room by it.' : `${nameAll(going)} came by it and will be out at once.`;
  state.dialog.set({
    kind: 'confirm',
    title: `Revoke “${name}”?`,
    detail: `${who} Nobody can join with it any more. This cannot be undone.`,
    confirmLabel: 'Revoke',
    run: () => model.access.revoke({ kind: 'link', linkId: link.linkId }),
    restoreFocus: () => state.dialog.set({ kind: 'share' }),
  });
}

/** Asks before somebody is put out for good. */
export function confirmRemovePerson(
  { model, state }: WorkbenchServices,
  person: Pick<RoomPerson, 'subject' | 'name'>,
): void {
  state.dialog.set({
    kind: 'confirm',
    title: `Remove ${person.name}?`,
    detail: `${person.name} is out at once and cannot come back, and nobody new can join by the link that they came by. Others who came by it stay. Edits that they made offline come to you as proposals.`,
    confirmLabel: 'Remove',
    run: () => model.access.revoke({ kind: 'person', subject: person.subject }),
  });
}

/** Asks before one device of somebody is put out. */
export function confirmEndSession(
  { model, state }: WorkbenchServices,
  person: Pick<RoomPerson, 'name'>,
  session: PersonSession,
): void {
  state.dialog.set({
    kind: 'confirm',
    title: `End this session of ${person.name}?`,
    detail: `The device is out at once. ${person.name} can join again with a link that still works.`,
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

function nameAll(people: readonly RoomPerson[]): string {
  const names = people.slice(0, 5).map(({ name }) => name);
  const more = people.length - names.length;
  if (more > 0) return `${names.join(', ')} and ${more} more`;
  return new Intl.ListFormat('en').format(names);
}
