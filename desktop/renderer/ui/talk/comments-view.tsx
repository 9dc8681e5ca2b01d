import { type ReactElement, useState } from 'react';
import { Icon } from '../primitives/icon.tsx';
import type { ThreadView } from '../talk-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { baseName, parentPath } from '../workbench/workspace-files.ts';
import { describeDistance } from '../access/times.ts';
import { DeliveryNote, LockNote } from './talk-notes.tsx';
import './talk.css';

/** All threads of comments, by file. */
export function CommentsView(): ReactElement {
  const { model } = useServices();
  const workspace = useObservable(model.workspace.state);
  const lockReason = useObservable(model.comments.lockReason);
  const isClosed = useObservable(model.comments.isClosed);
  const delivery = useObservable(model.comments.delivery);
  if (workspace.kind !== 'open') {
    return (
      <p className="side-bar-message">
        {model.workspace.canOpenFolder ? 'Open a folder or join' : 'Join'} with a link to comment on its files.
      </p>
    );
  }
  return (
    <section className="comments" aria-label="Comments">
      {lockReason !== undefined && <LockNote reason={lockReason} />}
      <DeliveryNote delivery={delivery} />
      {!isClosed && <ThreadLists canWrite={lockReason === undefined} />}
    </section>
  );
}

function ThreadLists({ canWrite }: { readonly canWrite: boolean }): ReactElement {
  const { model, commands } = useServices();
  const threads = useObservable(model.comments.threads);
  const [isResolvedShown, setResolvedShown] = useState(false);
  const open = threads.filter(({ isResolved }) => !isResolved);
  const resolvedCount = threads.length - open.length;
  return (
    <>
      {open.length === 0 && (
        <p className="side-bar-message">
          {threads.length === 0 ? 'No comments yet.' : 'All threads are resolved.'}
          {canWrite && ' Select some text in a file and comment on it.'}
        </p>
      )}
      {canWrite && threads.length === 0 && (
        <div className="people-invite">
          <button type="button" className="button" onClick={() => commands.run('comments.add')}>
            <Icon name="comment" /> Add Comment
          </button>
        </div>
      )}
      <ThreadsByFile threads={isResolvedShown ? threads : open} />
      {resolvedCount > 0 && (
        <button
          type="button"
          className="text-button comments-toggle"
          onClick={() => setResolvedShown(!isResolvedShown)}
        >
          {isResolvedShown ? 'Hide resolved threads' : `Show resolved threads (${resolvedCount})`}
        </button>
      )}
    </>
  );
}

function ThreadsByFile({ threads }: { readonly threads: readonly ThreadView[] }): ReactElement {
  const files = new Map<string, ThreadView[]>();
  for (const thread of threads) files.set(thread.fileId, [...(files.get(thread.fileId) ?? []), thread]);
  const sorted = [...files.values()].sort(([a], [b]) => (a?.path ?? '').localeCompare(b?.path ?? ''));
  return (
    <>
      {sorted.map((ofFile) => (
        <FileThreads key={ofFile[0]?.fileId} threads={ofFile} />
      ))}
    </>
  );
}

function FileThreads({ threads }: { readonly threads: readonly ThreadView[] }): ReactElement {
  const path = threads[0]?.path;
  const sorted = threads.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const name = path === undefined ? 'A file that is not here any more' : baseName(path);
  return (
    <>
      <h3 className="comments-file" title={path}>
        <span className="ellipsis">{name}</span>
        {path !== undefined && <span className="person-where ellipsis">{parentPath(path)}</span>}
        <span className="count-badge">{threads.length}</span>
      </h3>
      <ul className="people-list" aria-label={`Comments in ${name}`}>
        {sorted.map((thread) => (
          <ThreadRow key={thread.threadId} thread={thread} />
        ))}
      </ul>
    </>
  );
}

function ThreadRow({ thread }: { readonly thread: ThreadView }): ReactElement | null {
  const { model, editorArea } = useServices();
  const { threadId, fileId, path, entries, isResolved, isOutdated, line, quote } = thread;
  const [first] = entries;
  const last = entries.at(-1);
  if (!first || !last) return null;
  const replies = entries.length === 1 ? '' : entries.length === 2 ? '1 reply' : `${entries.length - 1} replies`;
  const parts = [
    line === undefined ? '' : `Ln ${line}`,
    isOutdated ? 'outdated' : '',
    isResolved ? 'resolved' : '',
    replies,
    describeDistance(last.atMs, model.scheduler.now()),
  ].filter((part) => part !== '');
  return (
    <li>
      <button
        type="button"
        className={isResolved ? 'thread-row is-resolved' : 'thread-row'}
        title={quote}
        disabled={path === undefined}
        onClick={() => editorArea.openAtThread(fileId, threadId)}
      >
        <Icon name={isResolved ? 'comment' : 'comment-unresolved'} />
        <span className="person-text">
          <span className="ellipsis">
            <bdi className="thread-row-author">{first.author.name}</bdi> <bdi>{first.text}</bdi>
          </span>
          <span className="person-where ellipsis">{parts.join(' · ')}</span>
        </span>
      </button>
    </li>
  );
}
