import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import type { AwayAction } from '../../shared/sync/away/away-summary.ts';
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

  async act(action: AwayAction, person = this.bob): Promise<string | undefined> {
    const problem = await person.session.away.act('file', action);
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
  let tried = 0;

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
    tried++;
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

  it('are of both in some of these', () => {
    expect(tried).toBeGreaterThanOrEqual(Math.floor(seeds.length / 4));
  });
});

/** Two people who edited one text out of reach of each other, and take back or restore what either did, in turn. */
class InTurn {
  readonly apart: Apart;
  private readonly texts: { readonly base: string; readonly merged: string };
  private readonly without: ReadonlyMap<AwayPerson, string>;
  /** By who took it back: whose edits. */
  private readonly taken = new Map<AwayPerson, AwayPerson>();

  constructor(apart: Apart, base: string, without: ReadonlyMap<AwayPerson, string>) {
    this.apart = apart;
    this.texts = { base, merged: apart.bob.text().toString() };
    this.without = without;
  }

  async act(person: AwayPerson, action: AwayAction): Promise<void> {
    const before = this.expected;
    const whose = action === 'undo-mine' ? person : this.apart.all.find((other) => other !== person);
    const isLocked = action === 'restore-undone' ? !this.taken.has(person) : this.taken.has(person);
    if (isLocked || !whose) return;
    const isTaken = [...this.taken.values()].includes(whose);
    if (action === 'restore-undone') this.taken.delete(person);
    else this.taken.set(person, whose);
    const isNothing = action !== 'restore-undone' && (isTaken || this.expected === before);
    if (isNothing) this.taken.delete(person);
    expect([await this.apart.act(action, person), this.apart.bob.text().toString()]).toEqual([
      isNothing ? 'There is nothing left to undo in this file.' : undefined,
      this.expected,
    ]);
  }

  private get expected(): string {
    const { base, merged } = this.texts;
    const [whose, ...more] = new Set(this.taken.values());
    if (!whose) return merged;
    if (more.length === 0) return this.without.get(whose) ?? '';
    // What both deleted is brought back by neither alone.
    const shown = [...this.without.values()].join('');
    return Array.from(base, (letter) => (shown.includes(letter) ? letter : '')).join('');
  }
}

const ACTIONS: readonly AwayAction[] = ['undo-mine', 'undo-theirs', 'restore-undone', 'restore-undone'];

async function takeTurns(edit: (apart: Apart) => void, base: string): Promise<InTurn> {
  const apart = new Apart(['cleo']);
  const [cleo = apart.bob] = apart.others;
  await apart.part(base);
  edit(apart);
  await apart.relay.advance(1_000);
  const without = new Map([
    [apart.bob, cleo.text().toString()],
    [cleo, apart.bob.text().toString()],
  ]);
  await apart.meet(apart.all.toReversed());
  // Who comes late is not waited for any longer.
  await apart.relay.advance(60_000);
  return new InTurn(apart, base, without);
}

describe('what one took back and restored', () => {
  let tried = 0;

  it('[FI3] is of whom it was before, who can take it back then and finds nothing twice', async () => {
    const turns = await takeTurns(({ bob, others: [cleo] }) => {
      bob.text().delete(9, 4);
      bob.text().insert(9, 'big cow.');
      cleo?.text().insert(0, 'Well: ');
    }, 'The lazy dog.');
    const { apart } = turns;
    const [cleo = apart.bob] = apart.others;
    await turns.act(cleo, 'undo-theirs');
    expect(apart.bob.text().toString()).toBe('Well: The lazy dog.');
    expect(await apart.act('undo-mine')).toBe('There is nothing left to undo in this file.');
    await turns.act(cleo, 'restore-undone');
    expect(apart.bob.text().toString()).toBe('Well: The lazy big cow.');
    for (let round = 0; round < 2; round++) {
      expect(await apart.act('undo-mine')).toBeUndefined();
      expect(apart.bob.text().toString()).toBe('Well: The lazy dog.');
      expect(apart.bob.session.away.summary?.changes[0]?.undone).toBe('mine');
      expect(await apart.act('restore-undone')).toBeUndefined();
      expect(apart.bob.text().toString()).toBe('Well: The lazy big cow.');
    }
  });

  it('is there once, where both bring it back at the same time', async () => {
    const { apart } = await takeTurns(({ bob, others: [cleo] }) => {
      bob.text().delete(9, 4);
      bob.text().insert(9, 'big cow.');
      cleo?.text().insert(0, 'Well: ');
    }, 'The lazy dog.');
    const [cleo = apart.bob] = apart.others;
    for (let round = 0; round < 2; round++) {
      const acts = [apart.bob.session.away.act('file', 'undo-mine'), cleo.session.away.act('file', 'undo-theirs')];
      await apart.relay.advance(1_000);
      expect(await Promise.all(acts)).toEqual([undefined, undefined]);
      expect([apart.bob.text().toString(), cleo.text().toString()]).toEqual(Array(2).fill('Well: The lazy dog.'));
      expect(await apart.act('restore-undone', cleo)).toBeUndefined();
      expect(apart.bob.text().toString()).toBe('Well: The lazy big cow.');
      expect(await apart.act('restore-undone')).toBeUndefined();
      expect(apart.bob.text().toString()).toBe('Well: The lazy big cow.');
    }
  });

  it.each(seeds)('is exactly what it was, by whoever and in whatever order, seed %i', async (seed) => {
    const random = createSeededRandom(seed);
    const base = 'abcdefghijklmnopqrstuvwxyz'.slice(0, 4 + random.below(20));
    const turns = await takeTurns((apart) => {
      for (const person of apart.all) {
        for (let count = 1 + random.below(4); count > 0; count--) {
          const text = person.text();
          const at = random.below(text.length + 1);
          if (random.chance(0.5)) text.delete(at, Math.min(1 + random.below(5), text.length - at));
          else text.insert(at, random.pick(['FOX', '1\n2', 'X']));
        }
      }
    }, base);
    if (turns.apart.all.some((person) => person.session.away.summary?.changes[0]?.text !== 'both')) return;
    tried++;
    for (let turn = 0; turn < 2 * operations; turn++)
      await turns.act(random.pick(turns.apart.all), random.pick(ACTIONS));
  });

  it('is of both in some of these', () => {
    expect(tried).toBeGreaterThanOrEqual(Math.floor(seeds.length / 4));
  });
});
