import type { ReactElement } from 'react';
import { keybindingParts, shownKeybinding } from '../../commands/index.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';

const IN_A_FOLDER = [
  'quickInput.files',
  'quickInput.commands',
  'room.invite',
  'explorer.newFile',
  'view.toggleSideBar',
];
const WITHOUT_A_FOLDER = [
  'workspace.openFolder',
  'room.join',
  'explorer.newFile',
  'room.invite',
  'quickInput.commands',
];

/** What is shown where no editor is open: some of what self can do now. */
export function Watermark(): ReactElement {
  const { commands, model } = useServices();
  const workspace = useObservable(model.workspace.state);
  // Decides which commands are possible, with the state of the workspace.
  useObservable(model.access.canManage);
  const hasFolder = workspace.kind === 'open' && (workspace.folder !== undefined || !model.workspace.canOpenFolder);
  const shown = hasFolder ? IN_A_FOLDER : WITHOUT_A_FOLDER;
  return (
    <div className="watermark">
      <dl className="watermark-list">
        {shown.map((id) => {
          const command = commands.get(id);
          if (!command || !commands.isEnabled(id)) return null;
          const keybinding = shownKeybinding(command);
          return (
            <div key={id} className="watermark-entry">
              <dt>
                <button type="button" className="watermark-action" onClick={() => commands.run(id)}>
                  {command.title.replace('…', '')}
                </button>
              </dt>
              <dd>
                {keybinding !== undefined &&
                  keybindingParts(keybinding, model.platform.os).map((part) => <kbd key={part}>{part}</kbd>)}
              </dd>
            </div>
          );
        })}
      </dl>
    </div>
  );
}
