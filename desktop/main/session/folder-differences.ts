import type { MirrorPreview } from '../../ipc/index.ts';
import { terminalText } from '../terminal-text.ts';

const MAX_PATHS = 20;

/** Whether something of the folder could be changed, or would stay out of the room. */
export function hasOwnFiles({ counts }: MirrorPreview): boolean {
  return counts.different + counts.replaced + counts.onlyHere > 0;
}

/** What a folder and a room have, in lines for a terminal. */
export function describeDifferences({
  folder,
  counts,
  different,
  replaced,
  blocked,
  onlyHere,
  onlyInRoom,
}: MirrorPreview): string {
  const lines = [
    `The folder ${folder} and the room are not the same:`,
    ...list('Different', counts.different, pathsOf(different)),
    ...list('Different, and no text', counts.replaced, pathsOf(replaced)),
    ...list('In the room, and cannot come to the folder', counts.blocked, blocked.map(describeReason)),
    ...list('Only in the folder', counts.onlyHere, pathsOf(onlyHere)),
    ...list('Only in the room', counts.onlyInRoom, onlyInRoom),
    `  The same in both: ${counts.same}`,
  ];
  return lines.map(terminalText).join('\n');
}

function pathsOf(files: MirrorPreview['different']): readonly string[] {
  return files.map(({ path }) => path);
}

function describeReason({ path, reason }: MirrorPreview['blocked'][number]): string {
  return `${path}: ${reason}`;
}

function list(heading: string, count: number, paths: readonly string[]): readonly string[] {
  if (count === 0) return [];
  const shown = paths.slice(0, MAX_PATHS);
  const more = count > shown.length ? [`    … and ${count - shown.length} more`] : [];
  return [`  ${heading}: ${count}`, ...shown.map((path) => `    ${path}`), ...more];
}
