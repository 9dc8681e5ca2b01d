import type { Command } from '../../../commands/index.ts';
import type { AwayFileView } from '../../away-model.ts';
import {
  bringBack,
  type PossibleActions,
  possibleActions,
  restoreUndone,
  showChange,
  undoMine,
  undoTheirs,
} from '../../changes/change-actions.ts';
import type { WorkbenchServices } from '../workbench-services.ts';

/** Commands about what others changed while self was away. */
export function changesCommands(services: WorkbenchServices): readonly Command[] {
  const { model, state } = services;
  return [
    {
      id: 'view.changes',
      title: 'Changes',
      category: 'View',
      keybindings: ['Mod+Shift+G'],
      run: () => state.showSideBar('changes'),
    },
    {
      id: 'changes.keepAll',
      title: 'Keep All Changes',
      category: 'Changes',
      when: () => model.away.summary.get() !== undefined,
      run: () => model.away.keepAll(),
    },
    ...fileCommands(services),
    ...overlapCommands(services),
  ];
}

interface FileCommand {
  readonly id: string;
  readonly title: string;
  readonly can: (possible: PossibleActions, file: AwayFileView) => boolean;
  readonly run: (services: WorkbenchServices, file: AwayFileView) => Promise<void> | void;
}

/** About the file of the active tab, whether it is shown itself or compared. */
const FILE_COMMANDS: readonly FileCommand[] = [
  { id: 'show', title: 'Show What Changed While You Were Away', can: ({ compare }) => compare, run: showChange },
  {
    id: 'keep',
    title: 'Keep the Changes of This File',
    can: () => true,
    run: ({ model }, { fileId }) => model.away.keep(fileId),
  },
  { id: 'undoTheirs', title: 'Undo Theirs in This File', can: (possible) => possible.undoTheirs, run: undoTheirs },
  { id: 'undoMine', title: 'Undo Mine in This File', can: (possible) => possible.undoMine, run: undoMine },
  { id: 'restore', title: 'Restore What You Undid in This File', can: ({ restore }) => restore, run: restoreUndone },
  { id: 'bringBack', title: 'Bring This File Back', can: (possible) => possible.bringBack, run: bringBack },
  {
    id: 'lookedAt',
    title: 'Mark as Looked At',
    can: (_possible, { isLookedAt }) => !isLookedAt,
    run: ({ model }, { fileId }) => model.away.lookedAt(fileId),
  },
];

function fileCommands(services: WorkbenchServices): readonly Command[] {
  const { model, editorArea } = services;
  const changed = () => {
    const fileId = editorArea.activeFileId.get() ?? editorArea.activeChangeId.get();
    return model.away.summary.get()?.files.find((file) => file.fileId === fileId);
  };
  return FILE_COMMANDS.map(({ id, title, can, run }) => ({
    id: `changes.${id}`,
    title,
    category: 'Changes',
    when: () => {
      const file = changed();
      return file !== undefined && can(possibleActions(file), file);
    },
    run: () => {
      const file = changed();
      return file && run(services, file);
    },
  }));
}

function overlapCommands({ model, editorArea }: WorkbenchServices): readonly Command[] {
  const hasOverlaps = () => {
    const fileId = editorArea.activeFileId.get();
    const file = model.away.summary.get()?.files.find((changed) => changed.fileId === fileId);
    return file !== undefined && file.overlapCount > 0 && !file.isLookedAt;
  };
  return [
    {
      id: 'changes.nextOverlap',
      title: 'Go to Next Overlapping Edit',
      category: 'Changes',
      keybindings: ['Alt+F5'],
      when: hasOverlaps,
      run: () => editorArea.activeEditor.get()?.revealOverlap('next'),
    },
    {
      id: 'changes.previousOverlap',
      title: 'Go to Previous Overlapping Edit',
      category: 'Changes',
      keybindings: ['Shift+Alt+F5'],
      when: hasOverlaps,
      run: () => editorArea.activeEditor.get()?.revealOverlap('previous'),
    },
  ];
}
