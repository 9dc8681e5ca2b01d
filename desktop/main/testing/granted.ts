import { onTestFinished } from 'vitest';
import type { Disposable } from '../../../shared/lifecycle/index.ts';
import type { Outcome } from '../../ipc/index.ts';

/** What was asked for; it ends with the test, if not before. Throws the explanation of a refusal. */
export function granted<T extends Disposable>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.explanation);
  const { value } = outcome;
  onTestFinished(() => value.dispose());
  return value;
}
