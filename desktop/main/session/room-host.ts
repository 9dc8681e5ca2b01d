import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import {
  type Disposable,
  DisposableStore,
  Emitter,
  reportUnexpectedError,
  systemScheduler,
} from '../../../shared/lifecycle/index.ts';
import { type LinkSecrets, RoomAdministration, RoomLinks } from '../../../shared/sync/administration/index.ts';
import { AttachmentHost, type AttachmentPort } from '../../../shared/sync/attachment/index.ts';
import {
  DELIVERY_ON_LEAVING_MS,
  type DocumentLease,
  ProposalDelivery,
  type ProposalLedger,
  type ProposalReport,
  readUnsentText,
  RoomSession,
  type TokenSource,
  type UnsentText,
} from '../../../shared/sync/index.ts';
import { CLOSE_CODES } from '../../../shared/protocol/index.ts';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { Outcome, ProblemReport } from '../../ipc/index.ts';
import { FolderMirror } from '../workspace/folder-mirror.ts';
import { explainFailure } from '../workspace/problem-board.ts';
import { createOwnedRoomTokenSource } from './owned-room.ts';
import { postJson, sendRequest } from './relay-api.ts';
import type { KeptTokenSource } from './kept-tokens.ts';
import { RoomFiles } from './room-files.ts';
import type { RoomStorage } from './room-storage.ts';
import { connectWebSocket } from './web-socket.ts';

export interface RoomHostOptions {
  readonly relayUrl: string;
  readonly room: string;
  /** Secret of the share link, or of the owner's own link. */
  readonly secret: string;
  /** Trades the secret. */
  readonly tokens: KeptTokenSource;
  /** This device made the room. */
  readonly isOwner: boolean;
  /** Lets this app make rooms on the relay. */
  readonly operatorToken: string | undefined;
  /** Of the links that this device has made. */
  readonly linkSecrets: LinkSecrets;
  /** What was handed over to the owners. */
  readonly proposalLedger: ProposalLedger;
  /** Closed by the host when it ends. */
  readonly storage: RoomStorage;
  /** Real path of the folder to keep in step with the room. */
  readonly folderPath: string | undefined;
  /** Why this device cannot get into the room on the relay; it then works on what it has. For the person. */
  readonly offlineReason: string | undefined;
}

/** As the mirror names it, too. */
const FOLDER_PROBLEM = 'folder';

/** One open room: its engine, the windows attached to it, and the folder that mirrors it. */
export class RoomHost {
  readonly room: string;
  readonly isOwner: boolean;
  readonly folderPath: string | undefined;
  /** Why the room stays offline, when it does. */
  readonly offlineReason: string | undefined;
  /** What owners ask of the relay; it refuses others. */
  readonly administration: RoomAdministration;
  readonly links: RoomLinks;
  private readonly options: RoomHostOptions;
  private readonly disposables = new DisposableStore();
  private readonly tokens: KeptTokenSource;
  private readonly proposals: ProposalDelivery;
  private readonly session: RoomSession;
  private readonly attachments: AttachmentHost;
  private readonly index: WorkspaceIndex;
  private readonly indexLease: DocumentLease;
  private readonly problems = new Map<string, ProblemReport>();
  private readonly problemEmitter = this.disposables.add(new Emitter<ProblemReport>());
  private mirror: FolderMirror | undefined;
  private roomFiles: RoomFiles | undefined;
  private isStartingMirror = false;
  private closed: Promise<void> | undefined;

  readonly onProblem = this.problemEmitter.event;

  constructor(options: RoomHostOptions) {
    const { relayUrl, room, storage } = options;
    this.options = options;
    this.room = room;
    this.isOwner = options.isOwner;
    this.folderPath = options.folderPath;
    this.offlineReason = options.offlineReason;
    this.tokens = options.tokens;
    const tokenSource = this.offlineReason === undefined ? this.tokens : refusing(this.offlineReason);
    this.administration = new RoomAdministration({ relayUrl, room, tokens: tokenSource, send: sendRequest });
    const { administration } = this;
    this.links = new RoomLinks({ relayUrl, room, administration, secrets: options.linkSecrets });
    const roomName = this.folderPath === undefined ? 'Untitled room' : basename(this.folderPath);
    this.session = new RoomSession({
      syncUrl: `${relayUrl.replace(/^http/, 'ws')}/sync/${room}`,
      tokenSource: this.createTokenSource(roomName),
      store: storage.store,
      connect: connectWebSocket,
      scheduler: systemScheduler,
      random: Math.random,
      client: 'tutti-desktop/0.1.0',
      sessionId: randomUUID(),
    });
    this.proposals = new ProposalDelivery({
      relayUrl,
      room,
      postJson,
      lastToken: () => this.tokens.lastToken,
      readUnsent: () => storage.readUnsent(),
      ledger: options.proposalLedger,
    });
    this.disposables.add(
      this.session.onDidChangeState((state) => {
        if (state.kind === 'ended' && state.closeCode === CLOSE_CODES.revoked) void this.proposeUnsent();
      }),
    );
    this.attachments = this.disposables.add(new AttachmentHost(this.session));
    this.indexLease = this.disposables.add(this.session.open(INDEX_DOCUMENT));
    this.index = this.disposables.add(
      new WorkspaceIndex(this.indexLease.replica.doc, { random: Math.random, nowMs: Date.now }),
    );
    if (options.isOwner) void this.nameRoom(roomName).catch(reportUnexpectedError);
    this.disposables.add(storage.bases.onDidFail((error) => this.reportBaseFailure(error)));
    if (storage.damage !== undefined) {
      this.report({
        id: 'storage',
        severity: 'warning',
        title: 'The local copy of this room was damaged.',
        detail: `${storage.damage} The files in your folder are not touched.`,
        canRetry: false,
      });
    }
    if (this.offlineReason !== undefined) {
      const title = 'This room stays on this device.';
      this.report({ id: 'offline', severity: 'error', title, detail: this.offlineReason, canRetry: false });
    }
    if (this.folderPath !== undefined) void this.startMirror(this.folderPath).catch(reportUnexpectedError);
  }

  /** Problems that are not over. */
  get currentProblems(): readonly ProblemReport[] {
    return [...this.problems.values()];
  }

  /** Connects a window to the engine. */
  attach(port: AttachmentPort): Disposable {
    return this.attachments.attach(port);
  }

  /** Resolves when the room is in step with the relay for the first time. */
  whenOnline(): Promise<void> {
    if (this.session.state.kind === 'online') return Promise.resolve();
    return new Promise((resolve) => {
      const subscription = this.disposables.add(
        this.session.onDidChangeState(({ kind }) => {
          if (kind !== 'online') return;
          this.disposables.delete(subscription);
          resolve();
        }),
      );
    });
  }

  /** Hands edits that the relay does not have over to the owners, after this person was put out of the room. */
  async proposeUnsent(): Promise<Outcome<ProposalReport>> {
    try {
      return { ok: true, value: await this.proposals.deliver() };
    } catch (error) {
      return { ok: false, explanation: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Files with edits that the relay does not have. */
  async readUnsent(): Promise<Outcome<readonly UnsentText[]>> {
    try {
      const documents = await this.options.storage.readUnsent();
      const files = documents.flatMap((document): UnsentText[] => {
        const text = document.document === INDEX_DOCUMENT ? undefined : readUnsentText(document);
        return text ? [text] : [];
      });
      return { ok: true, value: files };
    } catch (error) {
      return { ok: false, explanation: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Where a file is on this device. */
  pathOnDisk(fileId: string): string | undefined {
    return this.mirror?.pathOnDisk(fileId);
  }

  /** Tries again what the folder mirror could not do, also to open the folder at all. */
  retryMirror(): void {
    if (this.mirror) this.mirror.retry();
    else if (this.folderPath !== undefined) void this.startMirror(this.folderPath).catch(reportUnexpectedError);
  }

  /** The person has read what they were told; it is not shown again. */
  dismissProblem(id: string): void {
    const problem = this.problems.get(id);
    if (problem && !problem.canRetry) this.problems.delete(id);
  }

  /** Ends everything; resolves when the folder and the store have all of it. */
  close(): Promise<void> {
    this.closed ??= this.finish();
    return this.closed;
  }

  private async finish(): Promise<void> {
    this.attachments.dispose();
    try {
      await this.mirror?.flush();
    } finally {
      this.mirror?.dispose();
      await this.mirror?.whenUnwatched();
      await this.session.whenDelivered(DELIVERY_ON_LEAVING_MS);
      await this.session.leave();
      await this.options.storage.close();
      this.disposables.dispose();
    }
  }

  private async nameRoom(name: string): Promise<void> {
    await this.indexLease.replica.whenLoaded;
    if (!this.closed && this.index.roomName === undefined) this.index.roomName = name;
  }

  private createTokenSource(roomName: string): TokenSource {
    const { relayUrl, room, secret: ownerSecret, operatorToken, isOwner } = this.options;
    const { offlineReason, tokens: granted } = this;
    if (offlineReason !== undefined) return refusing(offlineReason);
    if (!isOwner) return granted;
    return createOwnedRoomTokenSource({ relayUrl, room, roomName, ownerSecret, operatorToken, granted });
  }

  private async startMirror(folder: string): Promise<void> {
    if (this.isStartingMirror) return;
    this.isStartingMirror = true;
    const failed = this.problems.get(FOLDER_PROBLEM);
    try {
      await this.openMirror(folder);
      // What the mirror itself has to say by now is newer.
      if (failed && this.problems.get(FOLDER_PROBLEM) === failed) this.report({ ...failed, isResolved: true });
    } catch (error) {
      this.mirror?.dispose();
      this.mirror = undefined;
      this.report({ id: FOLDER_PROBLEM, severity: 'error', ...explainFailure(error), canRetry: true });
    } finally {
      this.isStartingMirror = false;
    }
  }

  private async openMirror(folder: string): Promise<void> {
    const { replica } = this.indexLease;
    const { bases } = this.options.storage;
    await replica.whenLoaded;
    // Without its list the room would be seeded a second time: the relay gives it back.
    const isListLost =
      this.index.files.length === 0 && (bases.list().length > 0 || this.options.storage.damage !== undefined);
    if (!this.options.isOwner || isListLost) await replica.whenSynced;
    if (this.closed) return;
    this.roomFiles ??= this.disposables.add(new RoomFiles(this.session, this.index, (fileId) => bases.has(fileId)));
    this.mirror = new FolderMirror({
      folder,
      files: this.roomFiles,
      bases,
      scheduler: systemScheduler,
      onProblem: (problem) => this.report(problem),
    });
    await this.mirror.start();
  }

  private reportBaseFailure(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    const title = 'Tutti could not note what it wrote to the folder.';
    this.report({ id: 'mirror-bases', severity: 'warning', title, detail, canRetry: false });
  }

  private report(problem: ProblemReport): void {
    if (problem.isResolved) this.problems.delete(problem.id);
    else this.problems.set(problem.id, problem);
    this.problemEmitter.fire(problem);
  }
}

function refusing(explanation: string): TokenSource {
  return { obtain: async () => ({ kind: 'permanent', explanation }) };
}
