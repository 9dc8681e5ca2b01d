import type { ReactElement } from 'react';
import { keybindingParts } from '../../commands/index.ts';
import { useServices } from '../workbench/workbench-services.ts';

const SHOWN = ['quickInput.files', 'quickInput.commands', 'room.invite', 'explorer.newFile', 'view.toggleSideBar'];

/** What is shown where no editor is open. */
export function Watermark(): ReactElement {
  const { commands, model } = useServices();
  return (
    <div className="watermark">
      <dl className="watermark-list">
        {SHOWN.map((id) => {
          const command = commands.get(id);
          if (!command) return null;
          const [keybinding] = command.keybindings ?? [];
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
