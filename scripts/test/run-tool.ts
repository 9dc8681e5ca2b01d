import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { PROJECT_FOLDER } from '../project.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs a tool of node_modules in the project, with our own outputs, and returns its exit code. A signal to us ends it. */
export async function runTool(command: string, args: readonly string[]): Promise<number> {
  const path = [join(PROJECT_FOLDER, 'node_modules/.bin'), process.env['PATH'] ?? ''].join(delimiter);
  const child = spawn(command, args, {
    cwd: PROJECT_FOLDER,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  let isInterrupted = false;
  const forward = (signal: NodeJS.Signals): void => {
    isInterrupted = true;
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    return isInterrupted ? 130 : (code ?? 1);
  } finally {
    for (const signal of SIGNALS) process.off(signal, forward);
  }
}
