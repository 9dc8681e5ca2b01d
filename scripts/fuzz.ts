import { Command } from 'commander';
import { runTool } from './test/run-tool.ts';

const { seed, seeds, ops, project } = new Command('test:fuzz')
  .description('Runs the seeded fuzz tests for longer, or with the seed of a failure.')
  .option('--seed <number>', 'the first seed; alone, the only one')
  .option('--seeds <count>', 'how many seeds to run')
  .option('--ops <number>', 'how many steps each seed runs')
  .option('--project <name>', 'unit, browser or process', 'unit')
  .parse()
  .opts<{ seed?: string; seeds?: string; ops?: string; project: string }>();

const TIMEOUT_MS = 24 * 60 * 60 * 1000;

if (seed !== undefined) process.env['TUTTI_FUZZ_SEED'] = seed;
if (seeds !== undefined) process.env['TUTTI_FUZZ_SEEDS'] = seeds;
if (ops !== undefined) process.env['TUTTI_FUZZ_OPS'] = ops;
process.exitCode = await runTool('vitest', ['run', '--project', project, `--testTimeout=${TIMEOUT_MS}`, 'fuzz']);
