import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import {
  type Disposable,
  DisposableStore,
  Emitter,
  errorMessage,
  type Event,
  reportUnexpectedError,
  systemScheduler,
} from '../../../shared/lifecycle/index.ts';
import {
  heeding,
  type LinkSecrets,
  RoomAdministration,
  RoomChanges,
  RoomEvents,
  RoomLinks,
  RoomRequests,
} from '../../../shared/sync/administration/index.ts';
import { AttachmentHost, type AttachmentPort } from '../../../shared/sync/attachment/index.ts';
import {
  type ConnectionState,
  DELIVERY_ON_LEAVING_MS,
  type DocumentLease,
  type NudgeReason,
  ProposalDelivery,
  type ProposalLedger,
  type ProposalReport,
  readUnsentTexts,
  RoomSession,
  type TokenResult,
  type TokenSource,
  type UnsentText,
} from '../../../shared/sync/index.ts';
import type { Role } from '../../../shared/access/index.ts';
import { CLOSE_CODES } from '../../../shared/protocol/index.ts';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { Outcome, ProblemReport } from '../../ipc/index.ts';
import { BlobTransfers } from '../blobs/blob-transfers.ts';
import { LackingContents } from '../blobs/lacking-contents.ts';
import { tellDifferences } from './copy-differences.ts';
import { EventOutbox } from './event-outbox.ts';
import { createOwnedRoomTokenSource } from './owned-room.ts';
import { postJson, sendRequest } from './relay-api.ts';
import type { KeptTokenSource } from './kept-tokens.ts';
import type { MirrorSurroundings } from './mirror-surroundings.ts';
import { tellRefusal } from './when-refused.ts';
import { RoomMirror } from './room-mirror.ts';
import { RoomContents } from './room-contents.ts';
import type { RoomStorage } from './room-storage.ts';
import { connectWebSocket } from './web-socket.ts';
import { refusing, startingWith } from './fixed-answers.ts';

export interface RoomHostOptions {
  readonly relayUrl: string;
  readonly room: string;
  /** Secret of the share link, or of the owner's own link. */
  readonly secret: string;
  /** Trades the secret. */
  readonly tokens: KeptTokenSource;
  /** The first trade of the link, when it is under way: the first try to connect waits for it. */
  readonly joining?: Promise<TokenResult> | undefined;
  /** This device made the room. */
  readonly isOwner: boolean;
  /** Lets this app make rooms on the relay. */
  readonly operatorToken: string | undefined;
  /** Of the links that this device has made. */
  readonly linkSecrets: LinkSecrets;
  /** What was handed over to the owners. */
  readonly proposalLedger: ProposalLedger;
  /** Told what is known of the room whenever it is online. */
  readonly onOnline?: (description: RoomDescription) => void;
  /** Closed by the host when it ends. */
  readonly storage: RoomStorage;
  /** Real path of the folder that the room was made for. */
  readonly folderPath: string | undefined;
  readonly surroundings: MirrorSurroundings;
  /** Why this device cannot get into the room on the relay; it then works on what it has. For the person. */
  readonly offlineReason: string | undefined;
}

/** What a guest knows of a room. */
export interface RoomDescription {
  readonly name: string | undefined;
  /** The one that the relay granted. */
  readonly role: Role | undefined;
}

/** One open room: its engine, the windows attached to it, and the folder that mirrors it. */
export class RoomHost {
  readonly room: string;
  readonly isOwner: boolean;
  /** The folder on this device that mirrors the room. */
  readonly mirror: RoomMirror;
  /** Why the room stays offline, when it does. */
  readonly offlineReason: string | undefined;
  /** What owners ask of the relay; it refuses others. */
  readonly administration: RoomAdministration;
  readonly links: RoomLinks;
  /** Contents of the room's files that are no texts. */
  readonly contents: RoomContents;
  /** What happened in the room, for everybody in it. */
  readonly history: RoomEvents;
  private readonly options: RoomHostOptions;
  private readonly disposables = new DisposableStore();
  private readonly tokens: KeptTokenSource;
  private readonly proposals: ProposalDelivery;
  private readonly session: RoomSession;
  private readonly attachments: AttachmentHost;
  private readonly transfers: BlobTransfers;
  private readonly events: EventOutbox;
  private readonly index: WorkspaceIndex;
  private readonly indexLease: DocumentLease;
  /** What the relay answers is a sign that it can be reached. */
  private readonly send = heeding(sendRequest, () => this.session.relayAnswered());
  private readonly problems = new Map<string, ProblemReport>();
  private readonly problemEmitter = this.disposables.add(new Emitter<ProblemReport>());
  private closed: Promise<void> | undefined;

  readonly onProblem = this.problemEmitter.event;

  constructor(options: RoomHostOptions) {
    const { relayUrl, room, storage } = options;
    this.options = options;
    this.room = room;
    this.isOwner = options.isOwner;
    this.offlineReason = options.offlineReason;
    this.tokens = options.tokens;
    const tokenSource = this.offlineReason === undefined ? this.tokens : refusing(this.offlineReason);
    this.administration = new RoomAdministration({ relayUrl, room, tokens: tokenSource, send: this.send });
    const { administration } = this;
    this.links = new RoomLinks({ relayUrl, room, administration, secrets: options.linkSecrets });
    this.history = new RoomEvents({ relayUrl, room, tokens: tokenSource, send: this.send });
    const { folderPath } = options;
    const roomName = folderPath === undefined ? 'Untitled room' : basename(folderPath);
    this.session = this.createSession(roomName, tokenSource);
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
        if (state.kind === 'online') this.tellWhatIsKnown();
      }),
    );
    this.events = this.disposables.add(
      new EventOutbox({
        session: this.session,
        pending: storage.pendingEvents,
        events: this.history,
        scheduler: systemScheduler,
      }),
    );
    this.disposables.add(this.events.onDidRefuse((detail) => this.reportRefusedEvent(detail)));
    this.attachments = this.disposables.add(new AttachmentHost(this.session));
    this.indexLease = this.disposables.add(this.session.open(INDEX_DOCUMENT));
    this.index = this.disposables.add(
      new WorkspaceIndex(this.indexLease.replica.doc, { random: Math.random, nowMs: Date.now }),
    );
    const requests = new RoomRequests({ relayUrl, room, tokens: tokenSource, send: this.send });
    this.transfers = this.disposables.add(this.createTransfers(requests));
    this.contents = new RoomContents(this.transfers, this.index);
    if (options.isOwner) void this.nameRoom(roomName).catch(reportUnexpectedError);
    if (options.isOwner && this.offlineReason === undefined) {
      this.disposables.add(tellRefusal(this, (problem) => this.report(problem)));
    }
    this.tellOfStorage(storage);
    this.mirror = this.createMirror();
    const { session, index, transfers, mirror: folder } = this;
    const again = { session, index, transfers, requests, folder, replica: this.indexLease.replica };
    this.disposables.add(new LackingContents({ ...again, scheduler: systemScheduler, random: Math.random }));
    this.mirror.resume();
  }

  /** The folder that mirrors the room; undefined while there is none. */
  get folderPath(): string | undefined {
    return this.mirror.folder;
  }

  /** Problems that are not over. */
  get currentProblems(): readonly ProblemReport[] {
    return [...this.problems.values()];
  }

  /** Connects a window to the engine. */
  attach(port: AttachmentPort): Disposable {
    return this.attachments.attach(port);
  }

  /** Says which files are not the same here and with others, where no window says it. */
  tellDifferences(tell: (text: string) => void): void {
    this.disposables.add(tellDifferences(this.session, this.index, tell));
  }

  /** The connection to the relay may have died or may be possible again. */
  nudge(reason: NudgeReason, asleepMs = 0): void {
    this.session.nudge(reason, asleepMs);
  }

  /** The person is called `name` from now on. */
  rename(name: string): void {
    this.tokens.rename(name);
    this.session.rename(name);
  }

  /** How this device is connected to the relay. */
  get connection(): ConnectionState {
    return this.session.state;
  }

  get onDidChangeConnection(): Event<ConnectionState> {
    return this.session.onDidChangeState;
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

  /** How many documents have edits that the relay does not have. */
  get unsentDocuments(): number {
    return this.options.storage.countUnsent();
  }

  /** Hands edits that the relay does not have over to the owners, after this person was put out of the room. */
  async proposeUnsent(): Promise<Outcome<ProposalReport>> {
    try {
      return { ok: true, value: await this.proposals.deliver() };
    } catch (error) {
      return { ok: false, explanation: errorMessage(error) };
    }
  }

  /** Files with edits that the relay does not have. */
  async readUnsent(): Promise<Outcome<readonly UnsentText[]>> {
    try {
      return { ok: true, value: readUnsentTexts(await this.options.storage.readUnsent()) };
    } catch (error) {
      return { ok: false, explanation: errorMessage(error) };
    }
  }

  /** Where a file is on this device. */
  pathOnDisk(fileId: string): string | undefined {
    return this.mirror.pathOnDisk(fileId);
  }

  /** Tries again what the folder mirror could not do, also to open the folder at all. */
  retryMirror(): void {
    this.mirror.retry();
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
      await this.mirror.close();
    } finally {
      await this.session.whenDelivered(DELIVERY_ON_LEAVING_MS);
      await this.session.leave();
      await this.options.storage.close();
      this.disposables.dispose();
    }
  }

  private createSession(roomName: string, tokens: TokenSource): RoomSession {
    const { relayUrl, room, storage } = this.options;
    return new RoomSession({
      syncUrl: `${relayUrl.replace(/^http/, 'ws')}/sync/${room}`,
      tokenSource: this.createTokenSource(roomName),
      store: storage.store,
      authors: new RoomChanges({ relayUrl, room, tokens, send: this.send }),
      connect: connectWebSocket,
      scheduler: systemScheduler,
      random: Math.random,
      client: 'tutti-desktop/0.1.0',
      sessionId: randomUUID(),
    });
  }

  private createTransfers(requests: RoomRequests): BlobTransfers {
    return new BlobTransfers({
      requests,
      cache: this.options.storage.blobs,
      session: this.session,
      scheduler: systemScheduler,
      random: Math.random,
    });
  }

  private createMirror(): RoomMirror {
    const { room, storage, isOwner, folderPath, surroundings } = this.options;
    return new RoomMirror({
      room,
      session: this.session,
      index: this.index,
      indexReplica: this.indexLease.replica,
      storage,
      events: this.events,
      blobs: this.transfers,
      onReplaced: (replaced) => this.events.noteReplaced(replaced, this.indexLease.replica.lastEdit),
      isOwner,
      ownFolder: folderPath,
      surroundings,
      onProblem: (problem) => this.report(problem),
    });
  }

  private tellWhatIsKnown(): void {
    this.options.onOnline?.({ name: this.index.roomName, role: this.tokens.grant?.role });
  }

  private async nameRoom(name: string): Promise<void> {
    await this.indexLease.replica.whenLoaded;
    // Where the person has done nothing yet, there is nothing that the relay could miss.
    if (this.options.folderPath === undefined) await this.whenOnline();
    if (!this.closed && this.index.roomName === undefined) this.index.roomName = name;
  }

  private createTokenSource(roomName: string): TokenSource {
    const { relayUrl, room, secret: ownerSecret, operatorToken, isOwner } = this.options;
    const { offlineReason, tokens: granted } = this;
    if (offlineReason !== undefined) return refusing(offlineReason);
    if (!isOwner) return startingWith(this.options.joining, granted);
    return createOwnedRoomTokenSource({ relayUrl, room, roomName, ownerSecret, operatorToken, granted });
  }

  private reportRefusedEvent(detail: string): void {
    const title = 'A change of many files is not in the history.';
    this.report({ id: 'event-refused', severity: 'info', title, detail, canRetry: false });
  }

  private reportBaseFailure(error: unknown): void {
    const detail = errorMessage(error);
    const title = 'Tutti could not note what it wrote to the folder.';
    this.report({ id: 'mirror-bases', severity: 'warning', title, detail, canRetry: false });
  }

  private tellOfStorage(storage: RoomStorage): void {
    this.disposables.add(storage.bases.onDidFail((error) => this.reportBaseFailure(error)));
    this.disposables.add(storage.notes.onDidFail((error) => this.reportBaseFailure(error)));
    this.disposables.add(storage.pendingEvents.onDidFail((error) => this.reportBaseFailure(error)));
    this.disposables.add(storage.onDidOverflow((bytes) => this.reportOverflow(bytes)));
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
  }

  private reportOverflow(bytes: number): void {
    const title = `This room takes ${Math.ceil(bytes / 1024 / 1024)} MiB on this device.`;
    const detail =
      'That is more than Tutti wants to keep, but all of it is open, mirrored to a folder, or not on the relay yet. Connect to the relay, or forget rooms that you do not need.';
    this.report({ id: 'storage-size', severity: 'info', title, detail, canRetry: false });
  }

  private report(problem: ProblemReport): void {
    if (problem.isResolved) this.problems.delete(problem.id);
    else this.problems.set(problem.id, problem);
    this.problemEmitter.fire(problem);
  }
}
