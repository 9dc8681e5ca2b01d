import type { IDockviewPanelProps } from 'dockview-react';
import { type ReactElement, useEffect, useRef, useState } from 'react';
import type { ProposalTexts, ProposalView } from '../access-model.ts';
import { Icon } from '../primitives/icon.tsx';
import { usePendingAction } from '../primitives/use-pending-action.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { confirmDropProposal } from './access-actions.ts';
import { describeDistance } from './times.ts';
import './access.css';

export interface ProposalPanelParameters {
  readonly proposalId: string;
}

/** A proposal beside what the document is now, and what can be done with it. */
export function ProposalPage({ params, api }: IDockviewPanelProps<ProposalPanelParameters>): ReactElement {
  const { model } = useServices();
  const state = useObservable(model.access.overview);
  const overview = state.kind === 'ready' || state.kind === 'failed' ? state.overview : undefined;
  const proposal = overview?.proposals.find(({ proposalId }) => proposalId === params.proposalId);
  if (proposal) return <OpenProposal key={proposal.proposalId} proposal={proposal} onDone={() => api.close()} />;
  return (
    <div className="access-page">
      <div className="access-page-body">
        <p className="form-note">
          {overview ? 'This proposal was applied or dropped.' : 'This proposal is shown to owners who are connected.'}
        </p>
      </div>
    </div>
  );
}

interface OpenProposalProps {
  readonly proposal: ProposalView;
  readonly onDone: () => void;
}

function OpenProposal({ proposal, onDone }: OpenProposalProps): ReactElement {
  const services = useServices();
  const { model } = services;
  const { texts, explanation } = useProposalTexts(proposal);
  const action = usePendingAction();
  const apply = () => action.start(() => model.access.applyProposal(proposal), onDone);
  const isWithoutEffect = texts !== undefined && texts.before === texts.after;
  const problem = action.explanation ?? explanation;
  return (
    <div className="access-page">
      <header className="access-page-header">
        <h2 className="access-page-title">
          <strong>{proposal.name}</strong> proposes a change of <strong>{proposal.subjectOfChange}</strong>,{' '}
          {describeDistance(proposal.createdAtMs, model.scheduler.now())}
        </h2>
        <button
          type="button"
          className="button button-secondary"
          onClick={() => confirmDropProposal(services, proposal, onDone)}
        >
          Drop…
        </button>
        <button type="button" className="button" disabled={!texts || action.isPending} onClick={apply}>
          {action.isPending && <Icon name="loading" isSpinning />} Apply
        </button>
      </header>
      {problem !== undefined && (
        <p className="form-error access-page-header" role="alert">
          {problem}
        </p>
      )}
      {isWithoutEffect && (
        <p className="form-note access-page-header">The text has these edits already: applying changes nothing.</p>
      )}
      <div className="access-page-body">{texts && <Difference texts={texts} />}</div>
    </div>
  );
}

function Difference({ texts }: { readonly texts: ProposalTexts }): ReactElement {
  const { model } = useServices();
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!element.current) return undefined;
    const view = model.access.showDifference(element.current, texts);
    return () => view.dispose();
  }, [model, texts]);
  return <div ref={element} className="difference" />;
}

function useProposalTexts(proposal: ProposalView) {
  const { model } = useServices();
  const [texts, setTexts] = useState<ProposalTexts>();
  const [explanation, setExplanation] = useState<string>();
  useEffect(() => {
    let isWanted = true;
    void model.access.readProposal(proposal).then((answer) => {
      if (!isWanted) return;
      setTexts(answer.ok ? answer.value : undefined);
      setExplanation(answer.ok ? undefined : answer.explanation);
    });
    return () => {
      isWanted = false;
    };
  }, [model, proposal]);
  return { texts, explanation };
}
