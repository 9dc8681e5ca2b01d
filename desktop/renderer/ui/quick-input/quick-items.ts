import { type Command, formatKeybinding, fuzzyMatch, type KeyboardOs, shownKeybinding } from '../../commands/index.ts';
import { fileIcon } from '../explorer/file-icon.ts';
import type { WorkspaceFile } from '../workbench-model.ts';
import type { WorkbenchServices } from '../workbench/workbench-services.ts';
import { baseName, parentPath } from '../workbench/workspace-files.ts';

/** One line of a quick input. */
export interface QuickItem {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly icon: string | undefined;
  readonly keys: string | undefined;
  /** Indexes of the characters of `label` and of `description` that the query found. */
  readonly labelMatches: readonly number[];
  readonly descriptionMatches: readonly number[];
  readonly run: (isToSide: boolean) => void;
}

const MAX_ITEMS = 200;

/** The commands that can run now and that `query` finds, best first, then those that were run from here last, then by name. */
export function findCommands({ commands, model, state }: WorkbenchServices, query: string): readonly QuickItem[] {
  const recent = new Map(state.recentCommandIds.get().map((id, index) => [id, index]));
  const found = commands
    .list()
    .filter(({ id, isHidden }) => !isHidden && commands.isEnabled(id))
    .flatMap((command) => {
      const label = command.category === undefined ? command.title : `${command.category}: ${command.title}`;
      const match = fuzzyMatch(query, label);
      return match ? [{ command, label, match, age: recent.get(command.id) ?? Infinity }] : [];
    });
  found.sort((a, b) => b.match.score - a.match.score || compareAges(a.age, b.age) || a.label.localeCompare(b.label));
  return found.slice(0, MAX_ITEMS).map(({ command, label, match }) => ({
    id: command.id,
    label,
    description: '',
    icon: undefined,
    keys: keysOf(command, model.platform.os),
    labelMatches: match.positions,
    descriptionMatches: [],
    run: () => {
      state.noteCommand(command.id);
      commands.run(command.id);
    },
  }));
}

/** The files that `query` finds in name or path, best first, then those that were active last. */
export function findFiles(
  { editorArea }: WorkbenchServices,
  files: readonly WorkspaceFile[],
  query: string,
): readonly QuickItem[] {
  const recent = new Map(editorArea.recentFileIds.get().map((fileId, index) => [fileId, index]));
  const found = files.flatMap((file) => {
    const match = fuzzyMatch(query, file.path);
    return match ? [{ file, match, age: recent.get(file.fileId) ?? Infinity }] : [];
  });
  found.sort(
    (a, b) => b.match.score - a.match.score || compareAges(a.age, b.age) || a.file.path.localeCompare(b.file.path),
  );
  return found.slice(0, MAX_ITEMS).map(({ file, match }) => {
    const label = baseName(file.path);
    const nameStart = file.path.length - label.length;
    return {
      id: file.fileId,
      label,
      description: parentPath(file.path),
      icon: fileIcon(label, file.kind),
      keys: undefined,
      labelMatches: match.positions.filter((position) => position >= nameStart).map((position) => position - nameStart),
      descriptionMatches: match.positions.filter((position) => position < nameStart - 1),
      run: (isToSide) => editorArea.openFile(file.fileId, { toSide: isToSide }),
    };
  });
}

function keysOf(command: Command, os: KeyboardOs): string | undefined {
  const keybinding = shownKeybinding(command);
  return keybinding === undefined ? undefined : formatKeybinding(keybinding, os);
}

function compareAges(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
