import { Menu } from '@base-ui/react/menu';
import { Fragment, type ReactElement, type ReactNode } from 'react';
import { formatKeybinding, shownKeybinding } from '../../commands/index.ts';
import { useServices } from '../workbench/workbench-services.ts';

/** Command ids in groups; a line is drawn between groups. */
export type CommandMenu = readonly (readonly string[])[];

interface CommandMenuItemsProps {
  readonly menu: CommandMenu;
  /** What stands in the menu in place of a command, by its id. */
  readonly others?: Readonly<Record<string, ReactNode>>;
}

/** Menu items that run commands; impossible ones are shown disabled, unknown ones not at all. */
export function CommandMenuItems({ menu, others = {} }: CommandMenuItemsProps): ReactElement {
  const { commands } = useServices();
  const isThere = (id: string) => id in others || commands.get(id) !== undefined;
  const groups = menu.map((ids) => ids.filter(isThere)).filter((ids) => ids.length > 0);
  return (
    <>
      {groups.map((ids, index) => (
        <Fragment key={ids[0]}>
          {index > 0 && <Menu.Separator className="menu-separator" />}
          {ids.map((id) =>
            id in others ? <Fragment key={id}>{others[id]}</Fragment> : <CommandMenuItem key={id} id={id} />,
          )}
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
