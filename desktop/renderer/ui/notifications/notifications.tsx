import { type ReactElement, useEffect } from 'react';
import { Icon } from '../primitives/icon.tsx';
import { IconButton } from '../primitives/icon-button.tsx';
import { QuotedText } from '../primitives/quoted-text.tsx';
import type { NotificationView } from '../workbench-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { Toasts } from './toasts.tsx';
import './notifications.css';

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
  return <Toasts items={all} render={(item) => <Notification item={item} onDismiss={dismiss} />} />;
}

interface NotificationProps {
  readonly item: NotificationView;
  readonly onDismiss: (id: string) => void;
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
  // What stands in the list has been shown.
  useEffect(() => state.putAwayToasts(items), [state, items]);
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
