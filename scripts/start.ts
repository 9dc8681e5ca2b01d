import { CommanderError } from 'commander';
import { parseStartOptions, type StartOptions } from './start/options.ts';
import { runTutti } from './start/run-tutti.ts';

function readOptions(): StartOptions | undefined {
  try {
    // npm runs scripts in the project's folder and keeps the caller's in INIT_CWD.
    return parseStartOptions(process.argv.slice(2), process.env['INIT_CWD'] ?? process.cwd());
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode;
    return undefined;
  }
}

const options = readOptions();
if (options) {
  try {
    await runTutti(options);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
