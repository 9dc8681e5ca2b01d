import { PRESENCE_COLOR_COUNT, presenceColorIndex } from '../theme/presence-palette.ts';
import type { OpenRoom } from './open-room.ts';

interface Person {
  readonly subject: string;
  readonly name: string;
}

interface Colored extends Person {
  readonly presenceId: number;
}

/** The colour of somebody who is not in the room. By the name: a browser that was closed comes back as somebody else. */
export function absentColor({ name, subject }: Person): number {
  return presenceColorIndex(name === '' ? subject : name);
}

/**
 * The colours of everybody in a room, self included, by presence id. Each person has the colour of their name; of two who
 * have the same, the later in the alphabet has the next that is free. Every window comes to the same, after restarts, too.
 */
export function participantColors(people: Iterable<Colored>): ReadonlyMap<number, number> {
  const all = [...people];
  const bySubject = new Map<string, number>();
  const taken = new Set<number>();
  // Not in the order of coming: that is another one after every reconnect.
  const inOrder = [...new Map(all.map((person) => [person.subject, person])).values()].sort(compare);
  const displaced = inOrder.filter((person) => {
    const own = absentColor(person);
    if (taken.has(own)) return true;
    taken.add(own);
    bySubject.set(person.subject, own);
    return false;
  });
  // Whoever has their own colour keeps it.
  for (const person of displaced) {
    const color = firstFree(absentColor(person), taken);
    taken.add(color);
    bySubject.set(person.subject, color);
  }
  return new Map(all.map(({ presenceId, subject }) => [presenceId, bySubject.get(subject) ?? 0]));
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

// Not as a language sorts, which is another one on other devices.
function compare(a: Person, b: Person): number {
  const [first, second] = a.name === b.name ? [a.subject, b.subject] : [a.name, b.name];
  return first < second ? -1 : first > second ? 1 : 0;
}

function firstFree(preferred: number, taken: ReadonlySet<number>): number {
  for (let step = 0; step < PRESENCE_COLOR_COUNT; step++) {
    const color = (preferred + step) % PRESENCE_COLOR_COUNT;
    if (!taken.has(color)) return color;
  }
  return preferred;
}
