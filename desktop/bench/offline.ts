import { parseArgs } from 'node:util';
import { measureBranchSwitch } from './offline/branch-switch.ts';
import { measureColdOpen } from './offline/cold-open.ts';
import { killChildren } from './offline/kill-children.ts';
import { measureMemory } from './offline/memory.ts';
import { measureMerge } from './offline/merge.ts';

// Measures what working offline and on disk costs: `npm run bench -- offline [--only PART[,PART…]] [--quick]`. `--quick`
// does a little of everything, which shows that the bench works and measures nothing.

interface Part {
  readonly name: string;
  run(isQuick: boolean): Promise<void>;
}

const PARTS: readonly Part[] = [
  { name: 'merge', run: (isQuick) => measureMerge(isQuick ? { files: 3, edits: 90, rounds: 1 } : {}) },
  { name: 'open', run: (isQuick) => measureColdOpen(isQuick ? { sizes: [20] } : {}) },
  { name: 'switch', run: (isQuick) => measureBranchSwitch(isQuick ? { files: 10, switches: 1 } : {}) },
  { name: 'memory', run: (isQuick) => measureMemory(isQuick ? { files: 40, switched: 10 } : {}) },
];
/** A part that takes longer has failed. */
const PART_WITHIN_MS = 600_000;
/** Then what it waited for has ended, and it puts its things away. */
const CLEAN_UP_WITHIN_MS = 30_000;

function wait(ms: number): { readonly over: Promise<void>; cancel(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return { over: promise, cancel: () => clearTimeout(timer) };
}

async function runPart({ name, run }: Part, isQuick: boolean): Promise<void> {
  const limit = wait(PART_WITHIN_MS);
  const running = run(isQuick).then(
    () => 'done' as const,
    (error: unknown) => {
      console.error(`The part "${name}" failed:`, error);
      process.exitCode = 1;
      return 'done' as const;
    },
  );
  const isDone = await Promise.race([running, limit.over]);
  limit.cancel();
  if (isDone) return;
  console.error(`The part "${name}" was not done within ${PART_WITHIN_MS} ms.`);
  process.exitCode = 1;
  killChildren();
  const cleaning = wait(CLEAN_UP_WITHIN_MS);
  await Promise.race([running, cleaning.over]);
  cleaning.cancel();
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    killChildren();
    process.exit(130);
  });
}
const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, quick: { type: 'boolean', default: false } },
});
const only = values.only.split(',').filter((name) => name !== '');
const unknown = only.find((name) => PARTS.every((part) => part.name !== name));
if (unknown === undefined) {
  for (const part of PARTS) if (only.length === 0 || only.includes(part.name)) await runPart(part, values.quick);
} else {
  console.error(`There is no part "${unknown}". The parts are: ${PARTS.map(({ name }) => name).join(', ')}.`);
  process.exitCode = 2;
}
