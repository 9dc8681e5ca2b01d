import { useEffect, useRef, useState } from 'react';
import type { Outcome } from '../workbench-model.ts';

interface PendingAction {
  readonly isPending: boolean;
  /** Why the last try failed. */
  readonly explanation: string | undefined;
  /** Starts the action unless it runs already; `onDone` is called when it went well. */
  start(action: () => Promise<Outcome>, onDone: () => void): void;
  /** Forgets the last failure. */
  reset(): void;
}

/** One action of a dialog: whether it runs, and why it failed. */
export function usePendingAction(): PendingAction {
  const [isPending, setPending] = useState(false);
  const [explanation, setExplanation] = useState<string>();
  const isMounted = useRef(true);
  useEffect(() => {
    isMounted.current = true;
    return () => {
      isMounted.current = false;
    };
  }, []);
  const run = async (action: () => Promise<Outcome>, onDone: () => void) => {
    setPending(true);
    setExplanation(undefined);
    const outcome = await settle(action);
    if (!isMounted.current) return;
    setPending(false);
    if (outcome.ok) onDone();
    else setExplanation(outcome.explanation);
  };
  return {
    isPending,
    explanation,
    start: (action, onDone) => {
      if (!isPending) void run(action, onDone);
    },
    reset: () => setExplanation(undefined),
  };
}

async function settle(action: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await action();
  } catch (error) {
    return { ok: false, explanation: error instanceof Error ? error.message : 'It failed for an unknown reason.' };
  }
}
