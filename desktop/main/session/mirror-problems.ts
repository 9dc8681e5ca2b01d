import type { MirrorPreview, MirrorState, ProblemReport } from '../../ipc/index.ts';

export const QUESTION_PROBLEM = 'mirror-question';
export const HELD_PROBLEM = 'mirror-held';

/** What of a mirrored folder stays on this device. */
export type HeldFiles = Pick<
  Extract<MirrorState, { kind: 'running' }>,
  'folder' | 'direction' | 'heldCount' | 'isHeldByChoice'
>;

/** Tells where the folder's own files were copied to. */
export function describeBackup(folder: string, backup: string): ProblemReport {
  return {
    id: 'mirror-backup',
    severity: 'info',
    title: 'Your files were backed up.',
    detail: `What "${folder}" had of its own is in "${backup}" as it was.`,
    command: { id: 'mirror.showBackup', label: 'Show Backup' },
    canRetry: false,
  };
}

/** Tells that nothing happens in a folder until the person has looked at it. */
export function describeQuestion({ folder, counts }: MirrorPreview): ProblemReport {
  const own = counts.onlyHere + counts.different + counts.replaced + counts.tooLarge;
  return {
    id: QUESTION_PROBLEM,
    severity: 'warning',
    title: 'The folder is not mirrored yet.',
    detail: `"${folder}" has ${files(own)} that the room does not have like that. Nothing is changed until you have looked at them.`,
    command: { id: 'mirror.show', label: 'Show' },
    canRetry: false,
  };
}

/** Tells what of the folder is not shared. */
export function describeHeld({ folder, direction, heldCount, isHeldByChoice }: HeldFiles): ProblemReport {
  const base = { id: HELD_PROBLEM, severity: 'info', canRetry: false } as const;
  if (direction === 'both') {
    const isOne = heldCount === 1;
    const why = isHeldByChoice
      ? `You did not share ${isOne ? 'it' : 'them'}`
      : `${isOne ? 'It was' : 'They were'} changed there while you might not write in the room`;
    return {
      ...base,
      title: isOne ? 'One file of the folder is not shared.' : `${heldCount} files of the folder are not shared.`,
      detail: `${why}. Everything else in "${folder}" is, both ways.`,
      command: { id: 'mirror.review', label: 'Review' },
    };
  }
  const title =
    direction === 'texts' ? 'You may not add or remove files in this room.' : 'You may only read this room.';
  const detail = `Changes in "${folder}" stay on this device. When the room has another text for a file, yours is kept beside it.`;
  return { ...base, title, detail };
}

function files(count: number): string {
  return count === 1 ? 'one file' : `${count} files`;
}
