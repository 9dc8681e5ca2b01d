import type { Command } from '../../../commands/index.ts';
import type { EditorArea } from '../../editors/editor-area.ts';
import type { EditorAction } from '../../workbench-model.ts';
import type { WorkbenchServices } from '../workbench-services.ts';

interface ActionCommand {
  readonly id: string;
  readonly title: string;
  readonly action: EditorAction;
  readonly keybindings?: readonly string[];
}

// Keys that the editor itself handles are not listed here, so that they stay with inputs elsewhere.
const ACTIONS: readonly ActionCommand[] = [
  { id: 'editor.undo', title: 'Undo', action: 'undo' },
  { id: 'editor.redo', title: 'Redo', action: 'redo' },
  { id: 'editor.find', title: 'Find', action: 'find', keybindings: ['Mod+F'] },
  { id: 'editor.replace', title: 'Replace', action: 'replace', keybindings: ['Mod+H'] },
  { id: 'editor.goToLine', title: 'Go to Line/Column…', action: 'go-to-line', keybindings: ['Ctrl+G'] },
  { id: 'editor.selectAll', title: 'Select All', action: 'select-all' },
];

/** Commands of editors and their tabs. */
export function editorCommands({ editorArea, model }: WorkbenchServices): readonly Command[] {
  // Browsers keep Ctrl+W for themselves.
  const closeKeys = model.platform.host === 'browser' ? ['Alt+W'] : ['Mod+W', 'Ctrl+F4'];
  const hasTab = () => editorArea.hasPanels;
  return [
    ...actionCommands(editorArea),
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

function actionCommands(editorArea: EditorArea): readonly Command[] {
  const hasEditor = () => editorArea.activeEditor.get() !== undefined;
  return ACTIONS.map(({ id, title, action, keybindings }) => ({
    id,
    title,
    category: 'Edit',
    ...(keybindings && { keybindings }),
    when: hasEditor,
    run: () => {
      editorArea.focusActive();
      editorArea.activeEditor.get()?.run(action);
    },
  }));
}
