import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const MIRROR_PROCESS = resolve('desktop/main/testing/mirror-process.ts');

/** What it says, by name. */
export type Answer = Readonly<Record<string, unknown>>;

interface Asked {
  readonly kind: string;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** One person's engine and folder, in a process of their own: see `desktop/main/testing/mirror-process.ts`. */
export class MirroringPerson {
  private readonly child: ChildProcess;
  private readonly waiting: Asked[] = [];

  private constructor(child: ChildProcess) {
    this.child = child;
    child.once('exit', (code) => {
      for (const { reject } of this.waiting) reject(new Error(`A person's process ended with the code ${code}.`));
    });
    if (child.stdout) createInterface(child.stdout).on('line', (line) => this.take(readAnswer(line)));
  }

  static async start(args: readonly string[]): Promise<MirroringPerson> {
    const person = new MirroringPerson(
      spawn(process.execPath, [MIRROR_PROCESS, ...args], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    await person.hear('ready');
    return person;
  }

  ask(command: string, kind: string): Promise<Answer> {
    const answer = this.hear(kind);
    this.child.stdin?.write(`${command}\n`);
    return answer;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
  }

  private hear(kind: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ kind, resolve, reject });
    });
  }

  private take(answer: Answer): void {
    const position = this.waiting.findIndex(({ kind }) => kind === answer['kind']);
    const [asked] = position < 0 ? [] : this.waiting.splice(position, 1);
    asked?.resolve(answer);
  }
}

function readAnswer(line: string): Answer {
  const answer: unknown = JSON.parse(line);
  return typeof answer === 'object' && answer !== null ? { ...answer } : {};
}
