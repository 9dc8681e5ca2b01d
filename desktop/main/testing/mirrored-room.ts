import { randomUUID } from 'node:crypto';
import { DisposableStore, systemScheduler } from '../../../shared/lifecycle/index.ts';
import { RoomEvents, RoomRequests } from '../../../shared/sync/administration/index.ts';
import { type ConnectSocket, RoomSession, type TokenSource } from '../../../shared/sync/index.ts';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { BlobTransfers } from '../blobs/blob-transfers.ts';
import { LackingContents } from '../blobs/lacking-contents.ts';
import { EventOutbox } from '../session/event-outbox.ts';
import { sendRequest } from '../session/relay-api.ts';
import { RoomFiles } from '../session/room-files.ts';
import { openRoomStorage, type RoomStorage } from '../session/room-storage.ts';
import { connectWebSocket } from '../session/web-socket.ts';
import { FolderMirror } from '../workspace/folder-mirror.ts';
import type { MirrorProblem } from '../workspace/shared-files.ts';
import { openDiskFile } from '../workspace/text-file.ts';

export interface MirroredRoomOptions {
  readonly relayUrl: string;
  readonly room: string;
  readonly tokens: TokenSource;
  /** The SQLite file of the room. */
  readonly storagePath: string;
  /** Real path of the folder. */
  readonly folder: string;
  /** Waits for what the room has before the folder is looked at, as a guest does. */
  readonly isGuest?: boolean;
  readonly connect?: ConnectSocket;
}

/** A room with its engine, store, folder and events, as the app holds them together, without links and windows. */
export class MirroredRoom {
  readonly session: RoomSession;
  readonly files: RoomFiles;
  readonly index: WorkspaceIndex;
  readonly mirror: FolderMirror;
  readonly events: RoomEvents;
  readonly transfers: BlobTransfers;
  readonly problems: MirrorProblem[] = [];
  private readonly storage: RoomStorage;
  private readonly disposables = new DisposableStore();
  private closed: Promise<void> | undefined;

  private constructor(options: MirroredRoomOptions, storage: RoomStorage) {
    const { relayUrl, room, tokens, folder, connect = connectWebSocket } = options;
    this.storage = storage;
    this.session = new RoomSession({
      syncUrl: `${relayUrl.replace(/^http/, 'ws')}/sync/${room}`,
      tokenSource: tokens,
      store: storage.store,
      connect,
      scheduler: systemScheduler,
      random: Math.random,
      client: 'test',
      sessionId: randomUUID(),
    });
    this.events = new RoomEvents({ relayUrl, room, tokens, send: sendRequest });
    const outbox = this.disposables.add(
      new EventOutbox({
        session: this.session,
        pending: storage.pendingEvents,
        events: this.events,
        scheduler: systemScheduler,
      }),
    );
    const { replica } = this.disposables.add(this.session.open(INDEX_DOCUMENT));
    this.index = this.disposables.add(new WorkspaceIndex(replica.doc, { random: Math.random, nowMs: Date.now }));
    this.files = this.disposables.add(new RoomFiles(this.session, this.index, (fileId) => storage.bases.has(fileId)));
    this.disposables.add(outbox.follow(this.files));
    this.transfers = this.disposables.add(
      new BlobTransfers({
        requests: new RoomRequests({ relayUrl, room, tokens, send: sendRequest }),
        cache: storage.blobs,
        session: this.session,
        scheduler: systemScheduler,
        random: Math.random,
      }),
    );
    this.mirror = this.disposables.add(
      new FolderMirror({
        folder,
        files: this.files,
        bases: storage.bases,
        notes: storage.notes,
        scheduler: systemScheduler,
        onProblem: (problem) => this.problems.push(problem),
        ledger: outbox,
        blobs: this.transfers,
        onReplaced: (replaced) => outbox.noteReplaced(replaced, replica.lastEdit),
      }),
    );
    const { session, index, mirror, transfers } = this;
    this.disposables.add(
      new LackingContents({
        session,
        index,
        transfers,
        replica,
        requests: new RoomRequests({ relayUrl, room, tokens, send: sendRequest }),
        folder: {
          pathOnDisk: (fileId) => mirror.pathOnDisk(fileId),
          openOnDisk: async (fileId) => {
            const path = mirror.pathOnDisk(fileId);
            return path === undefined ? undefined : openDiskFile(path, { root: folder, path });
          },
        },
        scheduler: systemScheduler,
        random: Math.random,
      }),
    );
  }

  /** Opens the room; resolves when the folder was compared with it. */
  static async open(options: MirroredRoomOptions): Promise<MirroredRoom> {
    const room = new MirroredRoom(options, await openRoomStorage(options.storagePath));
    const { replica } = room.disposables.add(room.session.open(INDEX_DOCUMENT));
    await replica.whenLoaded;
    if (options.isGuest) await replica.whenSynced;
    await room.mirror.start();
    return room;
  }

  /** Path and text of every file that has come. */
  get texts(): Record<string, string> {
    return Object.fromEntries(this.files.files.map(({ path, fileId }) => [path, this.files.readText(fileId)]));
  }

  /** Resolves when the list, and the text of each file, are as expected. */
  async whenTexts(expected: Readonly<Record<string, string>>): Promise<void> {
    const left = new Set<string>();
    for (let isAll = false; !isAll;) {
      const { files } = this.files;
      isAll = files.length === Object.keys(expected).length;
      for (const { path, fileId } of files) {
        if (left.has(path) || !isAll) continue;
        isAll = this.files.readText(fileId) === expected[path];
        if (isAll) left.add(path);
      }
      if (!isAll) left.clear();
      if (!isAll) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends everything; resolves when the folder and the store have all of it. */
  close(): Promise<void> {
    this.closed ??= this.finish();
    return this.closed;
  }

  private async finish(): Promise<void> {
    await this.mirror.flush();
    this.mirror.dispose();
    await this.mirror.whenUnwatched();
    await this.session.leave();
    this.disposables.dispose();
    await this.storage.close();
  }
}
