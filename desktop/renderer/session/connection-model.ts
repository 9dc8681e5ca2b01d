import {
  type Disposable,
  DisposableStore,
  MutableDisposable,
  type Scheduler,
} from '../../../shared/lifecycle/index.ts';
import type { ConnectionState } from '../../../shared/sync/connection-state.ts';
import { type Observable, ObservableValue } from '../ui/observable.ts';
import type { ConnectionModel } from '../ui/workbench-model.ts';
import { observeEach, updateOn } from './observe.ts';
import type { OpenRoom } from './open-room.ts';

/** How long edits may go unsynced before the offline sign appears. */
export const OFFLINE_SIGN_DELAY_MS = 3000;

/** Says how the open room is connected. */
export class RoomConnectionModel implements ConnectionModel, Disposable {
  readonly state = new ObservableValue<ConnectionState | undefined>(undefined);
  readonly isOfflineSignShown = new ObservableValue(false);
  private readonly disposables = new DisposableStore();
  private readonly signTimer = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly room: Observable<OpenRoom | undefined>;
  private readonly scheduler: Scheduler;

  constructor(room: Observable<OpenRoom | undefined>, scheduler: Scheduler) {
    this.room = room;
    this.scheduler = scheduler;
    this.disposables.add(
      observeEach(room, ({ session }) =>
        updateOn(
          () => this.show(session.state),
          (update) => session.onDidChangeState(update),
        ),
      ),
    );
    this.disposables.add(
      room.subscribe(() => {
        if (!room.get()) this.show(undefined);
      }),
    );
  }

  retryNow(): void {
    this.room.get()?.session.retryNow();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private show(state: ConnectionState | undefined): void {
    this.state.set(state);
    if (state === undefined || state.kind === 'online') {
      this.signTimer.value = undefined;
      this.isOfflineSignShown.set(false);
    } else if (!this.signTimer.value && !this.isOfflineSignShown.get()) {
      this.signTimer.value = this.scheduler.schedule(() => {
        this.signTimer.value = undefined;
        this.isOfflineSignShown.set(true);
      }, OFFLINE_SIGN_DELAY_MS);
    }
  }
}
