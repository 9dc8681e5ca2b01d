import { DisposableStore } from '../../../shared/lifecycle/index.ts';
import {
  type EditorModels,
  EditorPane,
  monacoLanguages,
  type PaneSelections,
  type RemotePeer,
} from '../editor/index.ts';
import { ObservableValue } from '../ui/observable.ts';
import type { EditorAction, EditorHandle, EditorStatus, Outcome } from '../ui/workbench-model.ts';
import { EditorComments } from './editor-comments.ts';
import { EditorOverlaps, type SeenOverlaps } from './editor-overlaps.ts';
import type { OpenRoom } from './open-room.ts';
import { explainReadOnly } from './read-only.ts';
import type { RoomTalk } from './room-talk.ts';

const COMMANDS: { readonly [A in EditorAction]: string } = {
  undo: 'undo',
  redo: 'redo',
  find: 'actions.find',
  replace: 'editor.action.startFindReplaceAction',
  'go-to-line': 'editor.action.gotoLine',
  'select-all': 'editor.action.selectAll',
  'command-list': 'editor.action.quickCommand',
};

/** What people ask for in editors and the interface does. */
export interface EditorAsks {
  /** The menu of the active editor asks for a comment. */
  readonly onCommentWanted: () => void;
  /** The margin of an editor asks what others changed in its file while self was away. */
  readonly onComparisonWanted: (fileId: string) => void;
}

export interface EditorAttachmentOptions extends EditorAsks {
  readonly talk: RoomTalk;
  readonly models: EditorModels;
  readonly fileId: string;
  readonly element: HTMLElement;
  readonly onSelections: (selections: PaneSelections) => void;
  readonly seenOverlaps: SeenOverlaps;
  readonly onDisposed: (attachment: EditorAttachment) => void;
}

/** One editor of the workbench: a pane on one file, and what the status bar says of it. */
export class EditorAttachment implements EditorHandle {
  readonly status = new ObservableValue<EditorStatus | undefined>(undefined);
  readonly fileId: string;
  private readonly disposables = new DisposableStore();
  private readonly pane: EditorPane;
  private readonly room: OpenRoom;
  private readonly comments: EditorComments;
  private readonly overlaps: EditorOverlaps;
  private readonly onDisposed: (attachment: EditorAttachment) => void;

  constructor(options: EditorAttachmentOptions) {
    const { talk, models, fileId, element, onSelections, onCommentWanted, onDisposed } = options;
    const { seenOverlaps: seen, onComparisonWanted: onPressed } = options;
    const { room } = talk;
    this.room = room;
    this.fileId = fileId;
    this.onDisposed = onDisposed;
    this.pane = this.disposables.add(new EditorPane({ element, models }));
    const { codeEditor } = this.pane;
    const update = () => this.updateStatus();
    this.disposables.add(this.pane.onDidChangeSelections(onSelections));
    this.disposables.add(this.pane.onDidChangeState(update));
    this.disposables.add(codeEditor.onDidChangeCursorSelection(update));
    this.disposables.add(codeEditor.onDidChangeModelLanguage(update));
    this.disposables.add(room.onDidChangeFiles(update));
    const document = this.disposables.add(room.session.open(fileId));
    const updateAccess = () => this.pane.setReadOnly(explainReadOnly(room, document));
    this.disposables.add(document.onDidChangeStatus(updateAccess));
    this.disposables.add(room.session.onDidChangeSelf(updateAccess));
    this.disposables.add(room.onDidChangeFiles(updateAccess));
    this.pane.show(fileId, room.index.get(fileId)?.path ?? fileId);
    updateAccess();
    this.comments = this.disposables.add(new EditorComments({ pane: this.pane, talk, fileId }));
    this.overlaps = this.disposables.add(new EditorOverlaps({ pane: this.pane, room, seen, fileId, onPressed }));
    this.disposables.add(
      codeEditor.addAction({
        id: 'tutti.comments.add',
        label: 'Add Comment',
        contextMenuGroupId: '1_modification',
        contextMenuOrder: 9,
        run: onCommentWanted,
      }),
    );
  }

  get commentZone(): EditorComments['zone'] {
    return this.comments.zone;
  }

  focus(): void {
    this.pane.focus();
  }

  run(action: EditorAction): void {
    this.pane.execute(COMMANDS[action]);
  }

  revealParticipant(presenceId: string): void {
    this.pane.revealPeer(presenceId);
  }

  startComment(): Outcome {
    return this.comments.startComment();
  }

  revealThread(threadId: string): void {
    this.comments.revealThread(threadId);
  }

  revealNeighbour(direction: 'next' | 'previous'): void {
    this.comments.revealNeighbour(direction);
  }

  revealOverlap(direction: 'next' | 'previous'): void {
    this.overlaps.reveal(direction);
  }

  closeCommentZone(): void {
    this.comments.close();
  }

  setPeers(peers: readonly RemotePeer[]): void {
    this.pane.setPeers(peers);
  }

  dispose(): void {
    if (this.disposables.isDisposed) return;
    this.disposables.dispose();
    this.onDisposed(this);
  }

  private updateStatus(): void {
    const { codeEditor } = this.pane;
    const model = codeEditor.getModel();
    const position = codeEditor.getPosition();
    if (!model || !position || this.pane.state?.kind !== 'ready') {
      this.status.set(undefined);
      return;
    }
    const selections = codeEditor.getSelections() ?? [];
    this.status.set({
      line: position.lineNumber,
      column: position.column,
      selectedCharacters: selections.reduce((sum, range) => sum + model.getValueLengthInRange(range), 0),
      cursorCount: Math.max(1, selections.length),
      eol: this.room.index.get(this.fileId)?.eol ?? 'LF',
      language: languageName(model.getLanguageId()),
    });
  }
}

function languageName(languageId: string): string {
  const language = monacoLanguages.getLanguages().find(({ id }) => id === languageId);
  return language?.aliases?.[0] ?? (languageId === 'plaintext' ? 'Plain Text' : languageId);
}
