import type { ReactElement } from 'react';
import type { JoinRequest, JoinVerdict } from '../../../../shared/sync/administration/index.ts';
import { confirmDenyAll } from '../access/access-actions.ts';
import { linkName } from '../access/link-name.ts';
import { describeDistance } from '../access/times.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { useOverview } from './use-known-people.ts';

/** Those who wait for an owner to let them in. */
export function JoinRequests(): ReactElement | null {
  const services = useServices();
  const overview = useOverview();
  const requests = overview?.requests ?? [];
  if (requests.length === 0) return null;
  const names = new Map(overview?.links.map((link) => [link.linkId, linkName(link)]));
  return (
    <>
      <h3 className="people-heading">
        Asking to join <span className="count-badge">{requests.length}</span>
        {requests.length > 1 && (
          <button
            type="button"
            className="text-button people-heading-action"
            onClick={() => confirmDenyAll(services, requests)}
          >
            Deny All…
          </button>
        )}
      </h3>
      <ul className="people-list" aria-label="Asking to join">
        {requests.map((request) => (
          <RequestRow key={request.requestId} request={request} link={names.get(request.linkId)} />
        ))}
      </ul>
    </>
  );
}

interface RequestRowProps {
  readonly request: JoinRequest;
  /** Name of the link that they came by, when it is known. */
  readonly link: string | undefined;
}

function RequestRow({ request: { requestId, name, createdAtMs }, link }: RequestRowProps): ReactElement {
  const { model, state } = useServices();
  const asked = `Asked ${describeDistance(createdAtMs, model.scheduler.now())}`;
  const decide = async (decision: JoinVerdict) => {
    const outcome = await model.access.decideJoinRequest(requestId, decision);
    state.reportOutcome(`${name} could not be answered.`, outcome, [name]);
  };
  return (
    <li className="person is-asking">
      <div className="person-text">
        <span className="ellipsis" title={name}>
          <bdi>{name}</bdi>
        </span>
        {link !== undefined && (
          <span className="person-where ellipsis" title={link}>
            by “<bdi>{link}</bdi>”
          </span>
        )}
        <span className="person-where">{asked}</span>
      </div>
      <div className="person-answers">
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
      </div>
    </li>
  );
}
