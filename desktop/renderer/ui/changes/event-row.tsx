import { type ReactElement, useId, useState } from 'react';
import { presenceColor } from '../../theme/presence-palette.ts';
import { describeDistance, describeExactTime } from '../access/times.ts';
import type { EventFilesView, EventFileView, RoomEventView } from '../events-model.ts';
import { fileIcon } from '../explorer/file-icon.ts';
import type { Answer } from '../outcome.ts';
import { Icon } from '../primitives/icon.tsx';
import { isolate } from '../primitives/quoted-text.tsx';
import { useServices } from '../workbench/workbench-services.ts';
import { baseName, parentPath } from '../workbench/workspace-files.ts';

const ICONS: ReadonlyMap<string, string> = new Map([
  ['bulk', 'files'],
  ['blob', 'file-binary'],
]);

/** One event: what it was, and on request the files that it changed. */
export function EventRow({ event }: { readonly event: RoomEventView }): ReactElement {
  const { model } = useServices();
  const { seq, kind, label, fileCount, name, colorIndex, isSelf, atMs } = event;
  const [isOpen, setOpen] = useState(false);
  const [answer, setAnswer] = useState<Answer<EventFilesView>>();
  const id = useId();
  const files = fileCount === 1 ? '1 file' : `${fileCount.toLocaleString('en')} files`;
  const toggle = () => {
    setOpen(!isOpen);
    // What failed is tried again.
    if (!isOpen && !answer?.ok) {
      setAnswer(undefined);
      void model.events.listFiles(seq).then(setAnswer);
    }
  };
  return (
    <li>
      <button
        type="button"
        className="event-row"
        aria-expanded={isOpen}
        aria-controls={id}
        title={`${isolate(label)}\n${isolate(name)}, ${describeExactTime(atMs)}`}
        onClick={toggle}
      >
        <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
        <Icon name={ICONS.get(kind) ?? 'history'} />
        <span className="person-text">
          <bdi className="ellipsis">{label}</bdi>
          <span className="person-where event-what">
            <span className="ellipsis">
              <bdi style={{ color: presenceColor(colorIndex) }}>{name}</bdi>
              {isSelf && ' (you)'}
            </span>
            <span className="event-when">
              {' '}
              · {files} ·{' '}
              <time dateTime={new Date(atMs).toISOString()}>{describeDistance(atMs, model.scheduler.now())}</time>
            </span>
          </span>
        </span>
      </button>
      <div id={id} hidden={!isOpen}>
        {isOpen && <EventFiles label={label} answer={answer} />}
      </div>
    </li>
  );
}

interface EventFilesProps {
  readonly label: string;
  /** Undefined while the relay is asked. */
  readonly answer: Answer<EventFilesView> | undefined;
}

function EventFiles({ label, answer }: EventFilesProps): ReactElement {
  if (!answer) {
    return (
      <p className="event-note" role="status">
        <Icon name="loading" isSpinning /> Asking the relay…
      </p>
    );
  }
  if (!answer.ok) {
    return (
      <p className="event-note" role="status">
        The files could not be read: {answer.explanation}
      </p>
    );
  }
  const { files, moreCount, unnamedCount } = answer.value;
  return (
    <>
      <ul className="people-list event-files" aria-label={`Files of ${isolate(label)}`}>
        {files.map((file) => (
          <EventFile key={file.fileId} file={file} />
        ))}
      </ul>
      {moreCount > 0 && <p className="event-note">… and {moreCount.toLocaleString('en')} more</p>}
      {unnamedCount > 0 && (
        <p className="event-note">
          {unnamedCount === 1 ? '1 file was' : `${unnamedCount.toLocaleString('en')} files were`} only renamed or
          deleted, or cannot be named any more.
        </p>
      )}
    </>
  );
}

function EventFile({ file }: { readonly file: EventFileView }): ReactElement {
  const { editorArea } = useServices();
  const { fileId, path, isListed } = file;
  return (
    <li>
      <button
        type="button"
        className={isListed ? 'event-file' : 'event-file is-deleted'}
        title={isListed ? isolate(path) : `${isolate(path)}\nno longer in the workspace`}
        disabled={!isListed}
        onClick={() => editorArea.openFile(fileId)}
      >
        <Icon name={fileIcon(path, 'text')} />
        <bdi className="change-file ellipsis">{baseName(path)}</bdi>
        <bdi className="change-folder ellipsis">{parentPath(path)}</bdi>
      </button>
    </li>
  );
}
