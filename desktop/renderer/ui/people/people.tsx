import type { ReactElement } from 'react';
import type { RoomPerson } from '../../../../shared/sync/administration/index.ts';
import { OverviewProblem } from '../access/overview-problem.tsx';
import { describeDistance } from '../access/times.ts';
import { Avatar } from '../primitives/avatar.tsx';
import { Icon } from '../primitives/icon.tsx';
import type { ParticipantView } from '../workbench-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { JoinRequests } from './join-requests.tsx';
import { PersonMenu } from './person-menu.tsx';
import { roleName } from './role-names.ts';
import { RoleSelect } from './role-select.tsx';
import { RoomSettingsForm } from './room-settings.tsx';
import '../access/access.css';
import './people.css';

const NOBODY: readonly RoomPerson[] = [];

/** Who is in the room, who asks to be, and for owners who was and what they may do. */
export function People(): ReactElement {
  const { model, commands } = useServices();
  const participants = useObservable(model.room.participants);
  const canManage = useObservable(model.access.canManage);
  const workspace = useObservable(model.workspace.state);
  const people = useKnownPeople();
  if (workspace.kind !== 'open') {
    return (
      <p className="side-bar-message">
        {model.workspace.canOpenFolder ? 'Open a folder or join' : 'Join'} with a link to see who is there.
      </p>
    );
  }
  const present = new Set(participants.map(({ subject }) => subject));
  const absent = people.filter(({ subject }) => !present.has(subject));
  return (
    <section className="people" aria-label="People">
      {canManage && <JoinRequests />}
      <h3 className="people-heading">
        In this room <span className="count-badge">{participants.length}</span>
        {canManage && <PresentButton />}
      </h3>
      {participants.length === 0 ? (
        <p className="side-bar-message">Nobody is known yet: this appears once the relay is reached.</p>
      ) : (
        <ul className="people-list" aria-label="In this room">
          {participants.map((person) => (
            <PresentRow
              key={person.presenceId}
              person={person}
              known={people.find(({ subject }) => subject === person.subject)}
            />
          ))}
        </ul>
      )}
      {participants.length === 1 && <p className="side-bar-message">You are alone here.</p>}
      {canManage && (
        <>
          <div className="people-invite">
            <button type="button" className="button" onClick={() => commands.run('room.invite')}>
              <Icon name="person-add" /> Invite…
            </button>
            <OverviewProblem />
          </div>
          {absent.length > 0 && <AbsentPeople people={absent} />}
          <RoomSettingsForm />
        </>
      )}
    </section>
  );
}

/** Everybody whom owners know of. */
function useKnownPeople(): readonly RoomPerson[] {
  const { model } = useServices();
  const state = useObservable(model.access.overview);
  return (state.kind === 'ready' || state.kind === 'failed' ? state.overview?.people : undefined) ?? NOBODY;
}

function PresentButton(): ReactElement {
  const { model, commands } = useServices();
  const isPresented = useObservable(model.access.standing)?.presenterName !== undefined;
  return (
    <button
      type="button"
      className="text-button people-present"
      title={isPresented ? 'Everybody may edit again as their role says' : 'Only you can edit; everybody else watches'}
      aria-label={isPresented ? 'Stop Presenting' : 'Present'}
      onClick={() => commands.run(isPresented ? 'room.stopPresenting' : 'room.present')}
    >
      <Icon name="broadcast" /> {isPresented ? 'Stop' : 'Present'}
    </button>
  );
}

interface PresentRowProps {
  readonly person: ParticipantView;
  readonly known: RoomPerson | undefined;
}

function PresentRow({ person, known }: PresentRowProps): ReactElement {
  const { model, editorArea } = useServices();
  const canManage = useObservable(model.access.canManage);
  const { name, role, colorIndex, isSelf, fileId, activePath, presenceId, subject } = person;
  const where = activePath ?? (isSelf ? 'No file open' : 'Not in a file');
  const follow = () => {
    if (fileId !== undefined) editorArea.openAtParticipant(fileId, presenceId);
  };
  return (
    <li className="person">
      <Avatar name={name} colorIndex={colorIndex} />
      <div className="person-text">
        <span className="person-name ellipsis" title={name}>
          {name}
          {isSelf && <span className="person-self"> (you)</span>}
        </span>
        <span className="person-state person-where">
          {canManage && !isSelf ? <RoleSelect subject={subject} name={name} role={role} /> : roleName(role)}
          <span className="ellipsis" title={where}>
            · {where}
          </span>
        </span>
      </div>
      {!isSelf && fileId !== undefined && (
        <button
          type="button"
          className="icon-button"
          aria-label={`Go to ${name}`}
          title={`Go to ${name}`}
          onClick={follow}
        >
          <Icon name="target" />
        </button>
      )}
      {canManage && <PersonMenu subject={subject} name={name} isSelf={isSelf} sessions={known?.sessions ?? []} />}
    </li>
  );
}

function AbsentPeople({ people }: { readonly people: readonly RoomPerson[] }): ReactElement {
  return (
    <>
      <h3 className="people-heading">
        Were here <span className="count-badge">{people.length}</span>
      </h3>
      <ul className="people-list" aria-label="Were here">
        {people.map((person) => (
          <AbsentRow key={person.subject} person={person} />
        ))}
      </ul>
    </>
  );
}

function AbsentRow({ person }: { readonly person: RoomPerson }): ReactElement {
  const { model } = useServices();
  const { subject, name, role, lastSeenMs, sessions } = person;
  const outcome = useOutcome(person);
  const seen = describeDistance(lastSeenMs, model.scheduler.now());
  return (
    <li className="person is-absent">
      <div className="person-text">
        <span className="person-name ellipsis" title={name}>
          {name}
        </span>
        <span className="person-state person-where">
          {outcome === undefined && <RoleSelect subject={subject} name={name} role={role} />}
          <span className="ellipsis">
            {outcome === undefined ? `· seen ${seen}` : `${roleName(role)} · seen ${seen}`}
          </span>
        </span>
      </div>
      {outcome === undefined ? (
        <PersonMenu subject={subject} name={name} isSelf={false} sessions={sessions} />
      ) : (
        <span className="role-badge">{outcome}</span>
      )}
    </li>
  );
}

/** How somebody was put out; undefined when they may come back. */
function useOutcome({ isRevoked, linkId, role, sessions }: RoomPerson): string | undefined {
  const { model } = useServices();
  const state = useObservable(model.access.overview);
  const links = (state.kind === 'ready' || state.kind === 'failed' ? state.overview?.links : undefined) ?? [];
  if (isRevoked) return 'Removed';
  if (role === 'owner') return undefined;
  const isLinkRevoked = links.some((link) => link.linkId === linkId && link.revokedAtMs !== undefined);
  if (isLinkRevoked) return 'Link revoked';
  return sessions.length > 0 && sessions.every((session) => session.isRevoked) ? 'Session ended' : undefined;
}
