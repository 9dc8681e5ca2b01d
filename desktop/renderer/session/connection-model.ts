import {
  type Disposable,
  DisposableStore,
  MutableDisposable,
  type Scheduler,
} from '../../../shared/lifecycle/index.ts';
import type { NudgeReason, SyncHealth } from '../../../shared/sync/index.ts';
import type { ConnectionState } from '../../../shared/sync/connection-state.ts';
import { type Observable, ObservableValue } from '../ui/observable.ts';
import type { ConnectionDelay, ConnectionModel } from '../ui/workbench-model.ts';
import { observeEach, updateOn } from './observe.ts';
import type { OpenRoom } from './open-room.ts';

/** How long edits may go unsynced before the offline sign appears. */
export const OFFLINE_SIGN_DELAY_MS = 3000;

/** Says how the open room is connected. */
export class RoomConnectionModel implements ConnectionModel, Disposable {
  readonly state = new ObservableValue<ConnectionState | undefined>(undefined);
  readonly delay = new ObservableValue<ConnectionDelay>(undefined);
  private readonly disposables = new DisposableStore();
  private readonly delayTimer = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly room: Observable<OpenRoom | undefined>;
  private readonly scheduler: Scheduler;

  constructor(room: Observable<OpenRoom | undefined>, scheduler: Scheduler) {
    this.room = room;
    this.scheduler = scheduler;
    this.disposables.add(
      observeEach(room, ({ session }) =>
        updateOn(
          () => this.show(session.state, session.health),
          (update) => session.onDidChangeState(update),
          (update) => session.onDidChangeHealth(update),
        ),
      ),
    );
    this.disposables.add(
      room.subscribe(() => {
        if (!room.get()) this.show(undefined, { kind: 'in-step' });
      }),
    );
  }

  retryNow(): void {
    this.room.get()?.session.retryNow();
  }

  /** The connection may have died or may be possible again. */
  nudge(reason: NudgeReason): void {
    this.room.get()?.session.nudge(reason);
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private show(state: ConnectionState | undefined, health: SyncHealth): void {
    this.delayTimer.value = undefined;
    const leftMs = health.kind === 'behind' ? health.sinceMs + OFFLINE_SIGN_DELAY_MS - this.scheduler.elapsedMs() : 0;
    const isDue = leftMs <= 0;
    this.delay.set(health.kind === 'behind' && isDue ? health.cause : undefined);
    this.state.set(state);
    if (!isDue) this.delayTimer.value = this.scheduler.schedule(() => this.show(state, health), Math.ceil(leftMs));
  }
}
