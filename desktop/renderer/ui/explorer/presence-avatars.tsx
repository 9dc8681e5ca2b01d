import type { ReactElement } from 'react';
import { Avatar } from '../primitives/avatar.tsx';
import { isolate } from '../primitives/quoted-text.tsx';
import type { ParticipantView } from '../workbench-model.ts';

const MAX_AVATARS = 3;

/** Who else is in a file: the same initials as in the list of people, so that nobody takes them for a mark of unsaved edits. */
export function PresenceAvatars({ people }: { readonly people: readonly ParticipantView[] }): ReactElement | null {
  if (people.length === 0) return null;
  const names = people.map(({ name }) => name);
  const title = `Here: ${names.map(isolate).join(', ')}`;
  return (
    <span className="presence-avatars" role="img" title={title} aria-label={`Here: ${names.join(', ')}`}>
      {people.slice(0, MAX_AVATARS).map(({ presenceId, name, colorIndex }) => (
        <Avatar key={presenceId} name={name} colorIndex={colorIndex} size="tiny" />
      ))}
      {people.length > MAX_AVATARS && <span className="presence-more">+{people.length - MAX_AVATARS}</span>}
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
