import { Menu, type MenuItemConstructorOptions } from 'electron';
import { recentMenu } from './recent-menu.ts';
import type { RecentRoom } from './session/stored-rooms.ts';

type SendCommand = (commandId: string) => void;
type CommandItem = (label: string, id: string, accelerator?: string) => MenuItemConstructorOptions;

/** Undefined draws a line. */
const ROOM_MENU: readonly (readonly [label: string, commandId: string, accelerator?: string] | undefined)[] = [
  ['Invite and Share Links…', 'room.invite', 'CmdOrCtrl+Shift+Y'],
  ['People', 'view.people'],
  ['Change Your Name…', 'room.changeName'],
  ['Chat', 'view.chat'],
  ['Comments', 'view.comments'],
  ['Changes', 'view.changes', 'CmdOrCtrl+Shift+G'],
  ['Proposals', 'view.proposals'],
  undefined,
  ['Present (Only You Can Edit)', 'room.present'],
  ['Stop Presenting', 'room.stopPresenting'],
  undefined,
  ['Show Access Log', 'access.audit'],
  ['Remove Everybody…', 'access.removeEverybody'],
  undefined,
  ['Mirror to Folder…', 'room.mirror'],
  ['Stop Mirroring', 'mirror.stop'],
  ['Show What Is Stored on This Device', 'room.storage'],
];

/** What the menu does beside sending commands. */
export interface MenuOptions {
  readonly sendCommand: SendCommand;
  readonly openRecent: (key: string) => void;
}

/**
 * The application menu. Entries send commands to the focused window, so that menu, keys and palette do the same. `recent`
 * are the rooms of File > Open Recent: call it again when they change.
 */
export function installMenu({ sendCommand, openRecent }: MenuOptions, recent: readonly RecentRoom[]): void {
  const isMac = process.platform === 'darwin';
  const command: CommandItem = (label, id, accelerator) => ({
    label,
    // The window's own keybindings act; showing them here must not act a second time.
    ...(accelerator === undefined ? {} : { accelerator, registerAccelerator: false }),
    click: () => sendCommand(id),
  });
  const template: MenuItemConstructorOptions[] = [
    ...(isMac ? [{ role: 'appMenu' } satisfies MenuItemConstructorOptions] : []),
    fileMenu(command, recentMenu(recent, openRecent, command('More…', 'room.storage'))),
    {
      label: '&Edit',
      submenu: [
        command('Undo', 'editor.undo', 'CmdOrCtrl+Z'),
        command('Redo', 'editor.redo', isMac ? 'Cmd+Shift+Z' : 'Ctrl+Y'),
        { type: 'separator' },
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
        { type: 'separator' },
        command('Find', 'editor.find', 'CmdOrCtrl+F'),
        { type: 'separator' },
        command('Add Comment', 'comments.add', 'CmdOrCtrl+Alt+C'),
      ],
    },
    {
      label: '&View',
      submenu: [
        command('Command Palette…', 'quickInput.commands', 'CmdOrCtrl+Shift+P'),
        command('Go to File…', 'quickInput.files', 'CmdOrCtrl+P'),
        { type: 'separator' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'resetZoom' },
        { role: 'togglefullscreen' },
        { role: 'toggleDevTools' },
      ],
    },
    { label: '&Room', submenu: ROOM_MENU.map((entry) => (entry ? command(...entry) : { type: 'separator' })) },
    { role: 'windowMenu' },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}

function fileMenu(command: CommandItem, recent: MenuItemConstructorOptions[]): MenuItemConstructorOptions {
  return {
    label: '&File',
    submenu: [
      command('New File…', 'explorer.newFile'),
      command('New Window', 'window.new', 'CmdOrCtrl+Shift+N'),
      command('Open Folder…', 'workspace.openFolder', 'CmdOrCtrl+O'),
      { label: 'Open Recent', submenu: recent },
      command('Join with a Link…', 'room.join'),
      { type: 'separator' },
      command('Save', 'editor.save', 'CmdOrCtrl+S'),
      command('Reopen Closed Editor', 'editor.reopenClosed', 'CmdOrCtrl+Shift+T'),
      { type: 'separator' },
      command('Invite…', 'room.invite'),
      command('Leave Room', 'room.leave'),
      { type: 'separator' },
      process.platform === 'darwin' ? { role: 'close' } : { role: 'quit' },
    ],
  };
}
