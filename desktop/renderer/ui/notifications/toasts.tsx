import { type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react';
import type { NotificationView } from '../workbench-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { toastKey } from '../workbench/workbench-state.ts';
import { useClearOfFocus } from './use-clear-of-focus.ts';

const SHOWN_MS = { info: 10_000, warning: 12_000, error: 15_000 } as const;
const MAX_TOASTS = 3;

interface ToastsProps {
  readonly items: readonly NotificationView[];
  readonly render: (item: NotificationView) => ReactNode;
}

/** The last notifications, each until it was shown for a while; an error that can be helped stays until it is closed. */
export function Toasts({ items, render }: ToastsProps): ReactElement {
  const { state } = useServices();
  const past = useObservable(state.pastToasts);
  const region = useRef<HTMLDivElement>(null);
  const waiting = items.filter((item) => item.isQuiet !== true && !past.has(toastKey(item)));
  // What stays until it is closed is not to wait behind what goes by itself.
  const first = new Set([...waiting.filter((item) => !isSticky(item)), ...waiting.filter(isSticky)].slice(-MAX_TOASTS));
  const shown = waiting.filter((item) => first.has(item));
  useEffect(() => state.keepPastToasts(items), [state, items]);
  useEffect(() => state.putAwayToasts(waiting.filter((item) => !first.has(item) && !isSticky(item))));
  useClearOfFocus(region, shown.length);
  return (
    <div className="notifications" role="region" aria-label="Notifications" aria-live="polite" ref={region}>
      {shown.map((item) => (
        <Toast key={toastKey(item)} item={item}>
          {render(item)}
        </Toast>
      ))}
    </div>
  );
}

function isSticky({ severity, actions, staysShown = false }: NotificationView): boolean {
  return staysShown || (severity === 'error' && actions.length > 0);
}

/** Goes to the list after a while in which it is neither pointed at nor has the focus. */
function Toast({ item, children }: { readonly item: NotificationView; readonly children: ReactNode }): ReactElement {
  const { model, state } = useServices();
  const [isPointedAt, setPointedAt] = useState(false);
  const [hasFocus, setFocus] = useState(false);
  const stays = isSticky(item) || isPointedAt || hasFocus;
  useEffect(() => {
    if (stays) return undefined;
    const timer = model.scheduler.schedule(() => state.putAwayToasts([item]), SHOWN_MS[item.severity]);
    return () => timer.dispose();
  }, [model, state, stays, item]);
  return (
    <div
      className="toast"
      onPointerEnter={() => setPointedAt(true)}
      onPointerLeave={() => setPointedAt(false)}
      onFocus={() => setFocus(true)}
      onBlur={() => setFocus(false)}
    >
      {children}
    </div>
  );
}
