import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export type Answer = Readonly<Record<string, unknown>>;

interface Asked {
  readonly kind: string;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const ANSWER_WITHIN_MS = 180_000;
const STOP_WITHIN_MS = 10_000;

/** A script in a process of its own, which takes lines and answers with lines of JSON. Its owner stops it. */
export class AskedProcess {
  private readonly child: ChildProcess;
  private readonly waiting: Asked[] = [];
  /** What came before it was asked for. */
  private readonly unasked: Answer[] = [];

  private constructor(child: ChildProcess) {
    this.child = child;
    child.once('exit', (code, signal) => {
      const error = new Error(`A process of the bench ended with ${code ?? signal}.`);
      for (const { reject } of this.waiting.splice(0)) reject(error);
    });
    if (child.stdout) createInterface(child.stdout).on('line', (line) => this.take(line));
  }

  /** Resolves with the process once it has said `ready`. */
  static async start(
    script: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<AskedProcess> {
    const child = spawn(process.execPath, [script, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    const asked = new AskedProcess(child);
    await asked.hear('ready');
    return asked;
  }

  /** Sends a command and resolves with the next answer of this kind. */
  ask(command: string, kind: string): Promise<Answer> {
    const answer = this.hear(kind);
    this.child.stdin?.write(`${command}\n`);
    return answer;
  }

  /** Resolves with the next answer of this kind. Rejects when the process ends, and when none comes in time. */
  hear(kind: string): Promise<Answer> {
    const position = this.unasked.findIndex((answer) => answer['kind'] === kind);
    const [known] = position < 0 ? [] : this.unasked.splice(position, 1);
    if (known) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no "${kind}" came within ${ANSWER_WITHIN_MS} ms`)),
        ANSWER_WITHIN_MS,
      );
      const settled = () => clearTimeout(timer);
      this.waiting.push({
        kind,
        resolve: (answer) => {
          settled();
          resolve(answer);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
    });
  }

  /** Lets it end by itself; kills it when that takes too long. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_WITHIN_MS);
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
    clearTimeout(timer);
  }

  private take(line: string): void {
    const answer: unknown = JSON.parse(line);
    if (!isAnswer(answer)) return;
    const position = this.waiting.findIndex(({ kind }) => kind === answer['kind']);
    const [asked] = position < 0 ? [] : this.waiting.splice(position, 1);
    if (asked) asked.resolve(answer);
    else this.unasked.push(answer);
  }
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null;
}
