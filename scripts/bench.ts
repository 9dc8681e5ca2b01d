import { runTool } from './test/run-tool.ts';

/** The benchmarks by name. Each prints JSON lines to standard output, and nothing else. */
const BENCHMARKS: Readonly<Record<string, string | undefined>> = {
  typing: 'desktop/bench/typing.ts',
  open: 'desktop/bench/open.ts',
  offline: 'desktop/bench/offline.ts',
  relay: 'relay-server/bench/relay.ts',
  revoke: 'relay-server/bench/revoke.ts',
};

const [name = '', ...args] = process.argv.slice(2);
const script = BENCHMARKS[name];
if (script === undefined) {
  const names = Object.keys(BENCHMARKS).join(', ');
  console.error(
    `${name === '' ? 'Name a benchmark' : `There is no benchmark "${name}"`}. The benchmarks are: ${names}.`,
  );
  process.exitCode = 2;
} else {
  process.exitCode = await runTool(process.execPath, [script, ...args]);
}
