import { PRESENCE_COLOR_COUNT, presenceColorIndex } from '../theme/presence-palette.ts';
import type { OpenRoom } from './open-room.ts';

interface Colored {
  readonly presenceId: number;
  readonly subject: string;
}

/**
 * The colours of everybody in a room, self included, by presence id. Each person has the colour of their subject unless
 * somebody who came before has it; then the next that is free. Every window comes to the same.
 */
export function participantColors(people: Iterable<Colored>): ReadonlyMap<number, number> {
  const colors = new Map<number, number>();
  const bySubject = new Map<string, number>();
  const inOrder = [...people].toSorted((a, b) => a.presenceId - b.presenceId);
  for (const { presenceId, subject } of inOrder) {
    const color = bySubject.get(subject) ?? firstFree(presenceColorIndex(subject), new Set(bySubject.values()));
    bySubject.set(subject, color);
    colors.set(presenceId, color);
  }
  return colors;
}

/** {@link participantColors} of an open room. */
export function colorsInRoom({ session }: OpenRoom): ReadonlyMap<number, number> {
  const { self, participants } = session;
  return participantColors(self ? [self, ...participants.values()] : participants.values());
}

/** The colours of those who are in an open room, by subject. */
export function colorsBySubject(room: OpenRoom): ReadonlyMap<string, number> {
  const { self, participants } = room.session;
  const colors = colorsInRoom(room);
  const people = self ? [self, ...participants.values()] : [...participants.values()];
  return new Map(people.map(({ subject, presenceId }) => [subject, colors.get(presenceId) ?? 0]));
}

function firstFree(preferred: number, taken: ReadonlySet<number>): number {
  for (let step = 0; step < PRESENCE_COLOR_COUNT; step++) {
    const color = (preferred + step) % PRESENCE_COLOR_COUNT;
    if (!taken.has(color)) return color;
  }
  return preferred;
}
