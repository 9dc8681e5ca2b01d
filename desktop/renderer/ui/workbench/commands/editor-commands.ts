import type { Command } from '../../../commands/index.ts';
import { saveMark } from '../../editors/save-mark.ts';
import type { EditorAction } from '../../workbench-model.ts';
import { filesById } from '../use-file.ts';
import type { WorkbenchServices } from '../workbench-services.ts';
import { listedFiles } from '../workspace-files.ts';

interface ActionCommand {
  readonly id: string;
  /** Changes the text: nothing for whoever may only read. */
  readonly isEdit?: boolean;
  readonly title: string;
  readonly action: EditorAction;
  readonly keybindings?: readonly string[];
  readonly keyHint?: string;
}

// Keys that the editor itself handles are not listed here, so that they stay with inputs elsewhere.
const ACTIONS: readonly ActionCommand[] = [
  { id: 'editor.undo', title: 'Undo', action: 'undo', isEdit: true, keyHint: 'Mod+Z' },
  { id: 'editor.redo', title: 'Redo', action: 'redo', isEdit: true },
  { id: 'editor.find', title: 'Find', action: 'find', keybindings: ['Mod+F'] },
  { id: 'editor.replace', title: 'Replace', action: 'replace', isEdit: true, keybindings: ['Mod+H'] },
  { id: 'editor.goToLine', title: 'Go to Line/Column…', action: 'go-to-line', keybindings: ['Ctrl+G'] },
  { id: 'editor.selectAll', title: 'Select All', action: 'select-all', keyHint: 'Mod+A' },
];

/** Commands of editors and their tabs. */
export function editorCommands(services: WorkbenchServices): readonly Command[] {
  return [...actionCommands(services), ...tabCommands(services), ...navigationCommands(services)];
}

function tabCommands(services: WorkbenchServices): readonly Command[] {
  const { editorArea, model } = services;
  // Browsers keep Ctrl+W and Ctrl+Shift+T for themselves.
  const isBrowser = model.platform.host === 'browser';
  const closeKeys = isBrowser ? ['Alt+W'] : ['Mod+W', 'Ctrl+F4'];
  const hasTab = () => editorArea.hasPanels;
  return [
    {
      id: 'editor.save',
      title: 'Save',
      category: 'File',
      keybindings: ['Mod+S'],
      when: hasTab,
      run: () => sayThatEditsAreSaved(services),
    },
    {
      id: 'editor.reopenClosed',
      title: 'Reopen Closed Editor',
      category: 'View',
      keybindings: [isBrowser ? 'Alt+Shift+T' : 'Mod+Shift+T'],
      when: () => editorArea.closedFileIds.get().length > 0,
      run: () => editorArea.reopenClosed((fileId) => filesById(listedFiles(model.workspace.state.get())).has(fileId)),
    },
    {
      id: 'editor.close',
      title: 'Close Editor',
      category: 'View',
      keybindings: closeKeys,
      when: hasTab,
      run: () => editorArea.closeActive(),
    },
    {
      id: 'editor.closeOthers',
      title: 'Close Others',
      category: 'View',
      when: hasTab,
      run: () => editorArea.closeOthers(),
    },
    { id: 'editor.closeAll', title: 'Close All', category: 'View', when: hasTab, run: () => editorArea.closeAll() },
    {
      id: 'editor.split',
      title: 'Split Editor Right',
      category: 'View',
      keybindings: ['Mod+\\'],
      when: hasTab,
      run: () => editorArea.splitActive(),
    },
  ];
}

function navigationCommands({ editorArea }: WorkbenchServices): readonly Command[] {
  const hasTab = () => editorArea.hasPanels;
  return [
    {
      id: 'editor.next',
      title: 'Next Editor',
      category: 'View',
      keybindings: ['Ctrl+PageDown', 'Ctrl+Tab'],
      when: hasTab,
      run: () => editorArea.activateNeighbour('next'),
    },
    {
      id: 'editor.previous',
      title: 'Previous Editor',
      category: 'View',
      keybindings: ['Ctrl+PageUp', 'Ctrl+Shift+Tab'],
      when: hasTab,
      run: () => editorArea.activateNeighbour('previous'),
    },
    {
      id: 'editor.nextGroup',
      title: 'Focus Next Group',
      category: 'View',
      when: hasTab,
      run: () => editorArea.focusNextGroup(),
    },
  ];
}

/** There is nothing to save by hand; whoever presses the key is told so. */
function sayThatEditsAreSaved({ editorArea, model, state }: WorkbenchServices): void {
  const fileId = editorArea.activeFileId.get();
  if (fileId === undefined) return;
  const { saveState, readOnlyReason } = model.editors.fileState(fileId).get();
  if (readOnlyReason !== undefined) state.showMessage('Nothing to save: read-only', model.scheduler);
  else if (saveState?.kind === 'refused') state.showMessage(saveMark(saveState).description, model.scheduler);
  else state.showMessage('Saved as you type', model.scheduler);
}

function actionCommands({ editorArea, model }: WorkbenchServices): readonly Command[] {
  const hasEditor = () => editorArea.activeEditor.get() !== undefined;
  const mayType = () => {
    const fileId = editorArea.activeFileId.get();
    return fileId !== undefined && model.editors.fileState(fileId).get().readOnlyReason === undefined;
  };
  const redoKey = model.platform.os === 'mac' ? 'Mod+Shift+Z' : 'Mod+Y';
  return ACTIONS.map(({ id, title, action, isEdit = false, keybindings, keyHint }) => ({
    id,
    title,
    category: 'Edit',
    ...(keybindings && { keybindings }),
    ...(keyHint !== undefined && { keyHint }),
    ...(action === 'redo' && { keyHint: redoKey }),
    when: () => hasEditor() && (!isEdit || mayType()),
    run: () => {
      editorArea.focusActive();
      editorArea.activeEditor.get()?.run(action);
    },
  }));
}
