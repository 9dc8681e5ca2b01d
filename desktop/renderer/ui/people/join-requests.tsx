import type { ReactElement } from 'react';
import type { JoinRequest, JoinVerdict } from '../../../../shared/sync/administration/index.ts';
import { describeDistance } from '../access/times.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';

/** Those who wait for an owner to let them in. */
export function JoinRequests(): ReactElement | null {
  const { model } = useServices();
  const state = useObservable(model.access.overview);
  const requests = (state.kind === 'ready' || state.kind === 'failed' ? state.overview?.requests : undefined) ?? [];
  if (requests.length === 0) return null;
  return (
    <>
      <h3 className="people-heading">
        Asking to join <span className="count-badge">{requests.length}</span>
      </h3>
      <ul className="people-list" aria-label="Asking to join">
        {requests.map((request) => (
          <RequestRow key={request.requestId} request={request} />
        ))}
      </ul>
    </>
  );
}

function RequestRow({ request: { requestId, name, createdAtMs } }: { readonly request: JoinRequest }): ReactElement {
  const { model, state } = useServices();
  const asked = `Asked ${describeDistance(createdAtMs, model.scheduler.now())}`;
  const decide = async (decision: JoinVerdict) =>
    state.reportOutcome(`${name} could not be answered.`, await model.access.decideJoinRequest(requestId, decision));
  return (
    <li className="person is-asking">
      <div className="person-text">
        <span className="ellipsis" title={name}>
          {name}
        </span>
        <span className="person-where ellipsis" title={asked}>
          {asked}
        </span>
      </div>
      <button
        type="button"
        className="button button-secondary"
        aria-label={`Deny ${name}`}
        onClick={() => void decide('denied')}
      >
        Deny
      </button>
      <button type="button" className="button" aria-label={`Let in ${name}`} onClick={() => void decide('approved')}>
        Let In
      </button>
    </li>
  );
}
