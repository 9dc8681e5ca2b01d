import type { SeededRandom } from '../../../shared/testing/seeded-random.ts';

const NUMBERS = [0, 1, 2, 127, 128, 255, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1] as const;
const TEXTS = [
  ...['', ' ', '\0', 'a\nb', '../x', '..', '/', 'index', 'comments', 'chat', 'view-x', 'file', '__proto__', 'null'],
  ...['\u202E', '\uFEFF', '\uD800', '😀'.repeat(30), 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(5_000), "'; --", '%00'],
] as const;

export function oddNumber(random: SeededRandom): number {
  return random.chance(0.5) ? random.pick(NUMBERS) : random.below(2 ** random.below(40));
}

export function oddText(random: SeededRandom): string {
  return random.pick(TEXTS);
}

/** Values that JSON can hold. */
export function oddJson(random: SeededRandom): unknown {
  const numbers = [-1, 0.5, 1e308, -0, oddNumber(random)];
  const structures = [{}, [], [[]], { a: 1 }, ['x'], { __proto__: null }, Array.from({ length: 50 }, () => 'x')];
  return random.pick([null, true, false, '', oddText(random), random.pick(numbers), random.pick(structures)]);
}

/** A few bytes changed, left out, added or repeated. */
export function mutateBytes(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const mutated = [...bytes];
  for (let count = random.below(4); count >= 0; count--) {
    const at = random.below(mutated.length + 1);
    const piece = Array.from({ length: 1 + random.below(8) }, () => random.below(256));
    const kind = random.below(6);
    if (kind === 0) mutated[Math.min(at, Math.max(0, mutated.length - 1))] = random.below(256);
    else if (kind === 1) mutated.splice(at, 1 + random.below(8));
    else if (kind === 2) mutated.splice(at, 0, ...piece);
    else if (kind === 3) mutated.length = at;
    else if (kind === 4) mutated.splice(at, 0, ...mutated.slice(at, at + 16));
    // A number that goes on, such as a length of far more than there is.
    else mutated.splice(at, 1, 255, 255, 255, 255, 15);
  }
  return Uint8Array.from(mutated);
}
