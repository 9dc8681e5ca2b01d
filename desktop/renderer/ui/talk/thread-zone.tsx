import {
  type KeyboardEvent,
  type ReactElement,
  type ReactNode,
  type RefObject,
  useEffect,
  useRef,
  useState,
} from 'react';
import { createPortal } from 'react-dom';
import { IconButton } from '../primitives/icon-button.tsx';
import type { CommentZone, EntryView, ThreadView } from '../talk-model.ts';
import type { EditorHandle } from '../workbench-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { Composer } from './composer.tsx';
import { Entry } from './entry.tsx';
import { dayOf } from './moments.ts';
import { DeliveryNote, LockNote } from './talk-notes.tsx';
import './talk.css';

interface ThreadZoneProps {
  readonly editor: EditorHandle;
  readonly fileId: string;
}

/** What is open between the lines of an editor. */
export function ThreadZone({ editor, fileId }: ThreadZoneProps): ReactElement | null {
  const { model } = useServices();
  const zone = useObservable(editor.commentZone);
  const threads = useObservable(model.comments.threads);
  if (!zone) return null;
  const close = () => {
    editor.closeCommentZone();
    editor.focus();
  };
  const thread = threads.find(({ threadId }) => threadId === zone.threadId);
  if (zone.threadId !== undefined && !thread) return null;
  return createPortal(
    thread ? (
      <OpenThread key={thread.threadId} thread={thread} isFocused={zone.isFocused} onClose={close} />
    ) : (
      <NewThread zone={zone} fileId={fileId} onClose={close} />
    ),
    zone.element,
  );
}

interface FrameProps {
  readonly label: string;
  readonly isResolved?: boolean;
  readonly isFocused?: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

function Frame({ label, isResolved = false, isFocused = false, onClose, children }: FrameProps): ReactElement {
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    // Where it appears is not laid out yet.
    if (isFocused) section.current?.focus({ preventScroll: true });
  }, [isFocused]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onClose();
  };
  return (
    <section
      ref={section}
      className={isResolved ? 'thread' : 'thread is-open'}
      aria-label={label}
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      {children}
    </section>
  );
}

interface NewThreadProps {
  readonly zone: CommentZone;
  readonly fileId: string;
  readonly onClose: () => void;
}

function NewThread({ zone, fileId, onClose }: NewThreadProps): ReactElement {
  const focusWanted = useRef(true);
  return (
    <Frame label="New comment" onClose={onClose}>
      <ThreadHead title="Start a discussion" onClose={onClose} />
      <div className="thread-form">
        <Composer
          label="Comment"
          placeholder="Write a comment"
          draftKey={`new ${fileId}`}
          submitLabel="Add Comment"
          sendWith="mod-enter"
          focusWanted={focusWanted}
          submit={(text) => zone.post(text)}
          onCancel={onClose}
        />
      </div>
    </Frame>
  );
}

interface OpenThreadProps {
  readonly thread: ThreadView;
  readonly isFocused: boolean;
  readonly onClose: () => void;
}

function OpenThread({ thread, isFocused, onClose }: OpenThreadProps): ReactElement {
  const { model } = useServices();
  const { entries, isResolved, isOutdated, quote } = thread;
  const today = dayOf(model.scheduler.now());
  const delivery = useObservable(model.comments.delivery);
  const names = [...new Set(entries.map(({ author }) => author.name))].join(', ');
  return (
    <Frame label={`Comments of ${names}`} isResolved={isResolved} isFocused={isFocused} onClose={onClose}>
      <ThreadHead title={`Participants: ${names}`} isResolved={isResolved} onClose={onClose}>
        <ResolveButton thread={thread} />
      </ThreadHead>
      {isOutdated && <Outdated quote={quote} />}
      <div className="thread-entries">
        {entries.map((entry) => (
          <Entry key={entry.id} entry={entry} today={today} actions={<DeleteButton thread={thread} entry={entry} />} />
        ))}
      </div>
      <DeliveryNote delivery={delivery} />
      <ReplyForm thread={thread} />
    </Frame>
  );
}

interface ThreadHeadProps {
  readonly title: string;
  readonly isResolved?: boolean;
  readonly children?: ReactElement;
  readonly onClose: () => void;
}

function ThreadHead({ title, isResolved = false, children, onClose }: ThreadHeadProps): ReactElement {
  return (
    <header className="thread-head">
      <span className="ellipsis thread-title" title={title}>
        {title}
      </span>
      {isResolved && <span className="thread-state">Resolved</span>}
      {children}
      <IconButton icon="chevron-up" label="Collapse" onPress={onClose} />
    </header>
  );
}

/** The text that was commented on and is gone. */
function Outdated({ quote }: { readonly quote: string }): ReactElement {
  return (
    <div className="thread-outdated">
      <span className="thread-state">Outdated</span>
      <pre className="thread-quote" dir="auto">
        {quote}
      </pre>
    </div>
  );
}

function ResolveButton({ thread }: { readonly thread: ThreadView }): ReactElement {
  const { model, state } = useServices();
  const lockReason = useObservable(model.comments.lockReason);
  const { threadId, isResolved } = thread;
  return (
    <IconButton
      icon={isResolved ? 'issue-reopened' : 'check'}
      label={isResolved ? 'Reopen' : 'Resolve'}
      disabledReason={lockReason}
      onPress={() =>
        state.reportOutcome('The thread was not changed.', model.comments.setResolved(threadId, !isResolved))
      }
    />
  );
}

interface DeleteButtonProps {
  readonly thread: ThreadView;
  readonly entry: EntryView;
}

function DeleteButton({ thread, entry }: DeleteButtonProps): ReactElement | null {
  const { model, state } = useServices();
  const lockReason = useObservable(model.comments.lockReason);
  if (!entry.author.isSelf || lockReason !== undefined) return null;
  return (
    <IconButton
      icon="trash"
      label="Delete Comment"
      className="icon-button entry-action"
      onPress={() =>
        state.reportOutcome('The comment was not deleted.', model.comments.remove(thread.threadId, entry.id))
      }
    />
  );
}

function ReplyForm({ thread }: { readonly thread: ThreadView }): ReactElement {
  const { model, state } = useServices();
  const lockReason = useObservable(model.comments.lockReason);
  const draftKey = `reply ${thread.threadId}`;
  const [isWriting, setWriting] = useState(() => (state.drafts.get(draftKey) ?? '') !== '');
  // Not where the form appears by itself: only after a press.
  const focusWanted = useRef(false);
  const change = (isNowWriting: boolean) => {
    focusWanted.current = true;
    setWriting(isNowWriting);
  };
  if (lockReason !== undefined) return <LockNote reason={lockReason} />;
  const submit = (text: string) => {
    const outcome = model.comments.reply(thread.threadId, text);
    if (outcome.ok) change(false);
    return outcome;
  };
  return (
    <div className="thread-form">
      {isWriting ? (
        <Composer
          label="Reply"
          placeholder="Write a reply"
          draftKey={draftKey}
          submitLabel="Reply"
          sendWith="mod-enter"
          focusWanted={focusWanted}
          submit={submit}
          onCancel={() => change(false)}
        />
      ) : (
        <ReplyButton focusWanted={focusWanted} onPress={() => change(true)} />
      )}
    </div>
  );
}

interface ReplyButtonProps {
  readonly focusWanted: RefObject<boolean>;
  readonly onPress: () => void;
}

function ReplyButton({ focusWanted, onPress }: ReplyButtonProps): ReactElement {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (focusWanted.current) button.current?.focus({ preventScroll: true });
  }, [focusWanted]);
  return (
    <button ref={button} type="button" className="thread-reply" onClick={onPress}>
      Reply…
    </button>
  );
}
