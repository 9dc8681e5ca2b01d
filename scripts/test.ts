import { type Part, PART_GROUPS, type PartResult, PARTS } from './test/parts.ts';

const wanted = process.argv.slice(2).flatMap((name) => PART_GROUPS[name] ?? [name]);
const unknown = wanted.find((name) => !PARTS.some((part) => part.name === name));
if (unknown) {
  const names = new Set([...Object.keys(PART_GROUPS), ...PARTS.map((part) => part.name)]);
  console.error(`There is no part "${unknown}". The parts are: ${[...names].join(', ')}.`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
const summary: string[] = [];

async function run(part: Part): Promise<boolean> {
  console.log(`\n── ${part.name}`);
  const startMs = Date.now();
  let result: PartResult;
  try {
    result = await part.run();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    result = { isPassed: false };
  }
  const { isPassed, counts } = result;
  passed += counts?.passed ?? 0;
  failed += isPassed ? 0 : Math.max(1, counts?.failed ?? 1);
  const tests = counts ? `${counts.passed} passed, ${counts.failed} failed` : '';
  const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
  summary.push(`${part.name.padEnd(8)} ${isPassed ? 'ok    ' : 'FAILED'} ${seconds.padStart(7)} s  ${tests}`.trimEnd());
  return isPassed;
}

for (const part of PARTS) {
  if (wanted.length > 0 && !wanted.includes(part.name)) continue;
  if (await run(part)) continue;
  process.exitCode = 1;
  break;
}

console.log(`\n${summary.join('\n')}\n`);
console.log(`${passed} passed, ${failed} failed`);
