import type { IDockviewPanelProps } from 'dockview-react';
import { type ReactElement, useEffect, useRef, useState } from 'react';
import { INDEX_DOCUMENT } from '../../../../shared/workspace/index.ts';
import type { ProposalTexts, ProposalView } from '../access-model.ts';
import { Icon } from '../primitives/icon.tsx';
import { usePendingAction } from '../primitives/use-pending-action.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { filesById } from '../workbench/use-file.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { listedFiles } from '../workbench/workspace-files.ts';
import { confirmDropProposal } from './access-actions.ts';
import { RestorePath } from './restore-path.tsx';
import { describeDistance } from './times.ts';
import './access.css';

export interface ProposalPanelParameters {
  readonly proposalId: string;
}

/** A proposal beside what the document is now, and what can be done with it. Stays once it was applied, to say so. */
export function ProposalPage({ params, api }: IDockviewPanelProps<ProposalPanelParameters>): ReactElement {
  const { model, state } = useServices();
  const overview = useObservable(model.access.overview);
  const known = overview.kind === 'ready' || overview.kind === 'failed' ? overview.overview : undefined;
  const proposal = known?.proposals.find(({ proposalId }) => proposalId === params.proposalId);
  const [applied, setApplied] = useState<ProposalView>();
  const [applying, setApplying] = useState<ProposalView>();
  const action = usePendingAction();
  const apply = (chosen: ProposalView, path: string | undefined) => {
    setApplying(chosen);
    action.start(
      () => model.access.applyProposal(chosen, path),
      () => {
        setApplied(chosen);
        const place = path ?? chosen.subjectOfChange;
        const title = `Applied what ${chosen.name} proposed for ${place}.`;
        state.notify({ severity: 'info', title, detail: undefined, quoted: [chosen.name, place] });
      },
    );
  };
  if (applied) return <AppliedProposal proposal={applied} />;
  // The relay may tell that it is not open any more before it has answered.
  const shown = proposal ?? (action.isPending ? applying : undefined);
  if (shown) {
    return (
      <OpenProposal
        key={shown.proposalId}
        proposal={shown}
        hasListProposal={known?.proposals.some((other) => isOfListBy(other, shown.subject)) ?? false}
        isApplying={action.isPending}
        failure={action.explanation}
        onApply={(path) => apply(shown, path)}
        onDropped={() => api.close()}
      />
    );
  }
  return (
    <div className="access-page">
      <div className="access-page-body">
        <p className="form-note">
          {known ? 'This proposal was applied or dropped.' : 'This proposal is shown to owners who are connected.'}
        </p>
      </div>
    </div>
  );
}

function isOfListBy({ subject, document }: ProposalView, person: string): boolean {
  return subject === person && document === INDEX_DOCUMENT;
}

/** Has no button where the one to apply was: a second press must not meet the next proposal. */
function AppliedProposal({ proposal }: { readonly proposal: ProposalView }): ReactElement {
  const { editorArea, model } = useServices();
  const isFile = filesById(listedFiles(useObservable(model.workspace.state))).has(proposal.document);
  return (
    <div className="access-page">
      <div className="access-page-body">
        <p className="form-note" role="status">
          <Icon name="check" /> Applied. What <bdi>{proposal.name}</bdi> proposed is in the room now, as an edit of
          yours.{' '}
          {isFile && (
            <button type="button" className="text-button" onClick={() => editorArea.openFile(proposal.document)}>
              Open the File
            </button>
          )}
        </p>
      </div>
    </div>
  );
}

interface OpenProposalProps {
  readonly proposal: ProposalView;
  /** The same person proposes a change of the list of files as well. */
  readonly hasListProposal: boolean;
  readonly isApplying: boolean;
  readonly failure: string | undefined;
  readonly onApply: (path: string | undefined) => void;
  readonly onDropped: () => void;
}

function OpenProposal(props: OpenProposalProps): ReactElement {
  const { proposal, hasListProposal, isApplying, failure, onApply, onDropped } = props;
  const { unlisted } = proposal;
  const services = useServices();
  const { texts, explanation } = useProposalTexts(proposal);
  const [typedPath, setTypedPath] = useState<string>();
  const path = typedPath ?? unlisted?.lastPath ?? '';
  const chosenPath = unlisted ? path.trim() : undefined;
  const isWithoutEffect = !unlisted && texts !== undefined && texts.before === texts.after;
  const problem = failure ?? explanation;
  return (
    <div className="access-page">
      <header className="access-page-header">
        <h2 className="access-page-title">
          <strong>
            <bdi>{proposal.name}</bdi>
          </strong>{' '}
          proposes a change of{' '}
          <strong>
            <bdi>{proposal.subjectOfChange}</bdi>
          </strong>
          , {describeDistance(proposal.createdAtMs, services.model.scheduler.now())}
        </h2>
        <button
          type="button"
          className="button button-secondary"
          onClick={() => confirmDropProposal(services, proposal, onDropped)}
        >
          Drop…
        </button>
        <button
          type="button"
          className="button"
          disabled={!texts || isApplying || chosenPath === ''}
          onClick={() => onApply(chosenPath)}
        >
          {isApplying && <Icon name="loading" isSpinning />} {unlisted ? 'Restore and Apply' : 'Apply'}
        </button>
      </header>
      {unlisted && (
        <RestorePath unlisted={unlisted} value={path} hasListProposal={hasListProposal} onChange={setTypedPath} />
      )}
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
