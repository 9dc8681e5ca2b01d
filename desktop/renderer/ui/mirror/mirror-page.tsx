import type { ReactElement } from 'react';
import type { MirrorDirection, MirrorState } from '../mirror-model.ts';
import { Icon } from '../primitives/icon.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { MirrorQuestion } from './mirror-question.tsx';
import './mirror.css';

type Running = Extract<MirrorState, { kind: 'running' }>;

/** The folder that mirrors the room: what it would bring, and how it is. */
export function MirrorPage(): ReactElement {
  const { model, commands } = useServices();
  const state = useObservable(model.mirror.state);
  switch (state.kind) {
    case 'asking':
      return <MirrorQuestion key={state.preview.folder} preview={state.preview} isReview={state.isReview} />;
    case 'reading':
      return (
        <Message text={`Comparing “${state.folder}” with the room…`} isBusy>
          <button type="button" className="button button-secondary" onClick={() => void model.mirror.cancel()}>
            Cancel
          </button>
        </Message>
      );
    case 'starting':
      return <Message text={`Backing up what “${state.folder}” has of its own…`} isBusy />;
    case 'running':
      return <RunningMirror state={state} />;
    case 'failed':
      return <Message text={state.explanation} />;
    case 'none':
      return (
        <Message text="This room is not mirrored to a folder on this device.">
          <button type="button" className="button" onClick={() => commands.run('room.mirror')}>
            Mirror to Folder…
          </button>
        </Message>
      );
  }
}

function Message({
  text,
  isBusy = false,
  children,
}: {
  readonly text: string;
  readonly isBusy?: boolean;
  readonly children?: ReactElement;
}): ReactElement {
  return (
    <div className="access-page">
      <div className="access-page-body mirror-message">
        <p role="status">
          {isBusy && <Icon name="loading" isSpinning />} <bdi>{text}</bdi>
        </p>
        {children}
      </div>
    </div>
  );
}

const WHAT_GOES: Readonly<Record<MirrorDirection, string>> = {
  both: 'What is changed in the folder goes into the room, and the other way round.',
  texts: 'Changes of files go both ways. You may not add, rename or delete files in this room.',
  'to-disk': 'The room’s files come to the folder. You may only read this room, so nothing goes the other way.',
};

function explainHeld({ direction, heldCount, isHeldByChoice }: Running): string {
  const what =
    heldCount === 1 ? 'One file of the folder is not shared' : `${heldCount} files of the folder are not shared`;
  const it = heldCount === 1 ? 'it' : 'them';
  if (direction === 'both' && isHeldByChoice) return `${what}: you left ${it} out. Everything else is.`;
  const when = direction === 'both' ? 'while you might not write in this room' : 'and you may not share that here';
  return `${what}: you changed ${it} ${when}.`;
}

function RunningMirror({ state }: { readonly state: Running }): ReactElement {
  const { commands } = useServices();
  const { folder, direction, heldCount, heldPaths, backup } = state;
  return (
    <div className="access-page">
      <header className="access-page-header">
        <h2 className="access-page-title">
          The room is mirrored to{' '}
          <strong>
            <bdi>{folder}</bdi>
          </strong>
        </h2>
        <button type="button" className="button button-secondary" onClick={() => commands.run('mirror.showFolder')}>
          Show Folder
        </button>
        <button type="button" className="button button-secondary" onClick={() => commands.run('mirror.stop')}>
          Stop Mirroring
        </button>
      </header>
      <div className="access-page-body mirror-message">
        <p>{WHAT_GOES[direction]}</p>
        {heldCount > 0 && (
          <>
            <p>
              {explainHeld(state)}{' '}
              <button type="button" className="text-button" onClick={() => commands.run('mirror.review')}>
                Review
              </button>
            </p>
            <ul className="mirror-list">
              {heldPaths.map((path) => (
                <li key={path} className="mirror-row">
                  <bdi>{path}</bdi>
                </li>
              ))}
            </ul>
            {heldCount > heldPaths.length && <p className="form-note">… and {heldCount - heldPaths.length} more</p>}
          </>
        )}
        <Unshared state={state} />
        {backup !== undefined && (
          <p>
            What the folder had of its own is backed up in <bdi>{backup}</bdi>.{' '}
            <button type="button" className="text-button" onClick={() => commands.run('mirror.showBackup')}>
              Show Backup
            </button>
          </p>
        )}
      </div>
    </div>
  );
}

/** Files that have to be renamed before they can be shared. */
function Unshared({ state: { unshared, unsharedCount } }: { readonly state: Running }): ReactElement | null {
  const { model, state } = useServices();
  if (unsharedCount === 0) return null;
  const show = async (path: string) =>
    state.reportOutcome('The file cannot be shown.', await model.mirror.showFile(path));
  return (
    <section aria-label="Cannot be shared">
      <h3 className="mirror-heading">
        {unsharedCount === 1 ? 'One file cannot be shared' : `${unsharedCount} files cannot be shared`}
      </h3>
      <p className="form-note">They stay on this device until they have another name.</p>
      <ul className="mirror-list">
        {unshared.map(({ path, reason }) => (
          <li key={path}>
            <div className="mirror-row">
              <bdi>{path}</bdi>
              <button
                type="button"
                className="text-button"
                aria-label={`Show ${path} in Folder`}
                onClick={() => void show(path)}
              >
                Show in Folder
              </button>
            </div>
            <div className="mirror-reason">
              <bdi>{reason}</bdi>
            </div>
          </li>
        ))}
      </ul>
      {unsharedCount > unshared.length && <p className="form-note">… and {unsharedCount - unshared.length} more</p>}
    </section>
  );
}
