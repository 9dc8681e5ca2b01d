import { useObservable } from './use-observable.ts';
import { useServices } from './workbench-services.ts';

/** Whether the relay is not reached now, and will be tried again. */
export function useRelayAway(): boolean {
  const connection = useObservable(useServices().model.connection.state);
  return connection?.kind === 'connecting' || connection?.kind === 'reconnecting';
}
