import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type * as Y from 'yjs';
import { DisposableStore, systemScheduler } from '../../../shared/lifecycle/index.ts';
import {
  type ConnectionState,
  type ConnectSocket,
  type DocumentReplica,
  RoomSession,
  type SessionProblem,
  type TokenSource,
} from '../../../shared/sync/index.ts';
import { CONTENT_TEXT } from '../../../shared/workspace/index.ts';
import { openRoomStorage, type RoomStorage } from '../session/room-storage.ts';
import { connectWebSocket } from '../session/web-socket.ts';
import { fixedToken } from './fixed-token.ts';

export { fixedToken };

export interface EngineOptions {
  readonly syncUrl: string;
  /** A token, or where tokens come from. */
  readonly token: string | TokenSource;
  /** Where the SQLite file of the room is or will be, or storage that is open already. */
  readonly storage: string | RoomStorage;
  readonly connect?: ConnectSocket;
}

/** A session as the desktop app runs it: SQLite offline store, real sockets, the system's clock. */
export class Engine {
  readonly session: RoomSession;
  readonly problems: SessionProblem[] = [];
  private readonly storage: RoomStorage;
  private readonly disposables = new DisposableStore();
  private closed: Promise<void> | undefined;

  private constructor(session: RoomSession, storage: RoomStorage) {
    this.session = session;
    this.storage = storage;
    this.disposables.add(session.onProblem((problem) => this.problems.push(problem)));
  }

  /** Starts an engine; it leaves when the test is over, if not before. */
  static async start({ syncUrl, token, storage, connect = connectWebSocket }: EngineOptions): Promise<Engine> {
    const opened = typeof storage === 'string' ? await openRoomStorage(storage) : storage;
    const session = new RoomSession({
      syncUrl,
      tokenSource: typeof token === 'string' ? fixedToken(token) : token,
      store: opened.store,
      connect,
      scheduler: systemScheduler,
      random: Math.random,
      client: 'test',
      sessionId: randomUUID(),
    });
    const engine = new Engine(session, opened);
    onTestFinished(() => engine.close());
    return engine;
  }

  /** Opens a document for as long as the engine runs. */
  open(name: string): OpenText {
    return new OpenText(this.disposables.add(this.session.open(name)).replica);
  }

  /** Resolves with the first state, from now on, that `matches`. */
  async whenState(matches: (state: ConnectionState) => boolean): Promise<ConnectionState> {
    if (matches(this.session.state)) return this.session.state;
    return new Promise((resolve) => {
      const subscription = this.session.onDidChangeState((state) => {
        if (!matches(state)) return;
        subscription.dispose();
        resolve(state);
      });
    });
  }

  /** Resolves with the first problem of a kind, past or future. */
  async whenProblem(kind: SessionProblem['kind']): Promise<SessionProblem> {
    const past = this.problems.find((problem) => problem.kind === kind);
    if (past) return past;
    return new Promise((resolve) => {
      const subscription = this.session.onProblem((problem) => {
        if (problem.kind !== kind) return;
        subscription.dispose();
        resolve(problem);
      });
    });
  }

  /** Leaves the room; resolves when all is stored. */
  close(): Promise<void> {
    this.closed ??= this.finish();
    return this.closed;
  }

  private async finish(): Promise<void> {
    await this.session.leave();
    this.disposables.dispose();
    await this.storage.close();
  }
}

/** One document of an engine, as text. */
export class OpenText {
  readonly replica: DocumentReplica;
  readonly text: Y.Text;

  constructor(replica: DocumentReplica) {
    this.replica = replica;
    this.text = replica.doc.getText(CONTENT_TEXT);
  }

  get isOnTheRelay(): boolean {
    const { kind } = this.replica.saveState;
    return this.replica.wasSynced && (kind === 'on-the-relay' || kind === 'seen-by-all-present');
  }

  /** Resolves when the relay has acked every edit. */
  whenOnTheRelay(): Promise<void> {
    return this.whenStatus(() => this.isOnTheRelay);
  }

  /** Resolves when `holds` does, looking again at every change of the replica's status. */
  whenStatus(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      const subscription = this.replica.onDidChangeStatus(() => {
        if (!holds()) return;
        subscription.dispose();
        resolve();
      });
    });
  }

  /** Resolves when the text is `content`. */
  whenText(content: string): Promise<void> {
    // Comparing the lengths first spares most of the comparisons of a long text.
    const isThere = () => this.text.length === content.length && this.text.toString() === content;
    if (isThere()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!isThere()) return;
        this.replica.doc.off('update', look);
        resolve();
      };
      this.replica.doc.on('update', look);
    });
  }
}
