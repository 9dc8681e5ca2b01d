import type { Command } from '../../../commands/index.ts';
import type { WorkbenchServices } from '../workbench-services.ts';

/** Commands about the folder that mirrors the room. */
export function mirrorCommands({ model, state, editorArea }: WorkbenchServices): readonly Command[] {
  const { mirror } = model;
  const isOpen = () => mirror.canMirror && model.workspace.state.get().kind === 'open';
  const current = () => mirror.state.get();
  const isRunning = () => isOpen() && (current().kind === 'running' || current().kind === 'failed');
  return [
    {
      id: 'room.mirror',
      title: 'Mirror to Folder…',
      category: 'Room',
      when: isOpen,
      run: async () => state.reportOutcome('The room is not mirrored to that folder.', await mirror.chooseFolder()),
    },
    {
      id: 'mirror.show',
      title: 'Show Mirrored Folder',
      category: 'Room',
      when: isOpen,
      run: () => editorArea.openMirror(),
    },
    {
      id: 'mirror.review',
      title: 'Review What Is Kept on This Device…',
      category: 'Room',
      when: () => {
        const shown = current();
        return isOpen() && shown.kind === 'running' && shown.heldCount > 0;
      },
      run: async () => state.reportOutcome('The folder could not be compared.', await mirror.review()),
    },
    {
      id: 'mirror.stop',
      title: 'Stop Mirroring',
      category: 'Room',
      when: isRunning,
      run: async () => state.reportOutcome('The folder is still mirrored.', await mirror.stop()),
    },
    {
      id: 'mirror.showBackup',
      title: 'Show Backup',
      category: 'Room',
      when: isOpen,
      run: async () => state.reportOutcome('There is no backup to show.', await mirror.reveal('backup')),
    },
    {
      id: 'mirror.showFolder',
      title: 'Show Folder in the File Manager',
      category: 'Room',
      when: isRunning,
      run: async () => state.reportOutcome('There is no folder to show.', await mirror.reveal('folder')),
    },
  ];
}
