import type { EventEmitter } from 'node:events';
import { type Disposable, type Scheduler, toDisposable } from '../../shared/lifecycle/index.ts';

/** Tells when the device wakes, or is used again, with how long it is known to have slept. `monitor` is Electron's. */
export function watchPower(
  monitor: Pick<EventEmitter, 'on' | 'off'>,
  scheduler: Scheduler,
  onWake: (asleepMs: number) => void,
): Disposable {
  let suspendedAtMs: number | undefined;
  const suspended = () => {
    // By the clock: what else counts time may stand still in sleep.
    suspendedAtMs = scheduler.now();
  };
  const resumed = () => {
    const asleepMs = suspendedAtMs === undefined ? 0 : Math.max(0, scheduler.now() - suspendedAtMs);
    suspendedAtMs = undefined;
    onWake(asleepMs);
  };
  const unlocked = () => onWake(0);
  monitor.on('suspend', suspended);
  monitor.on('resume', resumed);
  monitor.on('unlock-screen', unlocked);
  return toDisposable(() => {
    monitor.off('suspend', suspended);
    monitor.off('resume', resumed);
    monitor.off('unlock-screen', unlocked);
  });
}
