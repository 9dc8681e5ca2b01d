import { Menu } from '@base-ui/react/menu';
import { Menubar } from '@base-ui/react/menubar';
import type { ReactElement } from 'react';
import { type CommandMenu, CommandMenuItems } from '../primitives/command-menu-items.tsx';
import { Icon } from '../primitives/icon.tsx';
import { Avatar } from '../primitives/avatar.tsx';
import { OpenRecentMenu } from './open-recent-menu.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import './title-bar.css';

const OPEN_RECENT = 'recent';

const MENUS: readonly { readonly label: string; readonly menu: CommandMenu }[] = [
  {
    label: 'File',
    menu: [
      ['explorer.newFile', 'explorer.newFolder'],
      ['workspace.openFolder', 'room.join', OPEN_RECENT],
      ['editor.save'],
      ['editor.close', 'editor.closeAll', 'editor.reopenClosed'],
      ['room.leave'],
    ],
  },
  {
    label: 'Edit',
    menu: [['editor.undo', 'editor.redo'], ['editor.find', 'editor.replace'], ['editor.selectAll'], ['comments.add']],
  },
  {
    label: 'View',
    menu: [
      ['quickInput.commands'],
      ['view.explorer', 'view.people', 'view.chat', 'view.comments', 'view.changes', 'view.toggleSideBar'],
      ['editor.split'],
      ['theme.dark', 'theme.light', 'theme.system'],
    ],
  },
  {
    label: 'Go',
    menu: [
      ['quickInput.files', 'editor.goToLine'],
      ['editor.next', 'editor.previous', 'editor.nextGroup'],
    ],
  },
  {
    label: 'Room',
    menu: [
      ['room.invite', 'room.join', 'room.openInApp'],
      ['room.present', 'room.stopPresenting'],
      ['view.people', 'room.changeName', 'view.proposals', 'access.audit'],
      ['access.removeEverybody'],
      ['connection.retry'],
      ['room.leave'],
    ],
  },
];

const MAX_AVATARS = 5;

/** Menus, the way to all files, and who is here. */
export function TitleBar(): ReactElement {
  const { model, commands } = useServices();
  const workspace = useObservable(model.workspace.state);
  const name = workspace.kind === 'open' ? workspace.name : 'Tutti';
  return (
    <header className="title-bar">
      <div className="title-bar-side">{!model.platform.hasNativeMenu && <MainMenu />}</div>
      <button
        type="button"
        className="command-center"
        title="Go to a file, or type > for commands"
        onClick={() => commands.run(workspace.kind === 'open' ? 'quickInput.files' : 'quickInput.commands')}
      >
        <Icon name="search" />
        <span className="ellipsis">
          <bdi>{name}</bdi>
        </span>
      </button>
      <div className="title-bar-side title-bar-end">{workspace.kind === 'open' && <People />}</div>
    </header>
  );
}

function MainMenu(): ReactElement {
  return (
    <Menubar className="menubar" aria-label="Application menu">
      {MENUS.map(({ label, menu }) => (
        <Menu.Root key={label}>
          <Menu.Trigger className="menubar-item">{label}</Menu.Trigger>
          <Menu.Portal>
            <Menu.Positioner className="tutti-layer layer-menu" sideOffset={2}>
              <Menu.Popup className="menu">
                <CommandMenuItems menu={menu} others={{ [OPEN_RECENT]: <OpenRecentMenu /> }} />
              </Menu.Popup>
            </Menu.Positioner>
          </Menu.Portal>
        </Menu.Root>
      ))}
    </Menubar>
  );
}

function People(): ReactElement {
  const { model, commands } = useServices();
  const people = useObservable(model.room.participants);
  const canInvite = useObservable(model.access.canManage);
  return (
    <>
      <button
        type="button"
        className="avatar-stack"
        aria-label={`Show people: ${people.map(({ name }) => name).join(', ')}`}
        title={people.map(({ name }) => name).join('\n')}
        onClick={() => commands.run('view.people')}
      >
        {people.slice(0, MAX_AVATARS).map(({ presenceId, name, colorIndex }) => (
          <Avatar key={presenceId} name={name} colorIndex={colorIndex} size="small" />
        ))}
        {people.length > MAX_AVATARS && <span className="avatar-more">+{people.length - MAX_AVATARS}</span>}
      </button>
      {canInvite && (
        <button type="button" className="button title-bar-invite" onClick={() => commands.run('room.invite')}>
          Invite
        </button>
      )}
    </>
  );
}
