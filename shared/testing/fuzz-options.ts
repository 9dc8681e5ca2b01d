/** Which seeds a fuzz test runs, and for how many steps each. */
export interface FuzzOptions {
  readonly seeds: readonly number[];
  readonly operations: number;
}

/**
 * What `npm run test:fuzz -- --seed N --seeds COUNT --ops N` asks for, else the defaults, which `npm test` uses.
 * `pinned` are the seeds of past failures; they always run, unless one seed is asked for.
 */
export function readFuzzOptions(defaults: {
  readonly seedCount: number;
  readonly operations: number;
  readonly pinned?: readonly number[];
}): FuzzOptions {
  const operations = readNumber('TUTTI_FUZZ_OPS') ?? defaults.operations;
  const seed = readNumber('TUTTI_FUZZ_SEED');
  const seedCount = readNumber('TUTTI_FUZZ_SEEDS');
  if (seed !== undefined) return { seeds: upFrom(seed, seedCount ?? 1), operations };
  const seeds = upFrom(1, seedCount ?? defaults.seedCount);
  return { seeds: [...new Set([...(defaults.pinned ?? []), ...seeds])], operations };
}

function upFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_unused, index) => first + index);
}

function readNumber(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} is ${text}, which is not a whole number`);
  return value;
}
