import type { AuditEntry } from '../../../../shared/sync/administration/index.ts';
import type { AccessOverview } from '../access-model.ts';
import type { KnownPeople } from '../people/known-people.ts';
import type { AuditNames } from './audit-text.ts';
import { linkName } from './link-name.ts';

/** What names are made of. */
export interface NameSources {
  /** Those that are shown: who asked to be let in, and who proposed what, is in them. */
  readonly entries: readonly AuditEntry[];
  readonly overview: AccessOverview | undefined;
  readonly people: KnownPeople;
  readonly pathOf: (fileId: string) => string | undefined;
}

/** Knows the links, people and files of a room, who asked to be let in, and who proposed what. */
export function collectAuditNames({ entries, overview, people, pathOf }: NameSources): AuditNames {
  const names = new Map<string, string>();
  for (const { kind, target, actorName, detail } of entries) {
    if (kind === 'join-requested') names.set(target, actorName);
    if (kind === 'proposal-received') names.set(target, `${actorName}: ${pathOf(detail) ?? detail}`);
  }
  for (const link of overview?.links ?? []) names.set(link.linkId, linkName(link));
  for (const { subject, name, sessions } of people.all) {
    for (const id of [subject, ...sessions.map(({ sessionId }) => sessionId)])
      names.set(id, people.labelOf(subject, name));
  }
  return {
    nameOf: (id) => names.get(id) ?? pathOf(id),
    noteOf: (subject) => people.noteOf(subject),
  };
}
