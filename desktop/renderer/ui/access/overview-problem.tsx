import type { ReactElement } from 'react';
import { Icon } from '../primitives/icon.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';

/** Says that what owners see is still coming, or why it did not come. */
export function OverviewProblem(): ReactElement | null {
  const { model } = useServices();
  const state = useObservable(model.access.overview);
  const connection = useObservable(model.connection.state);
  if (state.kind === 'ready') return null;
  if (state.kind !== 'failed' && connection?.kind === 'ended') {
    return (
      <p className="form-error" role="alert">
        {connection.explanation}
      </p>
    );
  }
  if (state.kind !== 'failed') {
    return (
      <p className="form-note" role="status">
        {state.kind === 'loading' && <Icon name="loading" isSpinning />}{' '}
        {state.kind === 'loading' ? 'Asking the relay…' : 'This appears once the relay is reached.'}
      </p>
    );
  }
  return (
    <p className="form-error" role="alert">
      {state.explanation}{' '}
      <button type="button" className="text-button" onClick={() => void model.access.refresh()}>
        Try Again
      </button>
    </p>
  );
}
