import { type Disposable, MutableDisposable, type Scheduler } from '../../../../shared/lifecycle/index.ts';
import { ObservableValue } from '../observable.ts';
import type { NotificationView, Outcome } from '../workbench-model.ts';

export type SideBarView = 'explorer' | 'people' | 'proposals';

/** A modal dialog. */
export type DialogState =
  | { readonly kind: 'join'; readonly link: string }
  | { readonly kind: 'share' }
  | {
      readonly kind: 'confirm';
      readonly title: string;
      readonly detail: string;
      readonly confirmLabel: string;
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
  /** Failures of actions that were started here; shown together with the model's notifications. */
  readonly localNotifications = new ObservableValue<readonly NotificationView[]>([]);
  /** Ids of commands that were run from the palette, the last one first. */
  readonly recentCommandIds = new ObservableValue<readonly string[]>([]);
  /** A short answer to what was just asked for, shown in the status bar for a moment. */
  readonly statusMessage = new ObservableValue<string | undefined>(undefined);
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

  /** Tells a failure; does nothing when the action went well. */
  reportOutcome(title: string, outcome: Outcome): void {
    if (outcome.ok) return;
    const id = `local-${++this.localCount}`;
    const notification = { id, severity: 'error', title, detail: outcome.explanation, actions: [] } as const;
    this.localNotifications.set([...this.localNotifications.get(), notification]);
  }

  dismissLocal(id: string): void {
    this.localNotifications.set(this.localNotifications.get().filter((item) => item.id !== id));
  }
}
