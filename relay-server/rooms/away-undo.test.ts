import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { readFuzzOptions } from '../../shared/testing/fuzz-options.ts';
import { createSeededRandom, type SeededRandom } from '../../shared/testing/seeded-random.ts';
import { AwayPerson } from '../testing/away-person.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

const { seeds, operations } = readFuzzOptions({ seedCount: 12, operations: 12 });
const WORDS = ['fox', ' ', ' fox', 'fox ', '\n', 'x', 'ab', ' ab ', '😀'];

/** People who have the same text, and then lose touch. */
class Apart {
  readonly relay = new RelayUnderTest();
  readonly bob = new AwayPerson({ relay: this.relay, name: 'bob' });
  readonly others: readonly AwayPerson[];

  constructor(others: readonly string[]) {
    this.others = others.map((name) => new AwayPerson({ relay: this.relay, name }));
  }

  get all(): readonly AwayPerson[] {
    return [this.bob, ...this.others];
  }

  async part(base: string): Promise<void> {
    await this.relay.advance(100);
    this.bob.text().insert(0, base);
    await this.relay.advance(1_000);
    for (const person of this.all) person.cut();
    await this.relay.advance(5_000);
  }

  /** What the text would be had Bob done nothing. */
  get withoutBob(): string {
    const merged = new Y.Doc();
    for (const person of this.others) Y.applyUpdate(merged, Y.encodeStateAsUpdate(person.doc('file')));
    const text = merged.getText('content').toString();
    merged.destroy();
    return text;
  }

  async meet(order: readonly AwayPerson[]): Promise<void> {
    for (const person of order) {
      await person.reach();
      await this.relay.advance(500);
    }
    await this.relay.advance(5_000);
    for (const person of this.others) expect(person.text().toString()).toBe(this.bob.text().toString());
  }

  async act(action: 'undo-mine' | 'undo-theirs' | 'restore-undone'): Promise<string | undefined> {
    const problem = await this.bob.session.away.act('file', action);
    await this.relay.advance(1_000);
    for (const person of this.others) expect(person.text().toString()).toBe(this.bob.text().toString());
    return problem;
  }
}

function editAtRandom(text: Y.Text, random: SeededRandom): void {
  const points = [...text.toString()];
  const first = random.below(points.length + 1);
  const at = points.slice(0, first).join('').length;
  const deleted = points.slice(first, first + 1 + random.below(4)).join('').length;
  if (random.chance(0.4) && deleted > 0) text.delete(at, deleted);
  else text.insert(at, random.pick(WORDS));
}

/** Letter by letter. */
function typeIn(text: Y.Text, offset: number, word: string): void {
  for (let index = 0; index < word.length; index++) text.insert(offset + index, word.charAt(index));
}

type Between = (apart: Apart) => Promise<void>;

const BETWEEN: readonly (readonly [what: string, between: Between])[] = [
  ['at once', async () => undefined],
  [
    'after a start of the engine without the relay',
    async ({ bob }) => {
      bob.crash();
      await bob.begin(false);
    },
  ],
];

describe('edits of two people at one place', () => {
  it.each(BETWEEN.flatMap(([what, between]) => [1, -1].map((order) => ({ what, between, order }))))(
    'leave each space with whose it is when one takes theirs back, $what, in order $order',
    async ({ between, order }) => {
      const apart = new Apart(['cleo']);
      const [cleo] = apart.others;
      await apart.part('The quick brown fox jumps');
      // Of two that write at one place, the text of the lower number comes first.
      apart.bob.doc('file').clientID = 2_000_000;
      if (cleo) cleo.doc('file').clientID = 2_000_000 + order;
      typeIn(apart.bob.text(), 19, ' ANAWORD');
      if (cleo) typeIn(cleo.text(), 19, ' CLEOWORD');
      await apart.relay.advance(1_000);
      await between(apart);
      await apart.meet(apart.all.toReversed());
      const merged = apart.bob.text().toString();
      expect(merged).toBe(`The quick brown fox ${order > 0 ? 'ANAWORD CLEOWORD' : 'CLEOWORD ANAWORD'} jumps`);
      for (let round = 0; round < 2; round++) {
        expect(await apart.act('undo-mine')).toBeUndefined();
        expect(apart.bob.text().toString()).toBe('The quick brown fox CLEOWORD jumps');
        expect(await apart.act('restore-undone')).toBeUndefined();
        expect(apart.bob.text().toString()).toBe(merged);
      }
    },
  );
});

describe('edits of an absence that comes after one which nobody looked at', () => {
  it('are taken back with those of the earlier one, and nothing else is', async () => {
    const apart = new Apart(['cleo']);
    const { bob, relay } = apart;
    const [cleo] = apart.others;
    await apart.part('The quick brown fox jumps');
    bob.text().insert(19, ' EARLY');
    cleo?.text().insert(9, ' THEIRS');
    await relay.advance(1_000);
    await apart.meet(apart.all.toReversed());
    bob.text().insert(0, 'online ');
    await relay.advance(1_000);
    for (const person of apart.all) person.cut();
    await relay.advance(5_000);
    bob.text().insert(bob.text().toString().indexOf(' EARLY'), ' LATE');
    cleo?.text().insert(cleo.text().toString().indexOf(' jumps'), ' TOO');
    await relay.advance(1_000);
    await apart.meet(apart.all.toReversed());
    expect(bob.text().toString()).toBe('online The quick THEIRS brown fox LATE EARLY TOO jumps');
    bob.text().insert(bob.text().toString().indexOf(' LATE'), ' since');
    expect(await apart.act('undo-mine')).toBeUndefined();
    expect(bob.text().toString()).toBe('online The quick THEIRS brown fox since TOO jumps');
    expect(await apart.act('restore-undone')).toBeUndefined();
    expect(await apart.act('undo-theirs')).toBeUndefined();
    expect(bob.text().toString()).toBe('online The quick brown fox since LATE EARLY jumps');
  });
});

describe('edits of several people, who all were out of reach', () => {
  it.each(seeds)('leave exactly what would be without one side when it is taken back, seed %i', async (seed) => {
    const random = createSeededRandom(seed);
    const apart = new Apart(random.chance(0.5) ? ['cleo'] : ['cleo', 'dan']);
    await apart.part(Array.from({ length: 1 + random.below(8) }, () => random.pick(WORDS)).join(''));
    for (let count = 0; count < operations; count++) editAtRandom(random.pick(apart.all).text(), random);
    await apart.relay.advance(1_000);
    const [mine, theirs] = [apart.bob.text().toString(), apart.withoutBob];
    if (random.chance(0.3)) await BETWEEN[1]?.[1](apart);
    await apart.meet(apart.all.toReversed());
    const merged = apart.bob.text().toString();
    const [change] = apart.bob.session.away.summary?.changes ?? [];
    if (change?.text !== 'both') return;
    for (const [action, expected] of [
      ['undo-mine', theirs],
      ['undo-theirs', mine],
      ['undo-mine', theirs],
    ] as const) {
      expect([action, await apart.act(action), apart.bob.text().toString()]).toEqual([
        action,
        expected === merged ? 'There is nothing left to undo in this file.' : undefined,
        expected,
      ]);
      if (expected === merged) continue;
      expect(await apart.act('restore-undone')).toBeUndefined();
      expect(apart.bob.text().toString()).toBe(merged);
    }
  });
});
