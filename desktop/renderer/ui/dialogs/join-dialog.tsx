import { type FormEvent, type ReactElement, useState } from 'react';
import { formatAppLink, parseShareLink } from '../../../../shared/access/index.ts';
import { Icon } from '../primitives/icon.tsx';
import { Modal } from '../primitives/modal.tsx';
import { usePendingAction } from '../primitives/use-pending-action.ts';
import type { PendingJoin } from '../workbench-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { Field } from './field.tsx';
import { WaitingDialog } from './waiting-dialog.tsx';

interface JoinDialogProps {
  readonly link: string;
  /** A link that came from outside is only confirmed, not typed; one that is damaged can be put right. */
  readonly pending: PendingJoin | undefined;
  readonly onClose: () => void;
}

/** Asks for a link and a name, and joins. Says inline what is wrong with the link, and why joining failed. */
export function JoinDialog({ link: initialLink, pending: outside, onClose }: JoinDialogProps): ReactElement {
  const { model } = useServices();
  const pending = outside && parseShareLink(initialLink).ok ? outside : undefined;
  const [link, setLink] = useState(initialLink);
  const [name, setName] = useState(model.workspace.displayName.get());
  const action = useJoining();
  const parsed = parseShareLink(link);
  const problem = link.trim() === '' || parsed.ok ? undefined : parsed.explanation;
  const canJoin = parsed.ok && name.trim() !== '' && !action.isPending;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (canJoin) action.join(link.trim(), name.trim(), onClose);
  };
  if (action.notice !== undefined) {
    return <WaitingDialog name={name.trim()} notice={action.notice} onCancel={action.cancel} />;
  }
  return (
    <Modal
      title={pending ? 'Join this room?' : 'Join a room'}
      description={<Description pending={pending} isDamaged={outside !== undefined} />}
      onClose={onClose}
    >
      <form className="dialog-form" onSubmit={submit}>
        {!pending && (
          <Field
            label="Link"
            value={link}
            placeholder="https://…/join/…"
            problem={problem}
            hasFocus
            isSelected={outside !== undefined}
            onChange={(value) => {
              setLink(value);
              action.reset();
            }}
          />
        )}
        <Field
          label="Your name"
          value={name}
          placeholder="Shown to the others"
          hasFocus={pending !== undefined}
          onChange={setName}
        />
        <div aria-live="assertive">
          {action.explanation !== undefined && <p className="form-error">{action.explanation}</p>}
        </div>
        <JoinActions
          link={link}
          isQuestion={pending !== undefined}
          canJoin={canJoin}
          isPending={action.isPending}
          onClose={onClose}
        />
      </form>
    </Modal>
  );
}

/** One try to join after another, each of which may wait for an owner. */
function useJoining() {
  const { workspace } = useServices().model;
  const notice = useObservable(workspace.approvalNotice);
  const action = usePendingAction();
  const [isCancelled, setCancelled] = useState(false);
  return {
    isPending: action.isPending,
    /** Set while an owner has to decide. */
    notice: action.isPending ? notice : undefined,
    /** Whoever gave up knows why nothing came of it. */
    explanation: isCancelled ? undefined : action.explanation,
    reset: action.reset,
    join: (link: string, name: string, onDone: () => void) => {
      setCancelled(false);
      action.start(() => workspace.joinLink(link, name), onDone);
    },
    cancel: () => {
      setCancelled(true);
      workspace.cancelJoin();
    },
  };
}

interface JoinActionsProps {
  readonly link: string;
  /** The link came from outside. */
  readonly isQuestion: boolean;
  readonly canJoin: boolean;
  readonly isPending: boolean;
  readonly onClose: () => void;
}

function JoinActions({ link, isQuestion, canJoin, isPending, onClose }: JoinActionsProps): ReactElement {
  const { model } = useServices();
  const parsed = parseShareLink(link);
  return (
    <footer className="dialog-actions">
      {model.platform.host === 'browser' && parsed.ok && (
        <a className="button button-secondary dialog-action-first" href={formatAppLink(parsed.link)}>
          Open in the App
        </a>
      )}
      <button type="button" className="button button-secondary" onClick={onClose}>
        {isQuestion ? 'Do Not Join' : 'Cancel'}
      </button>
      <button type="submit" className="button" disabled={!canJoin}>
        {isPending && <Icon name="loading" isSpinning />} Join
      </button>
    </footer>
  );
}

interface DescriptionProps {
  readonly pending: PendingJoin | undefined;
  readonly isDamaged: boolean;
}

function Description({ pending, isDamaged }: DescriptionProps): ReactElement {
  if (!pending && isDamaged) {
    return <>Tutti was opened with a link that does not work. Paste the link again, or ask for a new one.</>;
  }
  if (!pending) return <>Paste the link that you were sent. No file of yours is changed by joining.</>;
  return (
    <>
      A link asks to join{' '}
      {pending.roomName === undefined ? (
        'a shared room'
      ) : (
        <>
          the room{' '}
          <strong className="untrusted">
            <bdi>{pending.roomName}</bdi>
          </strong>
        </>
      )}{' '}
      on the relay{' '}
      <strong className="untrusted">
        <bdi>{pending.relayHost}</bdi>
      </strong>
      . Join only if you know who sent it.
      {pending.mirrorFolder !== undefined && (
        <>
          {' '}
          Its files are then kept in{' '}
          <strong className="untrusted">
            <bdi>{pending.mirrorFolder}</bdi>
          </strong>
          , too; where that has files of its own, you are asked first.
        </>
      )}
    </>
  );
}
