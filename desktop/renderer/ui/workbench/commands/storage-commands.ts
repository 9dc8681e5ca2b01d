import type { Command } from '../../../commands/index.ts';
import { confirmForget } from '../../storage/forget-room.ts';
import type { WorkbenchServices } from '../workbench-services.ts';

/** Commands about what this device keeps, and its windows. */
export function storageCommands(services: WorkbenchServices): readonly Command[] {
  const { model, state, editorArea } = services;
  const { storage } = model;
  const isOpen = () => model.workspace.state.get().kind === 'open';
  return [
    {
      id: 'window.new',
      title: 'New Window',
      category: 'File',
      keybindings: ['Mod+Shift+N'],
      when: () => storage.canOpenWindows,
      run: async () => state.reportOutcome('No window could be opened.', await storage.openWindow()),
    },
    {
      id: 'room.openUntitled',
      title: 'Open Untitled Room',
      category: 'File',
      when: () => model.workspace.canOpenFolder,
      run: async () => state.reportOutcome('The room could not be opened.', await model.workspace.openUntitled()),
    },
    {
      id: 'room.storage',
      title: 'Show What Is Stored on This Device',
      category: 'Storage',
      run: () => (isOpen() ? editorArea.openStorage() : state.isStorageListed.set(true)),
    },
    {
      id: 'room.forget',
      title: 'Forget This Room…',
      category: 'Room',
      when: () => isOpen() && storage.current.get() !== undefined,
      run: () => {
        const room = storage.current.get();
        if (room) confirmForget(services, room);
      },
    },
  ];
}
