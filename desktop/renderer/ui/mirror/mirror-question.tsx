import { type ReactElement, useState } from 'react';
import type { MirrorChoices, MirrorPreview, PreviewedFile } from '../mirror-model.ts';
import { Icon } from '../primitives/icon.tsx';
import { usePendingAction } from '../primitives/use-pending-action.ts';
import { formatBytes } from '../storage/storage-text.ts';
import type { Outcome } from '../workbench-model.ts';
import { useServices, type WorkbenchServices } from '../workbench/workbench-services.ts';
import { MirrorDifference } from './mirror-difference.tsx';

interface MirrorQuestionProps {
  readonly preview: MirrorPreview;
  /** The folder is mirrored already; it is about what was not shared. */
  readonly isReview: boolean;
}

/** What the folder and the room have, and what is to become of it. Nothing happens before it is answered. */
export function MirrorQuestion({ preview, isReview }: MirrorQuestionProps): ReactElement {
  const services = useServices();
  const [mine, setMine] = useState<ReadonlySet<string>>(new Set());
  const [sharesOthers, setSharesOthers] = useState(false);
  const [shownPath, setShownPath] = useState(preview.different[0]?.path);
  const action = usePendingAction();
  const choices = { sharesOthers, mine: [...mine], allowsLargeBackup: false };
  const isShown = preview.different.some(({ path }) => path === shownPath);
  const choose = (path: string, isMine: boolean) => {
    const next = new Set(mine);
    if (isMine) next.add(path);
    else next.delete(path);
    setMine(next);
  };
  return (
    <div className="access-page">
      <header className="access-page-header">
        <h2 className="access-page-title">
          {isReview ? 'What is not shared of' : 'Mirror this room to'}{' '}
          <strong>
            <bdi>{preview.folder}</bdi>
          </strong>
          {isReview ? '.' : '?'} {explainBackup(preview)}
        </h2>
        <button type="button" className="button button-secondary" onClick={() => void services.model.mirror.cancel()}>
          {isReview ? 'Leave as It Is' : 'Cancel'}
        </button>
        <button
          type="button"
          className="button"
          disabled={action.isPending}
          onClick={() =>
            action.start(
              () => start(services, choices),
              () => undefined,
            )
          }
        >
          {action.isPending && <Icon name="loading" isSpinning />} {isReview ? 'Apply' : 'Mirror'}
        </button>
      </header>
      {action.explanation !== undefined && (
        <p className="form-error access-page-header" role="alert">
          {action.explanation}
        </p>
      )}
      <div className="mirror-question">
        <div className="mirror-lists" tabIndex={0} role="group" aria-label="Files of folder and room">
          <DifferentList preview={preview} mine={mine} shownPath={shownPath} onChoose={choose} onShow={setShownPath} />
          <OwnList preview={preview} sharesOthers={sharesOthers} onShare={setSharesOthers} />
          <OtherLists preview={preview} />
        </div>
        {isShown && shownPath !== undefined && <MirrorDifference key={shownPath} path={shownPath} preview={preview} />}
      </div>
    </div>
  );
}

/** Asks once more where a lot would be copied. */
async function start({ model, state }: WorkbenchServices, choices: MirrorChoices): Promise<Outcome> {
  const answer = await model.mirror.start(choices);
  if (!answer.ok) return answer;
  if (answer.value.kind === 'changed') {
    return { ok: false, explanation: 'The folder has changed meanwhile. Look at it again, then go on.' };
  }
  if (answer.value.kind === 'large-backup') {
    const size = formatBytes(answer.value.sizeBytes);
    state.dialog.set({
      kind: 'confirm',
      title: `Back up ${size} first?`,
      detail: 'So much of the folder could be changed. It is copied before anything else happens.',
      confirmLabel: 'Back Up and Go On',
      run: async () => {
        const again = await model.mirror.start({ ...choices, allowsLargeBackup: true });
        return again.ok ? { ok: true } : again;
      },
    });
  }
  return { ok: true };
}

function explainBackup({ counts, backupBytes }: MirrorPreview): string {
  const files = counts.onlyHere + counts.different;
  if (files === 0) return 'Nothing of it has to be backed up.';
  const what = files === 1 ? 'One file' : `${files} files`;
  return `${what} of it (${formatBytes(backupBytes)}) will be backed up first.`;
}

interface DifferentListProps {
  readonly preview: MirrorPreview;
  readonly mine: ReadonlySet<string>;
  readonly shownPath: string | undefined;
  readonly onChoose: (path: string, isMine: boolean) => void;
  readonly onShow: (path: string) => void;
}

function DifferentList({ preview, mine, shownPath, onChoose, onShow }: DifferentListProps): ReactElement | null {
  const { different, counts, direction } = preview;
  if (counts.different === 0) return null;
  return (
    <section aria-label="Different">
      <h3 className="mirror-heading">Different: {counts.different}</h3>
      <p className="form-note">
        {direction === 'to-disk'
          ? 'The room’s text comes into these files.'
          : 'Choose the text for each. Your text goes into the room as edits.'}
      </p>
      <ul className="mirror-list">
        {different.map(({ path }) => (
          <li key={path} className="mirror-row" data-shown={path === shownPath}>
            <button
              type="button"
              className="text-button mirror-path"
              title={`Compare ${path}`}
              onClick={() => onShow(path)}
            >
              <bdi>{path}</bdi>
            </button>
            <select
              className="select mirror-choice"
              aria-label={`Text of ${path}`}
              value={mine.has(path) ? 'mine' : 'room'}
              disabled={direction === 'to-disk'}
              onChange={(event) => onChoose(path, event.currentTarget.value === 'mine')}
            >
              <option value="room">The room’s</option>
              <option value="mine">Mine</option>
            </select>
          </li>
        ))}
      </ul>
      <More shown={different.length} count={counts.different} />
    </section>
  );
}

interface OwnListProps {
  readonly preview: MirrorPreview;
  readonly sharesOthers: boolean;
  readonly onShare: (isShared: boolean) => void;
}

function OwnList({ preview, sharesOthers, onShare }: OwnListProps): ReactElement | null {
  const { onlyHere, counts, direction } = preview;
  if (counts.onlyHere === 0) return null;
  return (
    <section aria-label="Only in the folder">
      <h3 className="mirror-heading">Only in the folder: {counts.onlyHere}</h3>
      <label className="check">
        <input
          type="checkbox"
          checked={sharesOthers}
          disabled={direction !== 'both'}
          onChange={(event) => onShare(event.currentTarget.checked)}
        />
        Share these files, too
      </label>
      <p className="form-note">
        {direction === 'both'
          ? 'Else they stay on this device.'
          : 'You may not add files to this room: they stay on this device.'}
      </p>
      <FileList files={onlyHere} />
      <More shown={onlyHere.length} count={counts.onlyHere} />
    </section>
  );
}

function OtherLists({ preview }: { readonly preview: MirrorPreview }): ReactElement {
  const { onlyInRoom, leftOut, tooLarge, counts } = preview;
  return (
    <>
      {counts.onlyInRoom > 0 && (
        <section aria-label="Only in the room">
          <h3 className="mirror-heading">Only in the room: {counts.onlyInRoom}</h3>
          <p className="form-note">They come to the folder.</p>
          <ul className="mirror-list">
            {onlyInRoom.map((path) => (
              <li key={path} className="mirror-row">
                <bdi>{path}</bdi>
              </li>
            ))}
          </ul>
          <More shown={onlyInRoom.length} count={counts.onlyInRoom} />
        </section>
      )}
      {counts.leftOut + counts.tooLarge > 0 && (
        <section aria-label="Left out">
          <h3 className="mirror-heading">Left out: {counts.leftOut + counts.tooLarge}</h3>
          <p className="form-note">Nothing happens to them.</p>
          <ul className="mirror-list">
            {leftOut.map(({ path, reason }) => (
              <li key={path} className="mirror-row" title={reason}>
                <bdi>{path}</bdi>
              </li>
            ))}
          </ul>
          <FileList files={tooLarge} />
          <More shown={leftOut.length + tooLarge.length} count={counts.leftOut + counts.tooLarge} />
        </section>
      )}
      {counts.same > 0 && <p className="form-note">The same in both: {counts.same}</p>}
    </>
  );
}

function FileList({ files }: { readonly files: readonly PreviewedFile[] }): ReactElement {
  return (
    <ul className="mirror-list">
      {files.map(({ path, sizeBytes }) => (
        <li key={path} className="mirror-row">
          <bdi>{path}</bdi>
          <span className="mirror-size">{formatBytes(sizeBytes)}</span>
        </li>
      ))}
    </ul>
  );
}

function More({ shown, count }: { readonly shown: number; readonly count: number }): ReactElement | null {
  return count > shown ? <p className="form-note">… and {count - shown} more</p> : null;
}
