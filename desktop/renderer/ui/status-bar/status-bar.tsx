import { type ReactElement, useCallback, useSyncExternalStore } from 'react';
import { type Scheduler, scheduleEvery } from '../../../../shared/lifecycle/index.ts';
import { StandingItems } from '../access/standing-items.tsx';
import { Icon } from '../primitives/icon.tsx';
import { formatBytes } from '../storage/storage-text.ts';
import { TransfersItem } from '../transfers/transfers-item.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { connectionAnnouncement, connectionText } from './connection-text.ts';
import { EditorStatusItems } from './editor-status-items.tsx';
import { MirrorItem } from './mirror-item.tsx';
import { StatusItem } from './status-item.tsx';
import './status-bar.css';

const TICK_MS = 500;

/** The line at the bottom: connection, people, and the active file. */
export function StatusBar(): ReactElement {
  const { model, state } = useServices();
  const workspace = useObservable(model.workspace.state);
  const notificationCount =
    useObservable(model.notifications.items).length + useObservable(state.localNotifications).length;
  const bell = notificationCount === 0 ? 'No notifications' : `Notifications: ${notificationCount}`;
  return (
    <footer className="status-bar" aria-label="Status">
      <div className="status-bar-side">
        {workspace.kind === 'open' && (
          <>
            <RoomItem name={workspace.name} />
            <MirrorItem />
            <ConnectionItems />
            <TransfersItem />
            <PeopleItem />
            <StandingItems />
          </>
        )}
      </div>
      <div className="status-bar-side">
        <Message />
        {workspace.kind === 'open' && <EditorStatusItems />}
        <StatusItem
          label={bell}
          title={bell}
          onPress={() => state.isNotificationListOpen.set(!state.isNotificationListOpen.get())}
        >
          <Icon name={notificationCount === 0 ? 'bell' : 'bell-dot'} />
        </StatusItem>
      </div>
      <Announcer />
    </footer>
  );
}

/** Always there, so that a screen reader says what comes into it. */
function Message(): ReactElement {
  const { state } = useServices();
  const message = useObservable(state.statusMessage);
  return (
    <span role="status" className="status-message">
      {message !== undefined && <StatusItem title={message}>{message}</StatusItem>}
    </span>
  );
}

function RoomItem({ name }: { readonly name: string }): ReactElement {
  const { commands, model } = useServices();
  const canInvite = useObservable(model.access.canManage);
  const current = useObservable(model.storage.current);
  const size = current?.sizeBytes === undefined ? '' : `\n${formatBytes(current.sizeBytes)} on this device`;
  return (
    <StatusItem
      className="status-room"
      title={(canInvite ? `Room: ${name}. Press to invite people.` : `Room: ${name}`) + size}
      {...(canInvite && { onPress: () => commands.run('room.invite') })}
    >
      <Icon name="remote" />
      <span className="ellipsis">
        <bdi>{name}</bdi>
      </span>
    </StatusItem>
  );
}

function ConnectionItems(): ReactElement | null {
  const { model } = useServices();
  const connection = useObservable(model.connection.state);
  const delay = useObservable(model.connection.delay);
  const elapsedMs = useElapsed(model.scheduler, connection?.kind === 'reconnecting');
  if (!connection) return null;
  const text = connectionText(connection, delay, elapsedMs);
  return (
    <>
      <StatusItem className={`status-${text.tone}`} title={text.description}>
        <Icon name={text.icon} isSpinning={text.isBusy} />
        <span data-testid="connection">{text.label}</span>
      </StatusItem>
      {text.canRetry && (
        <StatusItem
          className={`status-${text.tone}`}
          title="Try to connect now"
          onPress={() => model.connection.retryNow()}
        >
          <span className="status-link">Try now</span>
        </StatusItem>
      )}
    </>
  );
}

function PeopleItem(): ReactElement | null {
  const { model, commands } = useServices();
  const people = useObservable(model.room.participants);
  // Out of touch, nobody is known to be there.
  if (people.length === 0) return null;
  const names = people.map(({ name, isSelf }) => (isSelf ? `${name} (you)` : name)).join('\n');
  const label = people.length === 1 ? '1 person in the room' : `${people.length} people in the room`;
  return (
    <StatusItem
      label={label}
      title={names === '' ? label : `${label}\n${names}`}
      onPress={() => commands.run('view.people')}
    >
      <Icon name="organization" />
      <span>{people.length}</span>
    </StatusItem>
  );
}

function Announcer(): ReactElement {
  const { model } = useServices();
  const connection = useObservable(model.connection.state);
  const delay = useObservable(model.connection.delay);
  return (
    <span className="visually-hidden" role="status" aria-live="polite">
      {connectionAnnouncement(connection, delay)}
    </span>
  );
}

function useElapsed(scheduler: Scheduler, isTicking: boolean): number {
  const subscribe = useCallback(
    (listener: () => void) => {
      const ticks = isTicking ? scheduleEvery(scheduler, listener, TICK_MS) : undefined;
      return () => ticks?.dispose();
    },
    [scheduler, isTicking],
  );
  // Rounded, so that it holds still while the status bar is drawn.
  return useSyncExternalStore(subscribe, () => Math.floor(scheduler.elapsedMs() / TICK_MS) * TICK_MS);
}
