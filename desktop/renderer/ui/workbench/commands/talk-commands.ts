import type { Command } from '../../../commands/index.ts';
import type { WorkbenchServices } from '../workbench-services.ts';

/** Commands to talk: the chat, and comments on files. */
export function talkCommands({ model, state, editorArea }: WorkbenchServices): readonly Command[] {
  const hasEditor = () => editorArea.activeEditor.get() !== undefined;
  const hasThreads = () => hasEditor() && model.comments.threads.get().length > 0;
  return [
    {
      id: 'view.chat',
      title: 'Chat',
      category: 'View',
      run: () => state.showSideBar('chat'),
    },
    {
      id: 'view.comments',
      title: 'Comments',
      category: 'View',
      run: () => state.showSideBar('comments'),
    },
    {
      id: 'comments.add',
      title: 'Add Comment',
      category: 'Comments',
      keybindings: ['Mod+Alt+C'],
      when: hasEditor,
      run: () => {
        const outcome = editorArea.activeEditor.get()?.startComment();
        if (outcome) state.reportOutcome('No comment can be added.', outcome);
      },
    },
    {
      id: 'comments.next',
      title: 'Go to Next Comment',
      category: 'Comments',
      keybindings: ['Alt+F9'],
      when: hasThreads,
      run: () => editorArea.activeEditor.get()?.revealNeighbour('next'),
    },
    {
      id: 'comments.previous',
      title: 'Go to Previous Comment',
      category: 'Comments',
      keybindings: ['Shift+Alt+F9'],
      when: hasThreads,
      run: () => editorArea.activeEditor.get()?.revealNeighbour('previous'),
    },
  ];
}
