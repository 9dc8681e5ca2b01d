import { describe, expect, it, vi } from 'vitest';
import { meet, textsOf } from '../testing/away-room.ts';
import { AwayPerson } from '../testing/away-person.ts';
import type { RelayUnderTest } from '../testing/relay-under-test.ts';

const FILE = { eol: 'LF', bom: false, kind: 'text' } as const;

/** Ada and Bob have a file hello.c, which Bob alone has open. */
async function haveFile() {
  const room = await meet({ documents: ['index', 'file'], hasAuthors: true });
  const { relay, ada, bob } = room;
  const [fileId = ''] = ada.files.add([{ ...FILE, path: 'hello.c' }]);
  ada.text(fileId).insert(0, 'int main;\n');
  bob.text(fileId);
  await relay.advance(1_000);
  expect(bob.files.findByPath('hello.c')?.fileId).toBe(fileId);
  ada.close(fileId);
  await pass(relay, 120_000);
  return { ...room, fileId };
}

/** Lets time pass as it does while a computer is awake. */
async function pass(relay: RelayUnderTest, durationMs: number): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += 5_000) await relay.advance(5_000);
}

function toldTo(person: AwayPerson) {
  return person.session.away.summary?.changes.map(({ path, list, text, people, listPeople }) => ({
    path,
    list: list?.kind,
    text,
    people: people.map(({ name }) => name),
    listPeople: listPeople.map(({ name }) => name),
  }));
}

describe('somebody edits a file while another deletes it', () => {
  it('offline: both are told, and the text of the edit can be brought back', async () => {
    const { relay, ada, bob, fileId } = await haveFile();
    bob.cut();
    await pass(relay, 60_000);
    bob.text(fileId).insert(0, 'edited ');
    ada.files.remove([fileId]);
    await pass(relay, 60_000);
    expect(toldTo(ada)).toBeUndefined();
    await bob.reach();
    await relay.advance(12_000);
    expect(toldTo(bob)).toEqual([
      { path: 'hello.c', list: 'deleted', text: 'both', people: [], listPeople: ['Name of ada'] },
    ]);
    expect((await textsOf(bob, fileId)).mine).toBe('edited int main;\n');
    expect(toldTo(ada)).toEqual([
      { path: 'hello.c', list: 'removed', text: 'unread', people: ['Name of bob'], listPeople: [] },
    ]);
    const reading = textsOf(ada, fileId);
    await relay.advance(1_000);
    expect(await reading).toMatchObject({ base: 'int main;\n', now: 'edited int main;\n' });
    expect(toldTo(ada)).toMatchObject([{ list: 'removed', text: 'theirs' }]);
    ada.files.add([{ ...FILE, fileId, path: 'hello.c' }]);
    await relay.advance(1_000);
    expect(bob.files.get(fileId)?.path).toBe('hello.c');
    ada.text(fileId);
    await relay.advance(1_000);
    expect(ada.text(fileId).toString()).toBe('edited int main;\n');
  });

  it('and whoever deleted it was offline, and ended Tutti meanwhile', async () => {
    const { relay, ada, bob, fileId } = await haveFile();
    ada.cut();
    await pass(relay, 60_000);
    ada.files.remove([fileId]);
    bob.text(fileId).insert(0, 'edited ');
    await relay.advance(1_000);
    await ada.quit();
    await pass(relay, 60_000);
    await ada.begin();
    await relay.advance(12_000);
    expect(toldTo(ada)).toMatchObject([{ path: 'hello.c', list: 'removed', people: ['Name of bob'] }]);
  });

  it.each([
    ['stays, and is back later', 8_000],
    ['ends, and is back later', 8_000],
    ['stays, and is back first', -8_000],
    ['stays, and is back long before', -15_000],
  ])('and who edited it %s than whoever deleted it', async (how, laterMs) => {
    const { relay, ada, bob, fileId, authors } = await haveFile();
    const documents = ['index', 'file'];
    const cleo = new AwayPerson({ relay, name: 'cleo', documents, ...(authors ? { authors } : {}) });
    await pass(relay, 60_000);
    for (const person of [ada, bob, cleo]) {
      person.cut();
      await relay.advance(20);
    }
    await pass(relay, 20_000);
    bob.text(fileId).insert(0, 'edited ');
    cleo.files.remove([fileId]);
    await pass(relay, 5_000);
    const isEnded = how.startsWith('ends');
    if (isEnded) await bob.quit();
    const comesBack = () => (isEnded ? bob.begin() : bob.reach());
    await ada.reach();
    await (laterMs > 0 ? cleo.reach() : comesBack());
    await pass(relay, Math.abs(laterMs));
    await (laterMs > 0 ? comesBack() : cleo.reach());
    await pass(relay, 60_000);
    expect(toldTo(bob)).toEqual([
      { path: 'hello.c', list: 'deleted', text: 'both', people: [], listPeople: ['Name of cleo'] },
    ]);
    expect(bob.session.away.summary?.ownCount).toBe(0);
    expect((await textsOf(bob, fileId)).mine).toBe('edited int main;\n');
    expect(toldTo(cleo)).toMatchObject([{ list: 'removed', people: ['Name of bob'] }]);
  });

  it.each([
    ['for long', 400_000],
    ['since a short time ago', 100_000],
  ])('and the text was never on the device of whoever deleted it, though it was there %s', async (_, ageMs) => {
    const { relay, ada, bob } = await meet({ documents: ['index', 'file'], hasAuthors: true });
    await pass(relay, 400_000);
    const [fileId = ''] = bob.files.add([{ ...FILE, path: 'plan.md' }]);
    bob.text(fileId).insert(0, 'the plan\n');
    await pass(relay, ageMs);
    expect(ada.files.get(fileId)).toBeDefined();
    ada.cut();
    bob.cut();
    await pass(relay, 120_000);
    ada.files.remove([fileId]);
    bob.text(fileId).insert(0, 'edited ');
    await pass(relay, 5_000);
    await ada.reach();
    await pass(relay, 30_000);
    expect(toldTo(ada)).toBeUndefined();
    await bob.reach();
    await relay.advance(12_000);
    expect(toldTo(bob)).toMatchObject([{ list: 'deleted', text: 'both', listPeople: ['Name of ada'] }]);
    expect(toldTo(ada)).toMatchObject([{ path: 'plan.md', list: 'removed', people: ['Name of bob'] }]);
    const reading = textsOf(ada, fileId);
    await relay.advance(1_000);
    expect((await reading).now).toBe('edited the plan\n');
  });

  it('and somebody deletes many one by one that were never open there: of whom edited one before nothing is told', async () => {
    const { relay, ada, bob } = await meet({ documents: ['index', 'file'], hasAuthors: true });
    await pass(relay, 30_000);
    const paths = Array.from({ length: 8 }, (_, number) => `file-${number}.txt`);
    const fileIds = bob.files.add(paths.map((path) => ({ ...FILE, path })));
    for (const fileId of fileIds) bob.text(fileId).insert(0, 'by Bob\n');
    await pass(relay, 20_000);
    for (const fileId of fileIds) {
      ada.files.remove([fileId]);
      await relay.advance(200);
    }
    await pass(relay, 20_000);
    expect(toldTo(ada)).toBeUndefined();
    const [last = ''] = fileIds.toReversed();
    bob.text(last).insert(0, 'edited since ');
    await pass(relay, 5_000);
    bob.cut();
    await pass(relay, 5_000);
    await bob.reach();
    await pass(relay, 15_000);
    expect(toldTo(ada)).toMatchObject([{ path: paths.at(-1), list: 'removed', people: ['Name of bob'] }]);
  });

  it('and nobody edits what somebody deletes: nothing is told of it', async () => {
    const { relay, ada, bob, fileId } = await haveFile();
    bob.text(fileId).insert(0, 'before ');
    await pass(relay, 120_000);
    ada.text(fileId).insert(0, 'own ');
    await relay.advance(5_000);
    ada.close(fileId);
    bob.text(fileId).insert(0, 'seen by nobody ');
    await relay.advance(5_000);
    ada.files.remove([fileId]);
    await relay.advance(5_000);
    bob.cut();
    await relay.advance(5_000);
    await bob.reach();
    await relay.advance(12_000);
    expect(toldTo(ada)).toBeUndefined();
  });
});

describe('what is told of the list of files', () => {
  it('names who changed it, as the relay knows it', async () => {
    const { relay, ada, bob } = await meet({ documents: ['index', 'file'], hasAuthors: true });
    const [renamed = '', deleted = ''] = ada.files.add(['a.txt', 'b.txt'].map((path) => ({ ...FILE, path })));
    await pass(relay, 120_000);
    bob.cut();
    await pass(relay, 60_000);
    ada.files.update(renamed, { path: 'c.txt' });
    ada.files.remove([deleted]);
    ada.files.add([{ ...FILE, path: 'new.txt' }]);
    await relay.advance(5_000);
    await bob.quit();
    await bob.begin();
    await relay.advance(3_000);
    expect(toldTo(bob)?.map(({ path, list, listPeople }) => [path, list, listPeople])).toEqual([
      ['b.txt', 'deleted', ['Name of ada']],
      ['c.txt', 'renamed', ['Name of ada']],
      ['new.txt', 'created', ['Name of ada']],
    ]);
  });

  it.each([
    ['before the others', true],
    ['after the others', false],
  ])('names who deleted a file where several people changed the list, to who comes back %s', async (_, isFirst) => {
    const { relay, ada, bob, authors } = await meet({ documents: ['index', 'file'], hasAuthors: true });
    const cleo = new AwayPerson({ relay, name: 'cleo', documents: ['index'], ...(authors && { authors }) });
    const [old = '', byCleo = '', byAda = ''] = ada.files.add(
      ['old.txt', 'plan.md', 'todo.md'].map((path) => ({ ...FILE, path })),
    );
    await pass(relay, 120_000);
    ada.files.remove([old]);
    await pass(relay, 120_000);
    for (const person of [ada, bob, cleo]) person.cut();
    await pass(relay, 60_000);
    cleo.files.remove([byCleo]);
    cleo.files.add([{ ...FILE, path: 'of-cleo.txt' }]);
    ada.files.add([{ ...FILE, path: 'of-ada.txt' }]);
    ada.files.remove([byAda]);
    await pass(relay, 5_000);
    const told = () => toldTo(bob)?.map(({ path, listPeople }) => [path, ...listPeople]);
    if (isFirst) await bob.reach();
    await cleo.quit();
    await cleo.begin();
    await ada.reach();
    await pass(relay, 10_000);
    if (!isFirst) await bob.reach();
    await pass(relay, 10_000);
    expect(told()).toEqual([
      ['of-ada.txt', 'Name of ada'],
      ['of-cleo.txt', 'Name of cleo'],
      ['plan.md', 'Name of cleo'],
      ['todo.md', 'Name of ada'],
    ]);
  });

  it('names them once the relay tells, when it could not at first', async () => {
    const { relay, ada, bob, authors } = await meet({ documents: ['index', 'file'], hasAuthors: true });
    if (!authors) throw new Error('the relay tells');
    const [fileId = ''] = ada.files.add([{ ...FILE, path: 'plan.md' }]);
    await pass(relay, 5_000);
    bob.cut();
    await pass(relay, 5_000);
    ada.files.remove([fileId]);
    await relay.advance(1_000);
    const refusal = { ok: false, explanation: 'not now', isTransient: true } as const;
    vi.spyOn(authors, 'read').mockResolvedValueOnce(refusal).mockResolvedValueOnce(refusal);
    await bob.reach();
    await relay.advance(1_000);
    expect(toldTo(bob)).toMatchObject([{ path: 'plan.md', listPeople: [] }]);
    await pass(relay, 15_000);
    expect(toldTo(bob)).toMatchObject([{ path: 'plan.md', listPeople: ['Name of ada'] }]);
  });

  it('follows the list as it is: a file that came back under its path is not deleted, and one path has one entry', async () => {
    const { relay, ada, bob } = await meet({ documents: ['index', 'file'], hasAuthors: true });
    const [back = '', picture = ''] = ada.files.add([
      { ...FILE, path: 'lib.ts' },
      { ...FILE, kind: 'binary', path: 'data' },
    ]);
    await pass(relay, 60_000);
    bob.cut();
    await relay.advance(5_000);
    ada.files.remove([back, picture]);
    ada.files.add([{ ...FILE, path: 'data' }]);
    await relay.advance(5_000);
    await bob.reach();
    await relay.advance(5_000);
    const told = () => toldTo(bob)?.map(({ path, list }) => [path, list]);
    expect(told()).toEqual([
      ['data', 'replaced'],
      ['lib.ts', 'deleted'],
    ]);
    ada.files.add([{ ...FILE, path: 'lib.ts' }]);
    await relay.advance(2_000);
    expect(told()).toEqual([['data', 'replaced']]);
  });

  it('is told by the absence that it is of', async () => {
    const { relay, ada, bob } = await meet({ documents: ['index', 'file', 'other'] });
    for (const name of ['file', 'other']) {
      bob.cut();
      await pass(relay, 60_000);
      ada.text(name).insert(0, 'theirs\n');
      await relay.advance(1_000);
      ada.files.add([{ ...FILE, fileId: name, path: `${name}.txt` }]);
      await bob.reach();
      await pass(relay, 120_000);
    }
    const { changes = [], returnNumber } = bob.session.away.summary ?? {};
    expect([changes.map(({ fileId, returnNumber: of }) => [fileId, of]), returnNumber]).toEqual([
      [
        ['other', 2],
        ['file', 1],
      ],
      2,
    ]);
  });
});
