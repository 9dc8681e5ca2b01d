import { Menu } from '@base-ui/react/menu';
import { Fragment, type ReactElement } from 'react';
import { formatKeybinding, shownKeybinding } from '../../commands/index.ts';
import { useServices } from '../workbench/workbench-services.ts';

/** Command ids in groups; a line is drawn between groups. */
export type CommandMenu = readonly (readonly string[])[];

/** Menu items that run commands; impossible ones are shown disabled, unknown ones not at all. */
export function CommandMenuItems({ menu }: { readonly menu: CommandMenu }): ReactElement {
  const { commands } = useServices();
  const groups = menu.map((ids) => ids.filter((id) => commands.get(id))).filter((ids) => ids.length > 0);
  return (
    <>
      {groups.map((ids, index) => (
        <Fragment key={ids[0]}>
          {index > 0 && <Menu.Separator className="menu-separator" />}
          {ids.map((id) => (
            <CommandMenuItem key={id} id={id} />
          ))}
        </Fragment>
      ))}
    </>
  );
}

function CommandMenuItem({ id }: { readonly id: string }): ReactElement | null {
  const { commands, model } = useServices();
  const command = commands.get(id);
  if (!command) return null;
  const keybinding = shownKeybinding(command);
  return (
    <Menu.Item className="menu-item" disabled={!commands.isEnabled(id)} onClick={() => commands.run(id)}>
      <span className="menu-item-label">{command.title}</span>
      {keybinding !== undefined && (
        <span className="menu-item-key">{formatKeybinding(keybinding, model.platform.os)}</span>
      )}
    </Menu.Item>
  );
}
