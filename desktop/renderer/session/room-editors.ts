import { type Disposable, DisposableStore } from '../../../shared/lifecycle/index.ts';
import { mayWrite } from '../../../shared/sync/index.ts';
import { CONTENT_TEXT, decodePresenceState, encodePresenceState } from '../../../shared/workspace/index.ts';
import { EditorModels, type OpenDocument, type RemotePeer } from '../editor/index.ts';
import type { FileProblem } from '../ui/workbench-model.ts';
import { EditorAttachment, type EditorAsks } from './editor-attachment.ts';
import { SeenOverlaps } from './editor-overlaps.ts';
import { FileStates } from './file-states.ts';
import type { OpenRoom } from './open-room.ts';
import { colorsInRoom } from './participant-colors.ts';
import type { RoomTalk } from './room-talk.ts';

const NO_SELECTIONS = new Uint8Array(0);

/** The editors of one open room: their models, the cursors of others in them, and what self shows to others. */
export class RoomEditors implements Disposable {
  readonly fileStates: FileStates;
  private readonly disposables = new DisposableStore();
  private readonly room: OpenRoom;
  private readonly talk: RoomTalk;
  private readonly asks: EditorAsks;
  private readonly seenOverlaps: SeenOverlaps;
  private readonly models: EditorModels;
  private readonly attachments = new Set<EditorAttachment>();
  private readonly selections = new Map<string, Uint8Array>();
  private activeFileId: string | undefined;

  constructor(talk: RoomTalk, readProblem: (fileId: string) => FileProblem | undefined, asks: EditorAsks) {
    const { room } = talk;
    this.room = room;
    this.talk = talk;
    this.asks = asks;
    this.seenOverlaps = this.disposables.add(new SeenOverlaps(room));
    this.fileStates = new FileStates(room, readProblem);
    this.models = this.disposables.add(
      new EditorModels({
        openDocument: (fileId) => this.openDocument(fileId),
        canWrite: (fileId) => this.canWrite(fileId),
      }),
    );
    this.disposables.add(room.session.onDidChangeParticipants(() => this.showPeers()));
    this.disposables.add(room.session.onDidChangeSelf(() => this.showPeers()));
    this.disposables.add(
      room.onDidChangeFiles(() => {
        this.renameModels();
        this.showPeers();
      }),
    );
  }

  attach(fileId: string, element: HTMLElement): EditorAttachment {
    const attachment = new EditorAttachment({
      talk: this.talk,
      models: this.models,
      fileId,
      element,
      onSelections: ({ selections }) => {
        this.selections.set(fileId, selections);
        if (fileId === this.activeFileId) this.sendPresence();
      },
      ...this.asks,
      seenOverlaps: this.seenOverlaps,
      onDisposed: (disposed) => this.attachments.delete(disposed),
    });
    this.attachments.add(attachment);
    attachment.setPeers(this.peersIn(fileId));
    return attachment;
  }

  /** Whether an editor is open on the file. */
  isShown(fileId: string): boolean {
    return [...this.attachments].some((attachment) => attachment.fileId === fileId);
  }

  setActiveFile(fileId: string | undefined): void {
    if (fileId === this.activeFileId) return;
    this.activeFileId = fileId;
    this.sendPresence();
  }

  dispose(): void {
    for (const attachment of [...this.attachments]) attachment.dispose();
    this.disposables.dispose();
  }

  private openDocument(fileId: string): OpenDocument {
    const document = this.room.session.open(fileId);
    return {
      text: document.whenReady.then(() => document.doc.getText(CONTENT_TEXT)),
      onDidReset: document.onDidReset,
      dispose: () => document.dispose(),
    };
  }

  private canWrite(fileId: string): boolean {
    const document = this.room.session.open(fileId);
    const { access } = document;
    document.dispose();
    return mayWrite(access) && this.room.lossExplanation === undefined;
  }

  private sendPresence(): void {
    const { activeFileId } = this;
    const selections = activeFileId === undefined ? undefined : this.selections.get(activeFileId);
    this.room.session.setPresence(
      encodePresenceState({ fileId: activeFileId, selections: selections ?? NO_SELECTIONS }),
    );
  }

  private showPeers(): void {
    for (const attachment of this.attachments) attachment.setPeers(this.peersIn(attachment.fileId));
  }

  private peersIn(fileId: string): readonly RemotePeer[] {
    const peers: RemotePeer[] = [];
    // Where others are in a file that is not listed for self is not for self to see.
    if (!this.room.index.get(fileId)) return peers;
    const colors = colorsInRoom(this.room);
    for (const { presenceId, name, state } of this.room.session.participants.values()) {
      const shown = state === undefined ? undefined : decodePresenceState(state);
      if (shown?.fileId !== fileId) continue;
      const { selections } = shown;
      peers.push({
        presenceId: String(presenceId),
        name,
        colorIndex: colors.get(presenceId) ?? 0,
        selections,
        isActive: true,
      });
    }
    return peers;
  }

  private renameModels(): void {
    for (const { fileId } of this.attachments) {
      const path = this.room.index.get(fileId)?.path;
      if (path !== undefined) this.models.rename(fileId, path);
    }
  }
}
