import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { canInstallDebianPackages, installDebianPackages } from './debian-packages.ts';
import { findExecutable } from './find-executable.ts';
import { ProvisioningError } from './provisioning-error.ts';

const START_TIMEOUT_MS = 20_000;
const SCREEN = '1600x1000x24';

/** A screen that windows can open on. Its owner disposes it when the last window is closed. */
export interface Display {
  /** What programs that open windows need in their environment. */
  readonly env: Readonly<Record<string, string>>;
  dispose(): Promise<void>;
}

/** Whether windows can open without further ado. */
export function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
}

/**
 * Gives the tests a screen: the one of the environment, else a virtual one by Xvfb, which is installed when needed.
 * @throws ProvisioningError when there is none
 */
export async function startDisplay(): Promise<Display> {
  if (hasDisplay()) return { env: {}, dispose: () => Promise.resolve() };
  const executable = await provisionXvfb();
  const args = ['-displayfd', '3', '-screen', '0', SCREEN, '-nolisten', 'tcp', '-noreset'];
  const xvfb = spawn(executable, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  const display = await readDisplayNumber(xvfb);
  return { env: { DISPLAY: `:${display}` }, dispose: () => stop(xvfb) };
}

async function provisionXvfb(): Promise<string> {
  const found = findExecutable(['Xvfb']);
  if (found) return found;
  let cause: unknown;
  if (canInstallDebianPackages()) {
    try {
      await installDebianPackages(['xvfb', 'xauth']);
      return findExecutable(['Xvfb']) ?? '/usr/bin/Xvfb';
    } catch (error) {
      cause = error;
    }
  }
  throw new ProvisioningError(
    'A display',
    [
      'run in a graphical session, or set DISPLAY',
      'install Xvfb, for example with `sudo apt-get install xvfb`',
      'run as root on Debian, so that it can be installed for you',
    ],
    cause,
  );
}

function readDisplayNumber(xvfb: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let errors = '';
    let answer = '';
    const timer = setTimeout(() => fail(`did not start within ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS);
    const fail = (reason: string): void => {
      clearTimeout(timer);
      xvfb.kill('SIGKILL');
      reject(new Error(`Xvfb ${reason}\n${errors}`.trim()));
    };
    xvfb.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    xvfb.once('error', (error) => fail(`cannot be started: ${error.message}`));
    xvfb.once('exit', (code) => fail(`ended with ${code}`));
    // `-displayfd 3` makes Xvfb take a free number and write it there once it accepts connections.
    const numbers = xvfb.stdio[3] as Readable;
    numbers.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
      if (!answer.includes('\n')) return;
      clearTimeout(timer);
      xvfb.removeAllListeners('exit');
      resolve(Number.parseInt(answer, 10));
    });
  });
}

function stop(xvfb: ChildProcess): Promise<void> {
  if (xvfb.exitCode !== null || xvfb.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    xvfb.once('exit', () => resolve());
    xvfb.kill('SIGTERM');
  });
}
