import type { ReactElement } from 'react';
import { Icon } from '../primitives/icon.tsx';
import { IconButton } from '../primitives/icon-button.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { explainLock } from '../workbench/workspace-files.ts';
import { ExplorerTreeView } from './explorer-tree-view.tsx';
import './explorer.css';

/** The explorer's view in the side bar, in all its states. */
export function Explorer(): ReactElement {
  const { model } = useServices();
  const workspace = useObservable(model.workspace.state);
  if (workspace.kind !== 'open') return <NoWorkspace isOpening={workspace.kind === 'opening'} />;
  return (
    <section className="explorer" aria-label="Explorer">
      <ExplorerHeader name={workspace.name} folder={workspace.folder} />
      {workspace.isPartial && (
        <p className="explorer-partial" title={workspace.lockReason}>
          <Icon name="info" /> <span>Only a part of this room is shared with you</span>
        </p>
      )}
      <ExplorerBody />
    </section>
  );
}

function ExplorerHeader({
  name,
  folder,
}: {
  readonly name: string;
  readonly folder: string | undefined;
}): ReactElement {
  const { commands, model } = useServices();
  const lockReason = explainLock(useObservable(model.workspace.state));
  return (
    <header className="explorer-header">
      <h3
        className="explorer-title ellipsis"
        title={folder ?? `${name}: this workspace is not in a folder on this device`}
      >
        {name}
      </h3>
      <div className="explorer-actions">
        <IconButton
          icon="new-file"
          label="New File…"
          disabledReason={lockReason}
          onPress={() => commands.run('explorer.newFile')}
        />
        <IconButton
          icon="new-folder"
          label="New Folder…"
          disabledReason={lockReason}
          onPress={() => commands.run('explorer.newFolder')}
        />
        {model.mirror.canMirror && folder === undefined && (
          <IconButton icon="folder-library" label="Mirror to Folder…" onPress={() => commands.run('room.mirror')} />
        )}
        <IconButton icon="collapse-all" label="Collapse Folders" onPress={() => commands.run('explorer.collapseAll')} />
      </div>
    </header>
  );
}

function ExplorerBody(): ReactElement {
  const { model, explorer, commands } = useServices();
  const workspace = useObservable(model.workspace.state);
  const emptyFolders = useObservable(explorer.emptyFolders);
  const edit = useObservable(explorer.edit);
  if (workspace.kind !== 'open') return <NoWorkspace isOpening={false} />;
  if (!workspace.isListed) return <UnlistedFiles />;
  if (workspace.files.length === 0 && emptyFolders.length === 0 && !edit) {
    return (
      <div className="side-bar-message">
        <p>There are no files here yet.</p>
        {workspace.lockReason === undefined ? (
          <button type="button" className="button" onClick={() => commands.run('explorer.newFile')}>
            New File
          </button>
        ) : (
          <p>Files that others create will appear here.</p>
        )}
        {workspace.folder === undefined && model.workspace.canOpenFolder && (
          <button type="button" className="button" onClick={() => commands.run('workspace.openFolder')}>
            Open Folder
          </button>
        )}
      </div>
    );
  }
  return <ExplorerTreeView />;
}

/** The list is not on this device, and comes from the relay. */
function UnlistedFiles(): ReactElement {
  const { model } = useServices();
  const connection = useObservable(model.connection.state);
  const delay = useObservable(model.connection.delay);
  if (connection?.kind === 'ended') {
    return <p className="side-bar-message">The files of this room are not on this device.</p>;
  }
  if (delay !== undefined) {
    return (
      <p className="side-bar-message" role="status">
        The files of this room are not on this device yet. They come as soon as the relay is reached.
      </p>
    );
  }
  return (
    <p className="side-bar-message" role="status">
      <Icon name="loading" isSpinning /> Listing files…
    </p>
  );
}

function NoWorkspace({ isOpening }: { readonly isOpening: boolean }): ReactElement {
  const { model, commands } = useServices();
  if (isOpening) {
    return (
      <p className="side-bar-message" role="status">
        <Icon name="loading" isSpinning /> Opening…
      </p>
    );
  }
  return (
    <div className="side-bar-message">
      {model.workspace.canOpenFolder ? (
        <>
          <p>You have not opened a folder yet.</p>
          <button type="button" className="button" onClick={() => commands.run('workspace.openFolder')}>
            Open Folder
          </button>
          <p>Or join people who share theirs.</p>
        </>
      ) : (
        <p>You are not in a room yet. Open the link that you were sent, or paste it here.</p>
      )}
      <button type="button" className="button" onClick={() => commands.run('room.join')}>
        Join with a Link
      </button>
    </div>
  );
}
