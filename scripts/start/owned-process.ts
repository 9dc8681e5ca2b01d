import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';

/** How long a program may take to write down what it holds before it is killed. */
const STOP_TIMEOUT_MS = 15_000;

/** How a process has ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process that is stopped by its owner, or says when it ended by itself. */
export class OwnedProcess {
  readonly name: string;
  readonly child: ChildProcess;
  /** Settles when the process is gone; it never rejects. */
  readonly ended: Promise<Ending>;
  private hasEnded = false;

  constructor(name: string, command: string, args: readonly string[], options: SpawnOptions) {
    this.name = name;
    // In a group of its own, so that Ctrl-C reaches it through its owner, and in order.
    this.child = spawn(command, args, { ...options, detached: process.platform !== 'win32' });
    this.ended = new Promise((resolve) => {
      const settle = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.hasEnded = true;
        resolve({ code, signal });
      };
      this.child.once('exit', settle);
      this.child.once('error', (error) => {
        console.error(`${name} cannot be started: ${error.message}`);
        settle(127, null);
      });
    });
  }

  /** Asks the process to end, and waits until it has flushed what it holds. One that hangs is killed. */
  async stop(): Promise<void> {
    if (this.hasEnded) return;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => {
      console.error(`${this.name} did not stop within ${STOP_TIMEOUT_MS / 1000} s and is killed.`);
      this.child.kill('SIGKILL');
    }, STOP_TIMEOUT_MS);
    await this.ended;
    clearTimeout(timer);
  }
}
