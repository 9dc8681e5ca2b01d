import type { ReactElement } from 'react';
import { Avatar } from '../primitives/avatar.tsx';
import { Icon } from '../primitives/icon.tsx';
import type { ParticipantView } from '../workbench-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { InviteForm } from './invite-form.tsx';
import { roleName } from './role-names.ts';
import './people.css';

/** Who is in the room, and how to invite more. */
export function People(): ReactElement {
  const { model } = useServices();
  const participants = useObservable(model.room.participants);
  const roles = useObservable(model.room.invitableRoles);
  const workspace = useObservable(model.workspace.state);
  if (workspace.kind !== 'open') {
    return (
      <p className="side-bar-message">
        {model.workspace.canOpenFolder ? 'Open a folder or join' : 'Join'} with a link to see who is there.
      </p>
    );
  }
  return (
    <section className="people" aria-label="People">
      <h3 className="people-heading">
        In this room <span className="count-badge">{participants.length}</span>
      </h3>
      {participants.length === 0 ? (
        <p className="side-bar-message">Nobody is known yet: this appears once the relay is reached.</p>
      ) : (
        <ul className="people-list">
          {participants.map((person) => (
            <PersonRow key={person.presenceId} person={person} />
          ))}
        </ul>
      )}
      {participants.length === 1 && <p className="side-bar-message">You are alone here. Invite somebody below.</p>}
      {roles.length > 0 && (
        <>
          <h3 className="people-heading">Invite</h3>
          <InviteForm roles={roles} initialRole={undefined} />
        </>
      )}
    </section>
  );
}

function PersonRow({ person }: { readonly person: ParticipantView }): ReactElement {
  const { editorArea } = useServices();
  const { name, role, colorIndex, isSelf, fileId, activePath, presenceId } = person;
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
        <span className="person-where ellipsis" title={where}>
          {roleName(role)} · {where}
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
    </li>
  );
}
