import { type Disposable, MutableDisposable, type Scheduler } from '../../../../shared/lifecycle/index.ts';
import { ObservableValue } from '../observable.ts';
import type { NotificationView, Outcome } from '../workbench-model.ts';

export type SideBarView = 'explorer' | 'people' | 'chat' | 'comments' | 'changes' | 'proposals';

/** Something else to do that a dialog offers. */
export interface DialogAlternative {
  readonly label: string;
  readonly run: () => Promise<Outcome>;
  /** It takes the place of what the dialog asks, which closes when it went well. */
  readonly closes: boolean;
}

/** A modal dialog. */
export type DialogState =
  | { readonly kind: 'join'; readonly link: string }
  | { readonly kind: 'share' }
  | { readonly kind: 'name' }
  | {
      readonly kind: 'confirm';
      readonly title: string;
      readonly detail: string;
      /** What in title and detail is in the words of others. */
      readonly quoted?: readonly string[];
      readonly confirmLabel: string;
      /** Something is lost for good: it is coloured so, and the Enter key does not do it. */
      readonly isDangerous?: boolean;
      /** What can be done before, or in place of it. */
      readonly alternatives?: readonly DialogAlternative[];
      readonly run: () => Promise<Outcome>;
      /** Where the focus goes afterwards. */
      readonly restoreFocus?: () => void;
    };

export type QuickInputMode = 'commands' | 'files';

export const MIN_SIDE_BAR_WIDTH_PX = 170;
/** How long a message in the status bar stays. */
export const MESSAGE_SHOWN_MS = 3_000;

export const MAX_SIDE_BAR_WIDTH_PX = 640;

/** What is open and how large, in one window. */
export class WorkbenchState implements Disposable {
  readonly sideBarView = new ObservableValue<SideBarView>('explorer');
  readonly isSideBarVisible = new ObservableValue(true);
  readonly sideBarWidthPx = new ObservableValue(260);
  readonly dialog = new ObservableValue<DialogState | undefined>(undefined);
  readonly quickInput = new ObservableValue<QuickInputMode | undefined>(undefined);
  readonly isNotificationListOpen = new ObservableValue(false);
  /** Notifications that were shown long enough, by {@link toastKey}: they are in the list alone. */
  readonly pastToasts = new ObservableValue<ReadonlySet<string>>(new Set());
  /** The welcome page lists all that this device keeps, with what is needed to clear it up. */
  readonly isStorageListed = new ObservableValue(false);
  /** What came of actions that were started here; shown together with the model's notifications. */
  readonly localNotifications = new ObservableValue<readonly NotificationView[]>([]);
  /** Ids of commands that were run from the palette, the last one first. */
  readonly recentCommandIds = new ObservableValue<readonly string[]>([]);
  /** A short answer to what was just asked for, shown in the status bar for a moment. */
  readonly statusMessage = new ObservableValue<string | undefined>(undefined);
  /** What was written but not sent yet, by where it was written. */
  readonly drafts = new Map<string, string>();
  private readonly messageTimer = new MutableDisposable();
  private localCount = 0;

  noteCommand(id: string): void {
    this.recentCommandIds.set([id, ...this.recentCommandIds.get().filter((other) => other !== id)]);
  }

  showSideBar(view: SideBarView): void {
    this.sideBarView.set(view);
    this.isSideBarVisible.set(true);
  }

  setSideBarWidth(widthPx: number): void {
    this.sideBarWidthPx.set(Math.round(Math.min(MAX_SIDE_BAR_WIDTH_PX, Math.max(MIN_SIDE_BAR_WIDTH_PX, widthPx))));
  }

  /** Says something in the status bar for {@link MESSAGE_SHOWN_MS}. */
  showMessage(message: string, scheduler: Scheduler): void {
    this.statusMessage.set(message);
    this.messageTimer.value = scheduler.schedule(() => {
      this.messageTimer.value = undefined;
      this.statusMessage.set(undefined);
    }, MESSAGE_SHOWN_MS);
  }

  dispose(): void {
    this.messageTimer.dispose();
  }

  /** Tells a failure; does nothing when the action went well. `quoted` are the words of others in the title. */
  reportOutcome(title: string, outcome: Outcome, quoted: readonly string[] = []): void {
    if (outcome.ok) return;
    this.notify({ severity: 'error', title, detail: outcome.explanation, quoted });
  }

  /** Tells what somebody who has just done something must know of it. */
  notify(notification: Omit<NotificationView, 'id' | 'actions'>): void {
    const id = `local-${++this.localCount}`;
    this.localNotifications.set([...this.localNotifications.get(), { id, ...notification, actions: [] }]);
  }

  /** Leaves notifications to the list. */
  putAwayToasts(notifications: readonly NotificationView[]): void {
    const past = this.pastToasts.get();
    const keys = notifications.map(toastKey).filter((key) => !past.has(key));
    if (keys.length > 0) this.pastToasts.set(new Set([...past, ...keys]));
  }

  /** Forgets which notifications were shown of those that are not there any more: they may come again. */
  keepPastToasts(notifications: readonly NotificationView[]): void {
    const past = this.pastToasts.get();
    const kept = notifications.map(toastKey).filter((key) => past.has(key));
    if (kept.length < past.size) this.pastToasts.set(new Set(kept));
  }

  dismissLocal(id: string): void {
    this.localNotifications.set(this.localNotifications.get().filter((item) => item.id !== id));
  }
}

/** Tells what a notification says from what one with its id said before. */
export function toastKey({ id, severity, title, detail = '' }: NotificationView): string {
  return [id, severity, title, detail].join('\n');
}
