import type { ReactElement } from 'react';
import { Icon } from '../primitives/icon.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import './access.css';

/** Says that self was put out of the room, and what can be done with what is still here. */
export function AccessBanner(): ReactElement | null {
  const { model, commands } = useServices();
  const loss = useObservable(model.access.loss);
  if (!loss) return null;
  return (
    <div className="access-banner" role="alert">
      <Icon name="circle-slash" />
      <div className="access-banner-text">
        <p>{loss.explanation} You can still read what is here.</p>
        {loss.edits !== '' && <p>{loss.edits}</p>}
      </div>
      <div className="access-banner-actions">
        {loss.hasUnsent && (
          <button type="button" className="button" onClick={() => commands.run('access.exportUnsent')}>
            Export My Edits as a Patch…
          </button>
        )}
        <button type="button" className="button button-secondary" onClick={() => commands.run('access.exportFiles')}>
          Save a Copy of the Files…
        </button>
        <button type="button" className="button button-secondary" onClick={() => commands.run('room.join')}>
          Join with a Link…
        </button>
        <button type="button" className="button button-secondary" onClick={() => commands.run('room.leave')}>
          Leave…
        </button>
      </div>
    </div>
  );
}
