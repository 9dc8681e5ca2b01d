import { type KeyboardEvent, type ReactElement, useState } from 'react';
import { type AwaySummaryView, isByBoth } from '../away-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { ChangeRow } from './change-row.tsx';
import { describeAbsence, describeEarlier } from './changes-text.ts';
import { FolderRow } from './folder-row.tsx';
import { groupRenamed, isFolder } from './renamed-folders.ts';
import { EventsSection } from './events-section.tsx';
import { Section } from './section.tsx';
import './changes.css';

/** Rows that are drawn at once. */
const PAGE = 100;

/** What others did while self was away, and the labelled events of the room. */
export function ChangesView(): ReactElement {
  const { model } = useServices();
  const workspace = useObservable(model.workspace.state);
  const summary = useObservable(model.away.summary);
  if (workspace.kind !== 'open') {
    return (
      <p className="side-bar-message">
        {model.workspace.canOpenFolder ? 'Open a folder or join' : 'Join'} with a link. What others change while you are
        away appears here.
      </p>
    );
  }
  return (
    <section className="changes" aria-label="Changes">
      <Section title="While you were away" count={summary && summary.files.length + summary.unlistedCount}>
        {summary ? <Summary summary={summary} /> : <NoSummary />}
      </Section>
      <EventsSection />
    </section>
  );
}

function NoSummary(): ReactElement {
  return (
    <p className="side-bar-message">
      Nothing to look at. When you come back after you were offline, the files that others changed meanwhile are listed
      here.
    </p>
  );
}

function Summary({ summary }: { readonly summary: AwaySummaryView }): ReactElement {
  const { model } = useServices();
  const { files, unlistedCount, ownCount } = summary;
  const [shownCount, setShownCount] = useState(PAGE);
  const nowMs = model.scheduler.now();
  const shown = files.slice(0, shownCount);
  const earlier = shown.filter(({ isEarlier }) => isEarlier);
  const latest = shown.filter(({ isEarlier }) => !isEarlier);
  return (
    <>
      <div className="changes-head">
        <span className="changes-span">
          {files.some(({ list, text }) => list !== undefined || text !== undefined) && describeAbsence(summary, nowMs)}
        </span>
        <button type="button" className="text-button" onClick={() => model.away.keepAll()}>
          Keep All
        </button>
      </div>
      <FileList label="Files that you and others changed" files={latest.filter(isByBoth)} />
      <FileList label="Files that others changed" files={latest.filter((file) => !isByBoth(file))} />
      {earlier.length > 0 && (
        <>
          <h4 className="changes-earlier">{describeEarlier(summary, nowMs)}</h4>
          <FileList label="Files of earlier absences" files={earlier} />
        </>
      )}
      {files.length > shownCount && (
        <button type="button" className="text-button changes-more" onClick={() => setShownCount(shownCount + PAGE)}>
          Show More ({files.length - shownCount})
        </button>
      )}
      {unlistedCount > 0 && (
        <p className="side-bar-message changes-note">
          {unlistedCount === 1 ? '1 more file was' : `${unlistedCount} more files were`} changed by others.
        </p>
      )}
      {ownCount > 0 && (
        <p className="side-bar-message changes-note">
          {ownCount === 1 ? '1 file that only you changed is' : `${ownCount} files that only you changed are`} merged.
        </p>
      )}
    </>
  );
}

interface FileListProps {
  readonly label: string;
  readonly files: AwaySummaryView['files'];
}

function FileList({ label, files }: FileListProps): ReactElement | null {
  if (files.length === 0) return null;
  return (
    <ul className="people-list changes-list" aria-label={label} onKeyDown={moveFocus}>
      {groupRenamed(files).map((entry) =>
        isFolder(entry) ? (
          <FolderRow key={`${entry.from}\n${entry.to}\n${entry.files[0]?.fileId}`} folder={entry} />
        ) : (
          <ChangeRow key={entry.fileId} file={entry} />
        ),
      )}
    </ul>
  );
}

/** Up and down go from file to file, over the buttons between. */
function moveFocus(event: KeyboardEvent<HTMLUListElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step === 0) return;
  const view = event.currentTarget.closest('.changes');
  const names = [...(view?.querySelectorAll<HTMLElement>('.change-name') ?? [])];
  const row = document.activeElement?.closest('.change-row');
  const at = names.findIndex((name) => name.closest('.change-row') === row);
  names[at + step]?.focus();
  event.preventDefault();
}
