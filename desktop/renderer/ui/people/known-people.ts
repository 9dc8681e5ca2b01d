import type { RoomLink, RoomPerson } from '../../../../shared/sync/administration/index.ts';
import { linkName } from '../access/link-name.ts';
import { describeExactTime, describeTime } from '../access/times.ts';

/** What owners know of the people of a room, and how they tell them apart. */
export class KnownPeople {
  readonly all: readonly RoomPerson[];
  private readonly bySubject: ReadonlyMap<string, RoomPerson>;
  private readonly links: ReadonlyMap<string, RoomLink>;
  private readonly notes: ReadonlyMap<string, string>;

  constructor(people: readonly RoomPerson[], links: readonly RoomLink[]) {
    this.all = people;
    this.bySubject = new Map(people.map((person) => [person.subject, person]));
    this.links = new Map(links.map((link) => [link.linkId, link]));
    this.notes = this.tellApart();
  }

  get(subject: string): RoomPerson | undefined {
    return this.bySubject.get(subject);
  }

  /** The link that somebody came by. */
  linkOf(subject: string): RoomLink | undefined {
    const linkId = this.bySubject.get(subject)?.linkId;
    return linkId === undefined ? undefined : this.links.get(linkId);
  }

  /** Patterns of the paths that somebody is let into; undefined: all. */
  pathsOf(subject: string): readonly string[] | undefined {
    return this.linkOf(subject)?.paths;
  }

  /** What tells somebody apart from others of the same name, such as "by “Reviewers”"; undefined when nobody has it. */
  noteOf(subject: string): string | undefined {
    return this.notes.get(subject);
  }

  /** The name, with {@link noteOf} behind it where that is needed. */
  labelOf(subject: string, name: string): string {
    const note = this.noteOf(subject);
    return note === undefined ? name : `${name} (${note})`;
  }

  private tellApart(): ReadonlyMap<string, string> {
    const notes = new Map<string, string>();
    const byName = new Map<string, RoomPerson[]>();
    for (const person of this.all) {
      const name = comparable(person.name);
      byName.set(name, [...(byName.get(name) ?? []), person]);
    }
    for (const alike of byName.values()) {
      if (alike.length === 1) continue;
      const candidates = [
        alike.map(({ subject }) => this.linkNote(subject)),
        alike.map(({ firstSeenMs }) => `since ${describeTime(firstSeenMs)}`),
        alike.map(({ firstSeenMs }) => `since ${describeExactTime(firstSeenMs)}`),
        alike.map(({ subject }) => `known as ${subject}`),
      ];
      const telling = candidates.find((all) => new Set(all).size === alike.length);
      for (const [index, { subject }] of alike.entries()) notes.set(subject, telling?.[index] ?? subject);
    }
    return notes;
  }

  private linkNote(subject: string): string {
    const link = this.linkOf(subject);
    return link ? `by “${linkName(link)}”` : 'by no link';
  }
}

/** Names that look the same to people who do not look twice. */
function comparable(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}
