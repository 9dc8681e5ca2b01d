import { type Disposable, Emitter } from '../../../shared/lifecycle/index.ts';
import { ObservableValue } from '../ui/observable.ts';
import type { NotificationsModel, NotificationView } from '../ui/workbench-model.ts';

/** What people are told, until they dismiss it or it is over. */
export class NotificationList implements NotificationsModel, Disposable {
  readonly items = new ObservableValue<readonly NotificationView[]>([]);
  private readonly dismissed = new Emitter<string>();

  /** Fires with the id of what the person has put away. */
  readonly onDidDismiss = this.dismissed.event;

  /** Shows a notification in place of the one with the same id. */
  show(notification: NotificationView): void {
    this.items.set([...this.items.get().filter(({ id }) => id !== notification.id), notification]);
  }

  /** It is over. */
  remove(id: string): void {
    this.items.set(this.items.get().filter((item) => item.id !== id));
  }

  dismiss(id: string): void {
    this.remove(id);
    this.dismissed.fire(id);
  }

  dispose(): void {
    this.dismissed.dispose();
  }
}
