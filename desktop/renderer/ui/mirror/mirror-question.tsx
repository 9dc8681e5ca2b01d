import { type ReactElement, useState } from 'react';
import type { MirrorChoices, MirrorPreview } from '../mirror-model.ts';
import { Icon } from '../primitives/icon.tsx';
import { usePendingAction } from '../primitives/use-pending-action.ts';
import { formatBytes } from '../storage/storage-text.ts';
import type { Outcome } from '../workbench-model.ts';
import { useServices, type WorkbenchServices } from '../workbench/workbench-services.ts';
import { MirrorDifference } from './mirror-difference.tsx';
import { BlockedList, DifferentList, LeftOutList, OwnList, ReplacedList, RoomList } from './mirror-lists.tsx';

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
          <ReplacedList preview={preview} mine={mine} onChoose={choose} />
          <BlockedList preview={preview} />
          <OwnList preview={preview} sharesOthers={sharesOthers} onShare={setSharesOthers} />
          <LeftOutList preview={preview} />
          <RoomList preview={preview} />
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
  const files = counts.onlyHere + counts.different + counts.replaced;
  if (files === 0) return 'Nothing of it has to be backed up.';
  const what = files === 1 ? 'One file' : `${files} files`;
  return `${what} of it (${formatBytes(backupBytes)}) will be backed up first.`;
}
