import type { ReactElement } from 'react';
import { isAtLeast } from '../../../../shared/access/index.ts';
import type { RoomPerson } from '../../../../shared/sync/administration/index.ts';
import { describeDistance } from '../access/times.ts';
import { Avatar } from '../primitives/avatar.tsx';
import { Icon } from '../primitives/icon.tsx';
import type { ParticipantView } from '../workbench-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import type { KnownPeople } from './known-people.ts';
import { PersonMenu } from './person-menu.tsx';
import { roleName } from './role-names.ts';
import { RoleSelect } from './role-select.tsx';

interface PresentRowProps {
  readonly person: ParticipantView;
  readonly known: KnownPeople;
}

/** Somebody who is in the room. */
export function PresentRow({ person, known }: PresentRowProps): ReactElement {
  const { model, editorArea } = useServices();
  const canManage = useObservable(model.access.canManage);
  const { name, role, colorIndex, isSelf, fileId, activePath, presenceId, subject } = person;
  const label = known.labelOf(subject, name);
  const follow = () => {
    if (fileId !== undefined) editorArea.openAtParticipant(fileId, presenceId);
  };
  return (
    <li className="person">
      <Avatar name={name} colorIndex={colorIndex} />
      <div className="person-text">
        <PersonName name={name} note={known.noteOf(subject)} isSelf={isSelf} />
        <span className="person-state person-where">
          {canManage && !isSelf ? (
            <RoleSelect subject={subject} label={label} role={role} isLimited={isLimited(known, subject)} />
          ) : (
            roleName(role)
          )}
          <Place path={activePath} isSelf={isSelf} />
        </span>
        <PathNote paths={known.pathsOf(subject)} />
      </div>
      {isSelf && <RenameButton />}
      {!isSelf && fileId !== undefined && (
        <button
          type="button"
          className="icon-button"
          aria-label={`Go to ${label}`}
          title="Go to where they are"
          onClick={follow}
        >
          <Icon name="target" />
        </button>
      )}
      {canManage && (
        <PersonMenu
          subject={subject}
          label={label}
          isSelf={isSelf}
          canPresent={isAtLeast(role, 'editor')}
          sessions={known.get(subject)?.sessions ?? []}
        />
      )}
    </li>
  );
}

/** Self, while it is not known who is in the room. */
export function OwnRow({ name, colorIndex }: { readonly name: string; readonly colorIndex: number }): ReactElement {
  return (
    <li className="person">
      <Avatar name={name} colorIndex={colorIndex} />
      <div className="person-text">
        <PersonName name={name} note={undefined} isSelf />
        <span className="person-state person-where">Not connected</span>
      </div>
      <RenameButton />
    </li>
  );
}

function RenameButton(): ReactElement {
  const { commands } = useServices();
  return (
    <button
      type="button"
      className="icon-button"
      aria-label="Change Your Name…"
      title="Change Your Name…"
      onClick={() => commands.run('room.changeName')}
    >
      <Icon name="edit" />
    </button>
  );
}

function Place({ path, isSelf }: { readonly path: string | undefined; readonly isSelf: boolean }): ReactElement {
  const where = path ?? (isSelf ? 'No file open' : 'Not in a file');
  return (
    <span className="ellipsis" title={where}>
      · <bdi>{where}</bdi>
    </span>
  );
}

/** Somebody who was in the room. */
export function AbsentRow({
  person,
  known,
}: {
  readonly person: RoomPerson;
  readonly known: KnownPeople;
}): ReactElement {
  const { model } = useServices();
  const { subject, name, role, lastSeenMs, sessions } = person;
  const label = known.labelOf(subject, name);
  const outcome = outcomeOf(person, known);
  const seen = `seen ${describeDistance(lastSeenMs, model.scheduler.now())}`;
  return (
    <li className="person is-absent">
      <div className="person-text">
        <PersonName name={name} note={known.noteOf(subject)} isSelf={false} />
        <span className="person-state person-where">
          {outcome === undefined ? (
            <RoleSelect subject={subject} label={label} role={role} isLimited={isLimited(known, subject)} />
          ) : (
            <span className="role-badge">{outcome}</span>
          )}
          <span className="person-seen">{seen}</span>
        </span>
        <PathNote paths={known.pathsOf(subject)} />
      </div>
      {outcome !== 'Removed' && (
        <PersonMenu subject={subject} label={label} isSelf={false} canPresent={false} sessions={sessions} />
      )}
    </li>
  );
}

interface PersonNameProps {
  readonly name: string;
  /** What tells the person apart from others of that name. */
  readonly note: string | undefined;
  readonly isSelf: boolean;
}

function PersonName({ name, note, isSelf }: PersonNameProps): ReactElement {
  return (
    <>
      <span className="person-name ellipsis" title={name}>
        <bdi>{name}</bdi>
        {isSelf && <span className="person-self"> (you)</span>}
      </span>
      {note !== undefined && (
        <span className="person-where ellipsis" title={note}>
          <bdi>{note}</bdi>
        </span>
      )}
    </>
  );
}

/** Says which part of the room somebody sees, when it is a part. */
function PathNote({ paths }: { readonly paths: readonly string[] | undefined }): ReactElement | null {
  if (!paths) return null;
  const text = paths.join(', ');
  return (
    <span className="person-where person-paths ellipsis" title={`Sees only:\n${paths.join('\n')}`}>
      <Icon name="filter" /> <bdi>{text}</bdi> only
    </span>
  );
}

function isLimited(known: KnownPeople, subject: string): boolean {
  return known.pathsOf(subject) !== undefined;
}

/** How somebody was put out; undefined when they may come back. */
function outcomeOf({ isRevoked, subject, role, sessions }: RoomPerson, known: KnownPeople): string | undefined {
  if (isRevoked) return 'Removed';
  if (role === 'owner') return undefined;
  if (known.linkOf(subject)?.revokedAtMs !== undefined) return 'Link revoked';
  return sessions.length > 0 && sessions.every((session) => session.isRevoked) ? 'Session ended' : undefined;
}
