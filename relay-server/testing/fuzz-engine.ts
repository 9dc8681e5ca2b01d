import * as Y from 'yjs';
import { DisposableStore } from '../../shared/lifecycle/index.ts';
import { type ConnectSocket, type DocumentLease, RoomSession, type SessionProblem } from '../../shared/sync/index.ts';
import type { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { MemoryDisk, MemoryOfflineStore } from '../../shared/testing/memory-offline-store.ts';
import type { SeededRandom } from '../../shared/testing/seeded-random.ts';
import type { SocketPair } from '../../shared/testing/socket-pair.ts';

const MAX_WRITE_MS = 12;

export interface FuzzEngineOptions {
  readonly name: string;
  readonly scheduler: ManualScheduler;
  readonly random: SeededRandom;
  /** A Yjs clientID that no copy of a document has used yet. */
  readonly nextClientId: () => number;
  /** Makes a socket and says which pair it belongs to. */
  readonly connect: (events: Parameters<ConnectSocket>[1]) => SocketPair;
  readonly onProblem: (problem: SessionProblem) => void;
}

/** An engine of the fuzz with its disk: it can end well or badly, and starts again on the same disk. */
export class FuzzEngine {
  readonly name: string;
  /** Documents whose copies were called different from others'. */
  readonly disagreements: string[] = [];
  /** What the relay has promised to keep: by document, own Yjs client and its clock. */
  readonly acked: { readonly document: string; readonly client: number; readonly clock: number }[] = [];
  private readonly options: FuzzEngineOptions;
  private readonly disk = new MemoryDisk();
  private readonly leases = new Map<string, DocumentLease>();
  private readonly owned = new DisposableStore();
  private readonly ending: Promise<void>[] = [];
  private pairs: SocketPair[] = [];
  private starts = 0;
  private store: MemoryOfflineStore;
  session: RoomSession;

  constructor(options: FuzzEngineOptions) {
    this.options = options;
    this.name = options.name;
    this.store = this.createStore();
    this.session = this.start();
  }

  get openDocuments(): readonly string[] {
    return [...this.leases.keys()];
  }

  open(document: string): Y.Doc {
    const known = this.leases.get(document);
    if (known) return known.replica.doc;
    const lease = this.session.open(document);
    const { replica } = lease;
    // Yjs draws it at random; a seed must give the same text each time.
    replica.doc.clientID = this.options.nextClientId();
    const acked = this.acked;
    this.leases.set(document, lease);
    this.owned.add(
      replica.onDidChangeStatus(() => {
        const { kind } = replica.saveState;
        if (kind !== 'on-the-relay' && kind !== 'seen-by-all-present') return;
        const client = replica.doc.clientID;
        const clock = Y.decodeStateVector(Y.encodeStateVector(replica.doc)).get(client) ?? 0;
        if (clock > 0) acked.push({ document, client, clock });
      }),
    );
    const { agreement } = replica;
    this.owned.add(agreement.watch());
    this.owned.add(
      agreement.onDidChange(() => {
        if (agreement.state.kind === 'differs') this.disagreements.push(`${this.name}'s ${document}`);
      }),
    );
    return replica.doc;
  }

  /** With how many others a copy is known to be identical; undefined while not all of it is known. */
  identicalWith(document: string): number | undefined {
    const state = this.leases.get(document)?.replica.agreement.state;
    return state?.kind === 'identical' ? state.people.length : undefined;
  }

  close(document: string): void {
    this.leases.get(document)?.dispose();
    this.leases.delete(document);
  }

  textOf(document: string): string {
    return this.open(document).getText('content').toString();
  }

  /** What keeps the engine from being at rest; undefined when nothing does. */
  get unrest(): string | undefined {
    if (this.session.state.kind !== 'online') return `${this.name} is ${this.session.state.kind}`;
    for (const [document, { replica }] of this.leases) {
      const { kind } = replica.saveState;
      if (!replica.isSynced) return `${this.name} has not synced ${document}`;
      if (kind !== 'on-the-relay' && kind !== 'seen-by-all-present') return `${this.name}'s ${document} is ${kind}`;
    }
    return undefined;
  }

  /** The process ends without a word; what was not on the disk is lost. */
  crash(): void {
    this.store.crash();
    for (const pair of this.pairs) pair.cut();
    this.end();
    this.session = this.start();
  }

  /** The person quits, and starts again once everything is stored. */
  async restart(): Promise<void> {
    this.end();
    await Promise.all(this.ending);
    this.session = this.start();
  }

  /** Ends for good. */
  async finish(): Promise<void> {
    this.end();
    this.owned.dispose();
    await Promise.all(this.ending);
  }

  private end(): void {
    this.owned.clear();
    for (const lease of this.leases.values()) lease.dispose();
    this.leases.clear();
    this.ending.push(this.session.leave());
  }

  private createStore(): MemoryOfflineStore {
    const { scheduler, random } = this.options;
    return new MemoryOfflineStore(
      this.disk,
      () => new Promise((resolve) => void scheduler.schedule(resolve, random.below(MAX_WRITE_MS))),
    );
  }

  private start(): RoomSession {
    const { name, scheduler, random, connect, onProblem } = this.options;
    this.pairs = [];
    this.store = this.createStore();
    const { pairs } = this;
    const session = new RoomSession({
      syncUrl: 'ws://relay.test/sync/room',
      tokenSource: {
        async obtain() {
          const token = `${name}.editor.1000000000`;
          return { kind: 'granted', granted: { token, expiresAtMs: Number.MAX_SAFE_INTEGER } };
        },
      },
      store: this.store,
      connect: (_url, events) => {
        const pair = connect(events);
        pairs.push(pair);
        return pair.client;
      },
      scheduler,
      random: random.next,
      client: 'fuzz',
      sessionId: `session-of-${name}-${++this.starts}`,
    });
    this.owned.add(session.onProblem(onProblem));
    return session;
  }
}
