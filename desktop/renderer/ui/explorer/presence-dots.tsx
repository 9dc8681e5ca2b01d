import type { ReactElement } from 'react';
import { presenceColor } from '../../theme/presence-palette.ts';
import type { ParticipantView } from '../workbench-model.ts';

const MAX_DOTS = 3;

/** Who else is in a file. */
export function PresenceDots({ people }: { readonly people: readonly ParticipantView[] }): ReactElement | null {
  if (people.length === 0) return null;
  const names = people.map(({ name }) => name).join(', ');
  return (
    <span className="presence-dots" role="img" title={names} aria-label={`Here: ${names}`}>
      {people.slice(0, MAX_DOTS).map(({ presenceId, colorIndex }) => (
        <span key={presenceId} className="presence-dot" style={{ backgroundColor: presenceColor(colorIndex) }} />
      ))}
      {people.length > MAX_DOTS && <span className="presence-more">+{people.length - MAX_DOTS}</span>}
    </span>
  );
}

/** Others by the file they are in. */
export function othersByFile(
  participants: readonly ParticipantView[],
): ReadonlyMap<string, readonly ParticipantView[]> {
  const byFile = new Map<string, ParticipantView[]>();
  for (const person of participants) {
    if (person.isSelf || person.fileId === undefined) continue;
    byFile.set(person.fileId, [...(byFile.get(person.fileId) ?? []), person]);
  }
  return byFile;
}
