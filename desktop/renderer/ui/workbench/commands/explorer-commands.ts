import type { Command } from '../../../commands/index.ts';
import { confirmDelete } from '../../explorer/explorer-actions.ts';
import { filesById } from '../use-file.ts';
import type { WorkbenchServices } from '../workbench-services.ts';
import { canEditFiles, listedFiles } from '../workspace-files.ts';

/** Commands of the explorer, and of the folder that is open. */
export function explorerCommands(services: WorkbenchServices): readonly Command[] {
  return [...editingCommands(services), ...navigationCommands(services)];
}

function editingCommands(services: WorkbenchServices): readonly Command[] {
  const { model, explorer, state } = services;
  const canEdit = () => canEditFiles(model.workspace.state.get());
  const focused = () => explorer.focused.get();
  const startNew = (kind: 'new-file' | 'new-folder') => {
    state.showSideBar('explorer');
    explorer.edit.set({ kind, parentPath: explorer.folderForNew.get() });
  };
  return [
    { id: 'explorer.newFile', title: 'New File…', category: 'File', when: canEdit, run: () => startNew('new-file') },
    {
      id: 'explorer.newFolder',
      title: 'New Folder…',
      category: 'File',
      when: canEdit,
      run: () => startNew('new-folder'),
    },
    {
      id: 'explorer.rename',
      title: 'Rename…',
      category: 'File',
      keyHint: 'F2',
      when: () => canEdit() && focused() !== undefined,
      run: () => {
        const target = focused();
        if (target) explorer.edit.set({ kind: 'rename', nodeId: target.nodeId });
      },
    },
    {
      id: 'explorer.delete',
      title: 'Delete…',
      category: 'File',
      keyHint: 'Delete',
      when: () => canEdit() && explorer.targets.get().length > 0,
      run: () => confirmDelete(services, explorer.targets.get()),
    },
    {
      id: 'workspace.openFolder',
      title: 'Open Folder…',
      category: 'File',
      keybindings: ['Mod+O'],
      when: () => model.workspace.canOpenFolder,
      run: async () => state.reportOutcome('The folder could not be opened.', await model.workspace.openFolder()),
    },
  ];
}

function navigationCommands({ model, explorer, state, editorArea }: WorkbenchServices): readonly Command[] {
  const focused = () => explorer.focused.get();
  const activePath = () =>
    filesById(listedFiles(model.workspace.state.get())).get(editorArea.activeFileId.get() ?? '')?.path;
  return [
    {
      id: 'explorer.openToSide',
      title: 'Open to the Side',
      isHidden: true,
      when: () => focused()?.isFolder === false,
      run: () => {
        const [file] = focused()?.files ?? [];
        if (file) editorArea.openFile(file.fileId, { toSide: true });
      },
    },
    {
      id: 'explorer.copyPath',
      title: 'Copy Relative Path',
      isHidden: true,
      when: () => focused() !== undefined,
      run: async () => {
        try {
          await navigator.clipboard.writeText(focused()?.path ?? '');
        } catch {
          state.reportOutcome('The path could not be copied.', {
            ok: false,
            explanation: 'The clipboard is not available.',
          });
        }
      },
    },
    {
      id: 'explorer.collapseAll',
      title: 'Collapse Folders',
      category: 'Explorer',
      run: () => explorer.view.get()?.collapseAll(),
    },
    {
      id: 'explorer.revealActive',
      title: 'Reveal in Explorer',
      category: 'Explorer',
      when: () => activePath() !== undefined,
      run: () => {
        const path = activePath();
        state.showSideBar('explorer');
        if (path !== undefined) requestAnimationFrame(() => explorer.view.get()?.reveal(path));
      },
    },
  ];
}
