import { type Disposable, DisposableStore, systemScheduler, toDisposable } from '../../../shared/lifecycle/index.ts';
import { type NudgeReason, WakeWatch } from '../../../shared/sync/index.ts';

/** Tells what a page notices of its network, of sleep, and of the person who comes back to it. */
export function watchPage(onNudge: (reason: NudgeReason) => void): Disposable {
  const watch = new DisposableStore();
  const listen = (target: EventTarget, event: string, listener: () => void) => {
    target.addEventListener(event, listener);
    watch.add(toDisposable(() => target.removeEventListener(event, listener)));
  };
  listen(window, 'online', () => onNudge('network-changed'));
  listen(window, 'offline', () => onNudge('network-changed'));
  listen(document, 'visibilitychange', () => {
    if (document.visibilityState === 'visible') onNudge('shown');
  });
  // Browsers freeze pages that are not seen for long.
  listen(document, 'resume', () => onNudge('woke'));
  watch.add(new WakeWatch(systemScheduler, () => onNudge('woke')));
  return watch;
}
