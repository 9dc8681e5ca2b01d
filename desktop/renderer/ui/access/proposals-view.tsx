import type { ReactElement } from 'react';
import type { ProposalView } from '../access-model.ts';
import { Icon } from '../primitives/icon.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { OverviewProblem } from './overview-problem.tsx';
import { describeDistance } from './times.ts';
import './access.css';

/** Edits of people whose access was taken back before they arrived; owners decide what becomes of them. */
export function ProposalsView(): ReactElement {
  const { model } = useServices();
  const canManage = useObservable(model.access.canManage);
  const state = useObservable(model.access.overview);
  const proposals = state.kind === 'ready' || state.kind === 'failed' ? state.overview?.proposals : undefined;
  if (!canManage) return <p className="side-bar-message">Owners of a room see proposals here.</p>;
  return (
    <section className="people" aria-label="Proposals">
      <div className="side-bar-message">
        <OverviewProblem />
      </div>
      {proposals?.length === 0 && (
        <p className="side-bar-message">
          No proposals. What somebody edited offline who was removed meanwhile, or whose link ran out, appears here, to
          be applied or dropped.
        </p>
      )}
      {proposals && proposals.length > 0 && (
        <ul className="people-list">
          {proposals.map((proposal) => (
            <ProposalRow key={proposal.proposalId} proposal={proposal} />
          ))}
        </ul>
      )}
    </section>
  );
}

function ProposalRow({ proposal }: { readonly proposal: ProposalView }): ReactElement {
  const { model, editorArea } = useServices();
  const { name, subjectOfChange, createdAtMs, proposalId } = proposal;
  const when = describeDistance(createdAtMs, model.scheduler.now());
  return (
    <li>
      <button
        type="button"
        className="proposal-row"
        title={`${subjectOfChange}\n${name}, ${when}`}
        onClick={() => editorArea.openProposal(proposalId, `Proposal of ${name}`)}
      >
        <Icon name="git-pull-request" />
        <span className="person-text">
          <span className="ellipsis">
            <bdi>{subjectOfChange}</bdi>
          </span>
          <span className="person-where ellipsis">
            <bdi>{name}</bdi>, {when}
          </span>
        </span>
      </button>
    </li>
  );
}
