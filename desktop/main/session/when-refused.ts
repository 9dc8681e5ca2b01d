import { type Disposable, type Event, toDisposable } from '../../../shared/lifecycle/index.ts';
import { CLOSE_CODES } from '../../../shared/protocol/index.ts';
import type { ConnectionState } from '../../../shared/sync/index.ts';
import type { ProblemReport } from '../../ipc/index.ts';

export const REFUSED_PROBLEM = 'refused';

interface Connected {
  readonly connection: ConnectionState;
  readonly onDidChangeConnection: Event<ConnectionState>;
}

/** Resolves with why, when the relay will not have this device before it was ever in step with it. */
export function whenRefused(host: Connected): Promise<string> {
  return new Promise((resolve) => {
    const watching = watchRefusal(host, (explanation) => {
      if (explanation !== undefined) resolve(explanation);
      watching.dispose();
    });
  });
}

/** Resolves with why, as soon as the relay will not have this device, or not any more. */
export function whenPutOut(host: Connected): Promise<string> {
  return new Promise((resolve) => {
    const look = () => {
      const { connection } = host;
      if (!isRefused(connection)) return;
      watching.dispose();
      resolve(connection.explanation);
    };
    const watching = host.onDidChangeConnection(look);
    look();
  });
}

/** Reports that the relay does not have the person's own room, until it does or the result is disposed. */
export function tellRefusal(host: Connected, report: (problem: ProblemReport) => void): Disposable {
  let isTold = false;
  const watching = watchRefusal(host, (explanation) => {
    const base = { id: REFUSED_PROBLEM, severity: 'error', canRetry: false } as const;
    const title = 'This room is only on this device.';
    if (explanation !== undefined) report({ ...base, title, detail: explanation });
    else {
      if (isTold) report({ ...base, title, detail: '', isResolved: true });
      watching.dispose();
    }
    isTold = explanation !== undefined;
  });
  return watching;
}

/** Tells each refusal, and `undefined` once the device is in step with the relay. */
function watchRefusal(host: Connected, tell: (explanation: string | undefined) => void): Disposable {
  const look = () => {
    const { connection } = host;
    if (connection.kind === 'online') tell(undefined);
    if (isRefused(connection)) tell(connection.explanation);
  };
  const subscription = host.onDidChangeConnection(look);
  return toDisposable(() => subscription.dispose());
}

/** It is not this device that leaves. */
function isRefused(connection: ConnectionState): connection is Extract<ConnectionState, { kind: 'ended' }> {
  return connection.kind === 'ended' && connection.closeCode !== CLOSE_CODES.normal;
}
