import type { Command } from '../../../commands/index.ts';
import type { ThemeSetting } from '../../../theme/theme-setting.ts';
import type { WorkbenchServices } from '../workbench-services.ts';

const THEMES: readonly { readonly setting: ThemeSetting; readonly title: string }[] = [
  { setting: 'dark', title: 'Dark Theme' },
  { setting: 'light', title: 'Light Theme' },
  { setting: 'system', title: "Follow the System's Theme" },
];

/** Commands that change what is shown. */
export function viewCommands({ model, state, explorer }: WorkbenchServices): readonly Command[] {
  const isOpen = () => model.workspace.state.get().kind === 'open';
  return [
    {
      id: 'quickInput.commands',
      title: 'Command Palette…',
      category: 'View',
      keybindings: ['Mod+Shift+P', 'F1'],
      run: () => state.quickInput.set('commands'),
    },
    {
      id: 'quickInput.files',
      title: 'Go to File…',
      category: 'Go',
      keybindings: ['Mod+P'],
      when: isOpen,
      run: () => state.quickInput.set('files'),
    },
    {
      id: 'view.explorer',
      title: 'Explorer',
      category: 'View',
      keybindings: ['Mod+Shift+E'],
      run: () => {
        state.showSideBar('explorer');
        requestAnimationFrame(() => explorer.view.get()?.focus());
      },
    },
    {
      id: 'view.people',
      title: 'People',
      category: 'View',
      keybindings: ['Mod+Shift+M'],
      run: () => state.showSideBar('people'),
    },
    {
      id: 'view.toggleSideBar',
      title: 'Toggle Side Bar',
      category: 'View',
      keybindings: ['Mod+B'],
      run: () => state.isSideBarVisible.set(!state.isSideBarVisible.get()),
    },
    {
      id: 'view.notifications',
      title: 'Show Notifications',
      category: 'View',
      run: () => state.isNotificationListOpen.set(true),
    },
    ...THEMES.map(({ setting, title }) => ({
      id: `theme.${setting}`,
      title,
      category: 'Preferences',
      when: () => model.settings.theme.get() !== setting,
      run: () => model.settings.setTheme(setting),
    })),
  ];
}
