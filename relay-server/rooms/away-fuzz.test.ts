import { expect, it } from 'vitest';
import { readFuzzOptions } from '../../shared/testing/fuzz-options.ts';
import { createSeededRandom, type SeededRandom } from '../../shared/testing/seeded-random.ts';
import { AwayPerson } from '../testing/away-person.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

const ABSENCES = 4;
const { seeds, operations } = readFuzzOptions({ seedCount: 8, operations: 20 });

/** Two people write and delete whole lines, each line with its own words, and one of them comes and goes. */
class AwayWorld {
  readonly relay = new RelayUnderTest();
  readonly ada = new AwayPerson({ relay: this.relay, name: 'ada', documents: ['file', 'other'] });
  readonly bob = new AwayPerson({ relay: this.relay, name: 'bob', documents: ['file', 'other'] });
  private readonly random: SeededRandom;
  private lines = 0;
  /** Whether who did what is known for each character: a crash, or two absences in one, leave only the texts to tell. */
  isExact = true;

  constructor(seed: number) {
    this.random = createSeededRandom(seed);
  }

  edit(person: AwayPerson, who: string): void {
    const text = person.text(this.random.pick(['file', 'file', 'other']));
    const lines = text.toString().split('\n').slice(0, -1);
    const at = this.random.below(lines.length + 1);
    const offset = lines.slice(0, at).reduce((sum, line) => sum + line.length + 1, 0);
    const [line] = lines.slice(at);
    if (line !== undefined && this.random.chance(0.3)) text.delete(offset, line.length + 1);
    else text.insert(offset, `${who} ${++this.lines} ${String(this.lines).repeat(5)}\n`);
  }

  /** One absence of Bob, with whatever comes in between; at the end he is back and everything is at rest. */
  async absence(): Promise<void> {
    const { random, relay, ada, bob } = this;
    this.isExact = true;
    if (random.chance(0.3)) {
      await bob.quit();
      await bob.begin(false);
    } else bob.cut();
    await relay.advance(4_000);
    for (let step = 0; step < operations; step++) {
      const dice = random.below(100);
      if (dice < 40) this.edit(ada, 'theirs');
      else if (dice < 80) this.edit(bob, 'mine');
      else if (dice < 85) await this.restart(random.chance(0.5));
      else if (dice < 92) await this.tryInVain();
      else await relay.advance(random.below(2_000));
    }
    await relay.advance(1_000);
    await bob.reach();
    for (let second = 0; second < 30 && bob.session.state.kind !== 'online'; second++) await relay.advance(1_000);
    expect(bob.session.state.kind).toBe('online');
    await relay.advance(5_000);
  }

  private async restart(isCrash: boolean): Promise<void> {
    const { bob, relay } = this;
    // What was typed in the last moments before a crash is lost, as ever.
    await relay.advance(10);
    if (isCrash) {
      this.isExact = false;
      bob.crash();
    } else await bob.quit();
    await bob.begin(false);
  }

  /** The connection is lost again as soon as something of others has come. */
  private async tryInVain(): Promise<void> {
    const { bob, relay } = this;
    const text = bob.text('file');
    const isCrash = this.random.chance(0.3);
    const cut = () => queueMicrotask(() => bob.cut());
    text.observe(cut);
    await bob.reach();
    text.unobserve(cut);
    if (bob.session.state.kind === 'online') this.isExact = false;
    bob.cut();
    if (isCrash) {
      this.isExact = false;
      bob.crash();
      await bob.begin(false);
    }
    await relay.advance(10);
  }
}

function linesOf(text: string, who?: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '' && (who === undefined || line.startsWith(`${who} `)));
}

function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  return lines.filter((line) => !others.includes(line));
}

async function check({ bob, ada, relay, isExact }: AwayWorld, fileId: string, random: SeededRandom): Promise<void> {
  expect(bob.text(fileId).toString()).toBe(ada.text(fileId).toString());
  const change = bob.session.away.summary?.changes.find((entry) => entry.fileId === fileId);
  if (!change) return;
  const answer = await bob.session.away.readTexts(fileId);
  if (!answer.ok) throw new Error(answer.explanation);
  const { base, mine, theirs, merged } = answer.value;
  if (!isExact) return;
  // Nobody is said to have written what the other wrote.
  expect(without(linesOf(mine, 'theirs'), linesOf(base))).toEqual([]);
  expect(without(linesOf(theirs, 'mine'), linesOf(base))).toEqual([]);
  // And nothing that somebody wrote is missing.
  expect(without(linesOf(merged, 'theirs'), linesOf(theirs))).toEqual([]);
  expect(without(linesOf(merged, 'mine'), linesOf(mine))).toEqual([]);
  await checkUndo({ bob, ada, relay }, fileId, random.pick(['theirs', 'mine']), answer.value);
}

async function checkUndo(
  { bob, ada, relay }: Pick<AwayWorld, 'bob' | 'ada' | 'relay'>,
  fileId: string,
  side: 'theirs' | 'mine',
  texts: { readonly base: string; readonly mine: string; readonly theirs: string; readonly merged: string },
): Promise<void> {
  ada.text(fileId).insert(0, 'typed since then\n');
  await relay.advance(1_000);
  const before = linesOf(bob.text(fileId).toString());
  const [merged, other] = [linesOf(texts.merged), linesOf(side === 'theirs' ? texts.mine : texts.theirs)];
  // What the side wrote goes, what it deleted comes back, and the rest stays.
  const expected = [...without(before, without(merged, other)), ...without(without(other, merged), before)];
  const problem = await bob.session.away.act(fileId, `undo-${side}`);
  await relay.advance(1_000);
  const undone = bob.text(fileId).toString();
  if (problem === undefined) {
    expect(linesOf(undone).toSorted()).toEqual(expected.toSorted());
    expect(await bob.session.away.act(fileId, 'restore-undone')).toBeUndefined();
    await relay.advance(1_000);
  } else expect(problem).toContain('nothing left');
  expect(linesOf(bob.text(fileId).toString()).toSorted()).toEqual(before.toSorted());
  expect(ada.text(fileId).toString()).toBe(bob.text(fileId).toString());
  ada.text(fileId).delete(0, ada.text(fileId).toString().indexOf('\n') + 1);
  await relay.advance(1_000);
}

it.each(seeds)('tells what both did through any absence, and takes either side back, seed %i', async (seed) => {
  const world = new AwayWorld(seed);
  const random = createSeededRandom(seed * 7);
  await world.relay.advance(100);
  for (let line = 0; line < 6; line++) world.edit(world.ada, 'base');
  await world.relay.advance(1_000);
  for (let absence = 0; absence < ABSENCES; absence++) {
    await world.absence();
    for (const fileId of ['file', 'other']) await check(world, fileId, random);
    const told = world.bob.session.away.summary?.changes ?? [];
    world.bob.session.away.keep(told.map(({ fileId }) => fileId));
    await world.relay.advance(1_000);
  }
  expect(world.relay.problems).toEqual([]);
});
