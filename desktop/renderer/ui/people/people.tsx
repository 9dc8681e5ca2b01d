import type { ReactElement } from 'react';
import type { RoomPerson } from '../../../../shared/sync/administration/index.ts';
import { OverviewProblem } from '../access/overview-problem.tsx';
import { Icon } from '../primitives/icon.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { JoinRequests } from './join-requests.tsx';
import type { KnownPeople } from './known-people.ts';
import { AbsentRow, OwnRow, PresentRow } from './person-rows.tsx';
import { RoomSettingsForm } from './room-settings.tsx';
import { useKnownPeople, useOverview } from './use-known-people.ts';
import '../access/access.css';
import './people.css';

/** Who is in the room, who asks to be, and for owners who was and what they may do. */
export function People(): ReactElement {
  const { model, commands } = useServices();
  const canManage = useObservable(model.access.canManage);
  const workspace = useObservable(model.workspace.state);
  const isOut = useObservable(model.access.loss) !== undefined;
  const known = useKnownPeople();
  if (workspace.kind !== 'open') {
    return (
      <p className="side-bar-message">
        {model.workspace.canOpenFolder ? 'Open a folder or join' : 'Join'} with a link to see who is there.
      </p>
    );
  }
  if (isOut) {
    return <p className="side-bar-message">You are not in this room, and are not told who is there.</p>;
  }
  return (
    <section className="people" aria-label="People">
      {canManage && <JoinRequests />}
      <PresentPeople known={known} />
      {canManage && (
        <>
          <div className="people-invite">
            <button type="button" className="button" onClick={() => commands.run('room.invite')}>
              <Icon name="person-add" /> Invite…
            </button>
            <OverviewProblem />
          </div>
          <AbsentPeople known={known} />
          <RoomSettingsForm />
        </>
      )}
    </section>
  );
}

function PresentPeople({ known }: { readonly known: KnownPeople }): ReactElement {
  const { model } = useServices();
  const participants = useObservable(model.room.participants);
  const canManage = useObservable(model.access.canManage);
  const connection = useObservable(model.connection.state);
  const own = useObservable(model.room.ownPerson);
  const displayName = useObservable(model.workspace.displayName);
  const ownName = displayName === '' ? (own?.name ?? 'You') : displayName;
  return (
    <>
      <h3 className="people-heading">
        In this room {participants.length > 0 && <span className="count-badge">{participants.length}</span>}
        {canManage && <PresentButton />}
      </h3>
      <ul className="people-list" aria-label="In this room">
        {participants.map((person) => (
          <PresentRow key={person.presenceId} person={person} known={known} />
        ))}
        {participants.length === 0 && <OwnRow name={ownName} colorIndex={own?.colorIndex ?? 0} />}
      </ul>
      {participants.length === 0 && (
        <p className="side-bar-message">
          {connection?.kind === 'ended'
            ? 'The relay does not let you into this room.'
            : 'Who else is here is known once the relay is reached.'}
        </p>
      )}
      {participants.length === 1 && <p className="side-bar-message">You are alone here.</p>}
    </>
  );
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

function AbsentPeople({ known }: { readonly known: KnownPeople }): ReactElement | null {
  const { model } = useServices();
  const participants = useObservable(model.room.participants);
  const own = useObservable(model.room.ownPerson);
  const present = new Set(participants.map(({ subject }) => subject));
  const title = participants.length > 0 ? 'Were here' : 'Known people';
  const hasMore = useOverview()?.hasMorePeople ?? false;
  const absent: readonly RoomPerson[] = known.all.filter(
    ({ subject }) => !present.has(subject) && subject !== own?.subject,
  );
  if (absent.length === 0 && !hasMore) return null;
  return (
    <>
      <h3 className="people-heading">
        {title}{' '}
        <span className="count-badge">
          {absent.length}
          {hasMore && '+'}
        </span>
      </h3>
      <ul className="people-list" aria-label={title}>
        {absent.map((person) => (
          <AbsentRow key={person.subject} person={person} known={known} />
        ))}
      </ul>
      {hasMore && (
        <div className="people-more">
          <button type="button" className="button button-secondary" onClick={() => void model.access.loadMorePeople()}>
            Show More People
          </button>
        </div>
      )}
    </>
  );
}
