import { ObservableValue } from '../ui/observable.ts';
import type { NotificationsModel, NotificationView } from '../ui/workbench-model.ts';

/** What people are told, until they dismiss it or it is over. */
export class NotificationList implements NotificationsModel {
  readonly items = new ObservableValue<readonly NotificationView[]>([]);

  /** Shows a notification in place of the one with the same id. */
  show(notification: NotificationView): void {
    this.items.set([...this.items.get().filter(({ id }) => id !== notification.id), notification]);
  }

  dismiss(id: string): void {
    this.items.set(this.items.get().filter((item) => item.id !== id));
  }
}
