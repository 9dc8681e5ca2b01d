import type { ReactElement } from 'react';
import { Icon } from '../primitives/icon.tsx';
import type { WorkspaceState } from '../workbench-model.ts';
import { DeviceRooms } from '../storage/device-rooms.tsx';
import { Recent } from './recent.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import './welcome.css';

/** What is shown while no workspace is open. */
export function Welcome(): ReactElement {
  const { model } = useServices();
  const workspace = useObservable(model.workspace.state);
  return (
    <main className="welcome" aria-label="Welcome">
      {workspace.kind === 'opening' ? <Opening what={workspace.what} /> : <Start workspace={workspace} />}
    </main>
  );
}

function Opening({ what }: { readonly what: string }): ReactElement {
  return (
    <div className="welcome-opening" role="status">
      <Icon name="loading" isSpinning />
      <p className="ellipsis">Opening {what}…</p>
    </div>
  );
}

function Start({ workspace }: { readonly workspace: WorkspaceState }): ReactElement {
  const { model, commands } = useServices();
  return (
    <div className="welcome-page">
      <header>
        <h1>Tutti</h1>
        <p className="welcome-subtitle">Write code together</p>
      </header>
      {workspace.kind === 'failed' && <Failure title={workspace.title} detail={workspace.detail} />}
      <div className="welcome-columns">
        <section>
          <h2>Start</h2>
          {model.workspace.canOpenFolder && (
            <button type="button" className="welcome-action" onClick={() => commands.run('workspace.openFolder')}>
              <Icon name="folder-opened" /> Open Folder…
            </button>
          )}
          <button type="button" className="welcome-action" onClick={() => commands.run('room.join')}>
            <Icon name="link" /> Join with a Link…
          </button>
          {model.workspace.canOpenFolder && (
            <button type="button" className="welcome-action" onClick={() => commands.run('room.openUntitled')}>
              <Icon name="new-file" /> Open Untitled Room
            </button>
          )}
        </section>
        <Recent />
      </div>
      <DeviceRooms />
    </div>
  );
}

function Failure({ title, detail }: { readonly title: string; readonly detail: string }): ReactElement {
  const { model } = useServices();
  return (
    <div className="welcome-failure" role="alert">
      <Icon name="error" />
      <div>
        <p className="welcome-failure-title">{title}</p>
        <p>{detail}</p>
      </div>
      <button
        type="button"
        className="icon-button"
        aria-label="Dismiss"
        onClick={() => model.workspace.dismissFailure()}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}
