import { onTestFinished } from 'vitest';
import type * as Y from 'yjs';
import { type ChangeAuthors, type DocumentLease, RoomSession, type SessionProblem } from '../../shared/sync/index.ts';
import { MemoryDisk, MemoryOfflineStore } from '../../shared/testing/memory-offline-store.ts';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import { SocketPair } from '../../shared/testing/socket-pair.ts';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../shared/workspace/index.ts';
import { type RelayUnderTest, toServerSocket } from './relay-under-test.ts';

export interface AwayPersonOptions {
  readonly relay: RelayUnderTest;
  readonly name: string;
  readonly role?: 'editor' | 'viewer';
  readonly authors?: ChangeAuthors;
  /** Documents that are open whenever the engine runs. */
  readonly documents?: readonly string[];
  /** What an earlier one has kept. */
  readonly disk?: MemoryDisk;
}

/** Somebody whose engine runs on a real relay, loses touch with it, ends and starts again on the same disk. */
export class AwayPerson {
  readonly disk: MemoryDisk;
  readonly problems: SessionProblem[] = [];
  private readonly options: AwayPersonOptions;
  private readonly leases = new Map<string, DocumentLease>();
  private readonly ends: Promise<void>[] = [];
  private index: WorkspaceIndex | undefined;
  private store: MemoryOfflineStore;
  private pairs: SocketPair[] = [];
  private isReachable = true;
  private starts = 0;
  session: RoomSession;

  constructor(options: AwayPersonOptions) {
    this.options = options;
    this.disk = options.disk ?? new MemoryDisk();
    this.store = new MemoryOfflineStore(this.disk);
    this.session = this.start();
    onTestFinished(async () => {
      this.end();
      await this.options.relay.advance(10_000);
      await Promise.all(this.ends);
    });
  }

  doc(name: string): Y.Doc {
    const lease = this.leases.get(name) ?? this.session.open(name);
    this.leases.set(name, lease);
    return lease.replica.doc;
  }

  text(name = 'file'): Y.Text {
    return this.doc(name).getText('content');
  }

  get files(): WorkspaceIndex {
    this.index ??= new WorkspaceIndex(this.doc(INDEX_DOCUMENT), {
      random: createSeededRandom(this.options.name.charCodeAt(0)).next,
      nowMs: () => this.options.relay.scheduler.now(),
    });
    return this.index;
  }

  close(name: string): void {
    this.leases.get(name)?.dispose();
    this.leases.delete(name);
  }

  /** Out of reach of the relay, until {@link reach}. */
  cut(): void {
    this.isReachable = false;
    for (const pair of this.pairs.splice(0)) pair.cut();
  }

  async reach(): Promise<void> {
    this.isReachable = true;
    this.session.retryNow();
    await this.options.relay.advance(100);
  }

  /** The person quits; resolves when all is kept. */
  async quit(): Promise<void> {
    this.end();
    await this.options.relay.advance(2_000);
    await Promise.all(this.ends);
  }

  /** The process dies: what was not on the disk is lost. */
  crash(): void {
    this.store.crash();
    this.cut();
    this.end();
  }

  /** Starts again after {@link quit} or {@link crash}. */
  async begin(isReachable = true): Promise<void> {
    this.isReachable = isReachable;
    this.store = new MemoryOfflineStore(this.disk);
    this.session = this.start();
    await this.options.relay.advance(100);
  }

  private end(): void {
    this.index?.dispose();
    this.index = undefined;
    this.ends.push(this.session.leave());
    for (const lease of this.leases.values()) lease.dispose();
    this.leases.clear();
  }

  private start(): RoomSession {
    const { relay, name, role = 'editor', authors, documents = ['file'] } = this.options;
    const session = new RoomSession({
      syncUrl: 'ws://relay.test/sync/room',
      tokenSource: {
        async obtain() {
          return {
            kind: 'granted',
            granted: { token: `${name}.${role}.1000000000`, expiresAtMs: Number.MAX_SAFE_INTEGER },
          };
        },
      },
      store: this.store,
      connect: (_url, events) => {
        const pair = new SocketPair(events);
        if (this.isReachable) {
          relay.adopt(pair);
          this.pairs.push(pair);
          relay.core.accept(toServerSocket(pair.relay), 'room');
        } else {
          pair.relay.listen({ onMessage: () => undefined, onClose: () => undefined });
          queueMicrotask(() => pair.cut());
        }
        return pair.client;
      },
      scheduler: relay.scheduler,
      random: createSeededRandom(name.charCodeAt(0)).next,
      client: 'test',
      sessionId: `session-of-${name}-${this.starts++}`.padEnd(20, '-'),
      ...(authors && { authors }),
    });
    const subscription = session.onProblem((problem) => this.problems.push(problem));
    onTestFinished(() => subscription.dispose());
    this.session = session;
    for (const document of documents) this.doc(document);
    return session;
  }
}
