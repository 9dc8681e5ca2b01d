import { type ReactElement, useEffect, useState } from 'react';
import { Icon } from '../primitives/icon.tsx';
import { IconButton } from '../primitives/icon-button.tsx';
import { QuotedText } from '../primitives/quoted-text.tsx';
import type { NotificationView } from '../workbench-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import './notifications.css';

const INFO_SHOWN_MS = 8_000;
const MAX_TOASTS = 3;

/** Toasts at the bottom right, or, when asked for, the list of everything that was not dismissed. */
export function Notifications(): ReactElement {
  const { model, state } = useServices();
  const fromModel = useObservable(model.notifications.items);
  const local = useObservable(state.localNotifications);
  const isListOpen = useObservable(state.isNotificationListOpen);
  const all = [...fromModel, ...local];
  const localIds = new Set(local.map(({ id }) => id));
  const dismiss = (id: string) => (localIds.has(id) ? state.dismissLocal(id) : model.notifications.dismiss(id));
  if (isListOpen) return <NotificationList items={all} onDismiss={dismiss} />;
  return (
    <div className="notifications" role="region" aria-label="Notifications" aria-live="polite">
      {all.slice(-MAX_TOASTS).map((item) => (
        <Toast key={item.id} item={item} onDismiss={dismiss} />
      ))}
    </div>
  );
}

interface NotificationProps {
  readonly item: NotificationView;
  readonly onDismiss: (id: string) => void;
}

function Toast({ item, onDismiss }: NotificationProps): ReactElement | null {
  const { model } = useServices();
  const [isShown, setShown] = useState(true);
  const isTransient = item.severity === 'info' && item.actions.length === 0;
  useEffect(() => {
    if (!isTransient) return undefined;
    const timer = model.scheduler.schedule(() => setShown(false), INFO_SHOWN_MS);
    return () => timer.dispose();
  }, [model, isTransient]);
  return isShown ? <Notification item={item} onDismiss={onDismiss} /> : null;
}

function NotificationList({
  items,
  onDismiss,
}: {
  readonly items: readonly NotificationView[];
  readonly onDismiss: (id: string) => void;
}): ReactElement {
  const { state } = useServices();
  const close = () => state.isNotificationListOpen.set(false);
  return (
    <section
      className="notifications notification-list"
      aria-label="Notifications"
      onKeyDown={(event) => event.key === 'Escape' && close()}
    >
      <header className="notification-list-header">
        <span>{items.length === 0 ? 'No new notifications' : 'Notifications'}</span>
        <IconButton
          icon="clear-all"
          label="Clear All Notifications"
          disabledReason={items.length === 0 ? 'there are none' : undefined}
          onPress={() => items.forEach(({ id }) => onDismiss(id))}
        />
        <IconButton icon="chevron-down" label="Hide Notifications" onPress={close} />
      </header>
      {items.toReversed().map((item) => (
        <Notification key={item.id} item={item} onDismiss={onDismiss} />
      ))}
    </section>
  );
}

function Notification({ item, onDismiss }: NotificationProps): ReactElement {
  const run = (action: NotificationView['actions'][number]) => {
    onDismiss(item.id);
    action.run();
  };
  return (
    <article className="notification" role={item.severity === 'error' ? 'alert' : undefined}>
      <div className="notification-main">
        <span className={`notification-icon severity-${item.severity}`}>
          <Icon name={item.severity} />
        </span>
        <div className="notification-text">
          <p className="notification-title">
            <QuotedText text={item.title} quoted={item.quoted} />
          </p>
          {item.detail !== undefined && (
            <p className="notification-detail">
              <QuotedText text={item.detail} quoted={item.quoted} />
            </p>
          )}
        </div>
        <IconButton icon="close" label="Dismiss" onPress={() => onDismiss(item.id)} />
      </div>
      {item.actions.length > 0 && (
        <div className="notification-actions">
          {item.actions.map((action, index) => (
            <button
              key={action.label}
              type="button"
              className={index === item.actions.length - 1 ? 'button' : 'button button-secondary'}
              onClick={() => run(action)}
            >
              {action.label}
            </button>
          ))}
        </div>
      )}
    </article>
  );
}
