import { expect } from 'vitest';
import type { ChangeAuthors } from '../../shared/sync/index.ts';
import { readChanges, readRoomChanges } from '../history/read-changes.ts';
import { AwayPerson, type AwayPersonOptions } from './away-person.ts';
import { RelayUnderTest } from './relay-under-test.ts';

const ROOM = { tenant: 'default', room: 'room' };

/** What the relay's HTTP interface answers. */
function createAuthors(
  relay: RelayUnderTest,
  whenAsked = () => Promise.resolve(),
  isBusy = (): boolean => false,
): ChangeAuthors {
  const refusal = { ok: false, explanation: 'no', isTransient: false } as const;
  return {
    async read(since) {
      await whenAsked();
      if (isBusy()) return { ...refusal, isTransient: true };
      const outcome = await readChanges(relay.log, ROOM, since);
      return outcome.kind === 'changes' ? { ok: true, value: outcome.changes } : refusal;
    },
    async readAll(wanted) {
      await whenAsked();
      const { documents } = await readRoomChanges(relay.log, ROOM, wanted);
      return { ok: true, value: documents };
    },
  };
}

/** Ada and Bob, who have the same text; Bob is the one who goes away. */
export async function meet({
  hasAuthors,
  whenAsked,
  isBusy,
  ...given
}: Partial<AwayPersonOptions> & {
  readonly hasAuthors?: boolean;
  /** The relay tells who it was once this resolves. */
  readonly whenAsked?: () => Promise<void>;
  /** The relay does not tell what was done in one document while this is so. */
  readonly isBusy?: () => boolean;
} = {}) {
  const relay = new RelayUnderTest();
  const options = hasAuthors ? { ...given, authors: createAuthors(relay, whenAsked, isBusy) } : given;
  const ada = new AwayPerson({ relay, name: 'ada', ...options });
  const bob = new AwayPerson({ relay, name: 'bob', ...options });
  await relay.advance(100);
  ada.text().insert(0, 'one\ntwo\nthree\n');
  await relay.advance(1_000);
  expect(bob.text().toString()).toBe('one\ntwo\nthree\n');
  return { relay, ada, bob, authors: options.authors };
}

/** Time for everything that follows from what has happened, one after the other. */
export async function rest({ relay }: { readonly relay: RelayUnderTest }): Promise<void> {
  for (let step = 0; step < 20; step++) await relay.advance(200);
}

/** The texts of one change. Throws when there is none. */
export async function textsOf(person: AwayPerson, fileId = 'file') {
  const answer = await person.session.away.readTexts(fileId);
  if (!answer.ok) throw new Error(answer.explanation);
  return answer.value;
}

/** What somebody is told. */
export function changesOf(person: AwayPerson) {
  return (person.session.away.summary?.changes ?? []).map(({ fileId, list, text }) => ({ fileId, list, text }));
}

export const BY_BOTH = [{ fileId: 'file', list: undefined, text: 'both' }];
export const BY_OTHERS = [{ fileId: 'file', list: undefined, text: 'theirs' }];

/** Both have written into the first line: Bob has told texts of that, and takes back what Ada did. */
export async function expectToldAndUndone({
  relay,
  ada,
  bob,
}: Pick<Awaited<ReturnType<typeof meet>>, 'relay' | 'ada' | 'bob'>) {
  const { base, mine, theirs } = await textsOf(bob);
  expect({ base, mine, theirs }).toEqual({
    base: 'one\ntwo\nthree\n',
    mine: 'one by Bob\ntwo\nthree\n',
    theirs: 'one by Ada\ntwo\nthree\n',
  });
  expect(await bob.session.away.act('file', 'undo-theirs')).toBeUndefined();
  await relay.advance(1_000);
  expect(ada.text().toString()).toBe('one by Bob\ntwo\nthree\n');
}
