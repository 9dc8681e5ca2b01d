import { spawn, type SpawnOptions } from 'node:child_process';

/** How a finished command ended, and what it wrote to both outputs, in order. */
export interface CommandResult {
  readonly exitCode: number;
  readonly output: string;
}

/**
 * Runs a command to its end.
 * @throws when it cannot be started at all
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<CommandResult> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  return { exitCode, output: Buffer.concat(chunks).toString('utf8') };
}
