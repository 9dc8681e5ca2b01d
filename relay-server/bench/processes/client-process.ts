import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ClientProcessReply, ClientProcessRequest } from '../load/client-process-messages.ts';
import { readCpuMs } from './process-usage.ts';

type Reply<K extends ClientProcessReply['kind']> = Extract<ClientProcessReply, { kind: K }>;

const MAIN = fileURLToPath(new URL('../load/client-process-main.ts', import.meta.url));

/** Clients in a process of their own. It ends with {@link dispose}, or with the process that has started it. */
export class ClientProcess {
  private readonly child: ChildProcess;
  private readonly replies: ClientProcessReply[] = [];
  private wake: (() => void) | undefined;

  constructor() {
    this.child = fork(MAIN, { serialization: 'advanced' });
    this.child.on('message', (reply) => this.take(reply as ClientProcessReply));
    this.child.once('error', (error) => this.take({ kind: 'failed', explanation: error.message }));
    this.child.once('exit', (code) => this.take({ kind: 'failed', explanation: `it ended with ${code}` }));
  }

  /** User and system time of it so far. */
  get cpuMs(): number {
    return this.child.pid === undefined ? 0 : readCpuMs(this.child.pid);
  }

  ask(request: ClientProcessRequest): void {
    this.child.send(request);
  }

  /** The next reply, which must be of this kind. Rejects when something failed, or none came in time. */
  async hear<K extends ClientProcessReply['kind']>(kind: K, withinMs: number): Promise<Reply<K>> {
    if (this.replies.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const reply = this.replies.shift();
    if (reply?.kind === 'failed') throw new Error(`a process of clients failed: ${reply.explanation}`);
    if (!isOfKind(reply, kind)) throw new Error(`${kind} was due from a process of clients, not ${reply?.kind}`);
    return reply;
  }

  async dispose(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    if (this.child.connected) this.child.disconnect();
    else this.child.kill('SIGKILL');
    await exit;
  }

  private take(reply: ClientProcessReply): void {
    this.replies.push(reply);
    this.wake?.();
    this.wake = undefined;
  }
}

function isOfKind<K extends ClientProcessReply['kind']>(
  reply: ClientProcessReply | undefined,
  kind: K,
): reply is Reply<K> {
  return reply?.kind === kind;
}
