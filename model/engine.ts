import { EventOutbox } from '../desktop/main/session/event-outbox.ts';
import { RoomFiles } from '../desktop/main/session/room-files.ts';
import { SqliteMirrorBases } from '../desktop/main/store/mirror-base.ts';
import { SqliteMirrorNotes } from '../desktop/main/store/mirror-notes.ts';
import { PendingEvents } from '../desktop/main/store/pending-events.ts';
import { SqliteOfflineStore } from '../desktop/main/store/sqlite-offline-store.ts';
import { FolderMirror } from '../desktop/main/workspace/folder-mirror.ts';
import type { MirrorProblem } from '../desktop/main/workspace/shared-files.ts';
import type { DiskWrites } from '../desktop/main/workspace/text-file.ts';
import { DisposableStore, toDisposable } from '../shared/lifecycle/index.ts';
import {
  type ConnectSocket,
  type DocumentLease,
  type DocumentReplica,
  RoomSession,
  type SessionProblem,
} from '../shared/sync/index.ts';
import type { ManualScheduler } from '../shared/testing/manual-scheduler.ts';
import type { SeededRandom } from '../shared/testing/seeded-random.ts';
import { CONTENT_TEXT, INDEX_DOCUMENT, type SharedFile, WorkspaceIndex } from '../shared/workspace/index.ts';
import type { Announcements } from './announcements.ts';
import type { CrashableDatabase } from './crashable-database.ts';

export interface EngineOptions {
  readonly name: string;
  readonly sessionId: string;
  readonly database: CrashableDatabase;
  readonly scheduler: ManualScheduler;
  readonly random: SeededRandom;
  /** A Yjs clientID that no copy of a document has used yet. */
  readonly nextClientId: () => number;
  readonly connect: ConnectSocket;
  readonly folder:
    | { readonly path: string; readonly writes: DiskWrites; readonly announcements: Announcements }
    | undefined;
  readonly onSessionProblem: (problem: SessionProblem) => void;
  readonly onMirrorProblem: (problem: MirrorProblem) => void;
  readonly onDiffers: (document: string) => void;
}

/** A session in which each copy of a document gets the next clientID: a seed must give the same text each time. */
class NumberedSession extends RoomSession {
  private readonly numbered = new WeakSet<object>();
  nextClientId: (() => number) | undefined;

  override open(name: string): DocumentLease {
    const lease = super.open(name);
    const { doc } = lease.replica;
    if (this.nextClientId && !this.numbered.has(doc)) doc.clientID = this.nextClientId();
    this.numbered.add(doc);
    return lease;
  }
}

/** Session, store and folder mirror of one start of the app, put together as it does. */
export class Engine {
  readonly session: RoomSession;
  readonly index: WorkspaceIndex;
  private readonly options: EngineOptions;
  private readonly store: SqliteOfflineStore;
  private readonly bases: SqliteMirrorBases;
  private readonly events: EventOutbox;
  private readonly notes: SqliteMirrorNotes;
  private readonly indexLease: DocumentLease;
  private readonly owned = new DisposableStore();
  private readonly leases = new Map<string, DocumentLease>();
  private readonly loaded = new Set<string>();
  private folderMirror: FolderMirror | undefined;
  private roomFiles: RoomFiles | undefined;
  private starting: Promise<void> | undefined;
  private isEnding = false;
  private lastTexts: readonly string[] | undefined;

  constructor(options: EngineOptions) {
    this.options = options;
    const { name, database, scheduler, random } = options;
    const { room } = database;
    this.store = new SqliteOfflineStore(room);
    this.bases = new SqliteMirrorBases(room);
    this.notes = new SqliteMirrorNotes(room);
    const pending = new PendingEvents(room);
    const session = new NumberedSession({
      syncUrl: 'ws://relay.test/sync/room',
      tokenSource: {
        async obtain() {
          const token = `${name}.editor.1000000000`;
          return { kind: 'granted', granted: { token, expiresAtMs: Number.MAX_SAFE_INTEGER } };
        },
      },
      store: this.store,
      connect: options.connect,
      scheduler,
      random: random.next,
      client: 'model',
      sessionId: options.sessionId,
    });
    session.nextClientId = options.nextClientId;
    this.session = session;
    this.owned.add(session.onProblem(options.onSessionProblem));
    const events = { post: async () => ({ ok: true, value: 1 }) as const };
    this.events = this.owned.add(new EventOutbox({ session, pending, events, scheduler }));
    this.indexLease = this.owned.add(session.open(INDEX_DOCUMENT));
    this.index = this.owned.add(
      new WorkspaceIndex(this.indexLease.replica.doc, { random: random.next, nowMs: () => scheduler.now() }),
    );
    this.owned.add(
      toDisposable(() => {
        for (const lease of this.leases.values()) lease.dispose();
        this.leases.clear();
      }),
    );
  }

  /** Follows the folder from now on. `isGuest`: the folder is empty, and the room's list must come first. */
  startMirror(isGuest: boolean): Promise<void> {
    this.starting = this.beginMirror(isGuest);
    return this.starting;
  }

  /** The mirror of the folder, once that is followed. */
  get mirror(): FolderMirror | undefined {
    return this.folderMirror;
  }

  /** Looks at the whole folder, as after changes that the system did not announce. */
  async reconcile(): Promise<void> {
    await this.folderMirror?.reconcile();
  }

  async flush(): Promise<void> {
    await this.folderMirror?.flush();
  }

  /** Which files lie in the folder, by path, as this device knows; undefined once it cannot tell any more. */
  get filesOnDisk(): ReadonlyMap<string, string> | undefined {
    if (!this.options.database.room.database.open) return undefined;
    return new Map(this.bases.list().map(({ path, fileId }) => [path, fileId]));
  }

  /** Every text that this device has in memory, or had before it began to end. */
  get texts(): readonly string[] {
    if (this.lastTexts) return this.lastTexts;
    const shown = [...this.leases.values()].map(({ replica }) => replica.doc.getText(CONTENT_TEXT).toString());
    return [...shown, ...(this.roomFiles?.files ?? []).map(({ fileId }) => this.roomFiles?.readText(fileId) ?? '')];
  }

  get textFiles(): readonly SharedFile[] {
    return this.index.files.filter(({ kind }) => kind === 'text');
  }

  /** Documents that are open in an editor. */
  get openDocuments(): readonly string[] {
    return [...this.leases.keys()];
  }

  open(document: string): DocumentReplica {
    const known = this.leases.get(document);
    if (known) return known.replica;
    const lease = this.session.open(document);
    this.leases.set(document, lease);
    const { replica } = lease;
    void replica.whenLoaded.then(() => this.loaded.add(document));
    const { agreement } = replica;
    const watching = new DisposableStore();
    watching.add(agreement.watch());
    watching.add(
      agreement.onDidChange(() => {
        if (agreement.state.kind === 'differs') this.options.onDiffers(document);
      }),
    );
    this.leases.set(document, {
      replica,
      dispose: () => {
        watching.dispose();
        lease.dispose();
      },
    });
    return replica;
  }

  /** Whether an editor shows what this device has of the document. */
  isShown(document: string): boolean {
    return this.leases.has(document) && this.loaded.has(document);
  }

  /** With how many others a copy is known to be identical; undefined while not all of it is known. */
  identicalWith(document: string): number | undefined {
    const state = this.leases.get(document)?.replica.agreement.state;
    return state?.kind === 'identical' ? state.people.length : undefined;
  }

  close(document: string): void {
    this.leases.get(document)?.dispose();
    this.leases.delete(document);
    this.loaded.delete(document);
  }

  textOf(document: string): string {
    return this.open(document).doc.getText(CONTENT_TEXT).toString();
  }

  /** Texts of open documents that this device says it keeps, together with the list of files. */
  *keptTexts(): Iterable<string> {
    if (this.indexLease.replica.saveState.kind === 'saving') return;
    for (const { replica } of this.leases.values()) {
      if (replica.saveState.kind !== 'saving') yield replica.doc.getText(CONTENT_TEXT).toString();
    }
  }

  /** What keeps it from being at rest; undefined when nothing does. */
  get unrest(): string | undefined {
    const { name } = this.options;
    if (this.session.state.kind !== 'online') return `${name} is ${this.session.state.kind}`;
    for (const [document, { replica }] of [[INDEX_DOCUMENT, this.indexLease] as const, ...this.leases]) {
      const { kind } = replica.saveState;
      if (!replica.isSynced) return `${name} has not synced ${document}`;
      if (kind !== 'on-the-relay' && kind !== 'seen-by-all-present') return `${name}'s ${document} is ${kind}`;
    }
    return undefined;
  }

  /** The person quits: resolves when folder and store have everything. */
  async quit(): Promise<void> {
    await this.starting?.catch(() => undefined);
    await this.folderMirror?.flush();
    await this.end();
  }

  /** Stops without writing what waits, as far as that can be told from the end of the process. */
  async end(): Promise<void> {
    if (this.isEnding) return;
    this.lastTexts = this.texts;
    this.isEnding = true;
    this.folderMirror?.dispose();
    await this.starting?.catch(() => undefined);
    this.folderMirror?.dispose();
    await this.folderMirror?.whenIdle();
    this.owned.dispose();
    await this.session.leave().catch(() => undefined);
    await this.store.close();
    this.options.database.close();
  }

  private async beginMirror(isGuest: boolean): Promise<void> {
    const { folder, scheduler, onMirrorProblem } = this.options;
    if (!folder) throw new Error('there is no folder');
    const { replica } = this.indexLease;
    await (isGuest ? replica.whenSynced : replica.whenLoaded);
    if (this.isEnding) return;
    const isKnown = (fileId: string) => this.bases.has(fileId);
    this.roomFiles = this.owned.add(new RoomFiles(this.session, this.index, isKnown, scheduler));
    this.owned.add(this.events.follow(this.roomFiles));
    this.folderMirror = new FolderMirror({
      folder: folder.path,
      files: this.roomFiles,
      bases: this.bases,
      notes: this.notes,
      scheduler,
      onProblem: onMirrorProblem,
      writes: folder.writes,
      watch: (_root, events) => folder.announcements.watch(events),
      ledger: this.events,
      // One at a time, so that a seed always does the same.
      concurrentSyncs: 1,
    });
    await this.folderMirror.start();
  }
}
