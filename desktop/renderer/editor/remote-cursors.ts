import {
  type Disposable,
  DisposableStore,
  MutableDisposable,
  type Scheduler,
  systemScheduler,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import { decodeSelections, type RelativeSelection } from '../../../shared/workspace/index.ts';
import { AnimationFrameTask } from './animation-frame.ts';
import { editor, type IPosition, Range } from './monaco.ts';
import { PEER_COLORS, peerColorIndex } from './peer-colors.ts';
import { PeerNameTag } from './peer-name-tag.ts';
import { resolveSelection, toModelSelection } from './relative-selection.ts';
import type { TextBinding } from './text-binding.ts';
import './remote-cursors.css';

/** What a peer shows of itself in one file. All but the presence id is the peer's own word and not to be trusted. */
export interface RemotePeer {
  readonly presenceId: string;
  readonly name: string;
  /** Any number; it picks one of {@link PEER_COLORS}. */
  readonly colorIndex: number;
  /** As made by `encodeSelections`. */
  readonly selections: Uint8Array;
  /** Whether the peer works in this file now; otherwise its cursors are drawn faintly. */
  readonly isActive: boolean;
}

/**
 * How long a peer may be behind with telling where its caret is. Text that appears at a caret is taken for what that
 * peer has just typed; when the peer says nothing of it for this long, it was somebody else's.
 */
export const PRESENCE_LAG_MS = 400;

export interface RemoteCursorsOptions {
  readonly codeEditor: editor.ICodeEditor;
  /** The binding of the model that the editor shows. */
  readonly binding: TextBinding;
  readonly scheduler?: Scheduler;
}

function isSameSelection(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && a.every((byte, index) => byte === b[index]));
}

function isSamePeer(a: RemotePeer, b: RemotePeer): boolean {
  return (
    a.name === b.name &&
    a.colorIndex === b.colorIndex &&
    a.isActive === b.isActive &&
    isSameSelection(a.selections, b.selections)
  );
}

function decorationsFor(
  selection: ReturnType<typeof toModelSelection>,
  peer: RemotePeer,
): editor.IModelDeltaDecoration[] {
  const index = peerColorIndex(peer.colorIndex);
  const color = PEER_COLORS[index]?.light ?? '';
  const darkColor = PEER_COLORS[index]?.dark ?? '';
  const classes = `tutti-peer-${index}${peer.isActive ? '' : ' tutti-peer-idle'}`;
  const { lineNumber, column } = selection.getPosition();
  const caret: editor.IModelDeltaDecoration = {
    range: new Range(lineNumber, column, lineNumber, column),
    options: {
      beforeContentClassName: `tutti-peer-caret ${classes}`,
      // What appears at a caret is taken for its peer's own until PRESENCE_LAG_MS have passed.
      stickiness: editor.TrackedRangeStickiness.GrowsOnlyWhenTypingAfter,
      overviewRuler: { color, darkColor, position: editor.OverviewRulerLane.Full },
      zIndex: 20,
    },
  };
  if (selection.isEmpty()) return [caret];
  const range = Range.fromPositions(selection.getStartPosition(), selection.getEndPosition());
  return [
    caret,
    {
      range,
      options: {
        className: `tutti-peer-selection ${classes}`,
        stickiness: editor.TrackedRangeStickiness.NeverGrowsWhenTypingAtEdges,
        minimap: { color, darkColor, position: editor.MinimapPosition.Inline },
        zIndex: 10,
      },
    },
  ];
}

/** One peer's decorations and name tag in one editor. */
class PeerView implements Disposable {
  private readonly binding: TextBinding;
  private readonly decorations: editor.IEditorDecorationsCollection;
  private selections: readonly RelativeSelection[] = [];
  private readonly scheduler: Scheduler;
  private readonly lagTimer = new MutableDisposable();
  readonly tag: PeerNameTag;
  peer: RemotePeer;
  isDirty = true;
  private hasActed = true;
  /** Some of the selections are at text that has not arrived yet. */
  isWaitingForText = false;

  constructor(peer: RemotePeer, { codeEditor, binding, scheduler = systemScheduler }: RemoteCursorsOptions) {
    this.peer = peer;
    this.binding = binding;
    this.scheduler = scheduler;
    this.decorations = codeEditor.createDecorationsCollection();
    this.tag = new PeerNameTag(codeEditor, scheduler, () => this.caret());
    this.selections = decodeSelections(peer.selections);
  }

  update(peer: RemotePeer): void {
    if (isSamePeer(this.peer, peer)) return;
    this.hasActed ||= !isSameSelection(this.peer.selections, peer.selections) || (peer.isActive && !this.peer.isActive);
    this.peer = peer;
    this.selections = decodeSelections(peer.selections);
    this.isDirty = true;
    this.lagTimer.value = undefined;
  }

  /** Asks for `render` when the peer does not tell soon that what was inserted at its caret is its own. */
  awaitPeer(request: () => void): void {
    this.lagTimer.value ??= this.scheduler.schedule(() => {
      this.lagTimer.value = undefined;
      this.isDirty = true;
      request();
    }, PRESENCE_LAG_MS);
  }

  /** Whether a caret of the peer is at this offset of the model. */
  isAt(offset: number): boolean {
    return this.decorations
      .getRanges()
      .some((range) => range.isEmpty() && this.binding.model.getOffsetAt(range.getStartPosition()) === offset);
  }

  /** Where Monaco has carried the primary caret to. */
  caret(): IPosition | undefined {
    return this.decorations.length > 0 ? this.decorations.getRange(0)?.getStartPosition() : undefined;
  }

  render(): void {
    this.isDirty = false;
    const { model } = this.binding;
    const resolved = this.selections.map((selection) => resolveSelection(this.binding, selection));
    this.isWaitingForText = resolved.includes(undefined);
    // Better the old place for a moment than none at all.
    if (this.isWaitingForText && this.decorations.length > 0) return;
    this.decorations.set(
      resolved
        .filter((selection) => selection !== undefined)
        .flatMap((selection) => decorationsFor(toModelSelection(model, selection), this.peer)),
    );
    this.tag.update(this.peer.name, `tutti-peer-${peerColorIndex(this.peer.colorIndex)}`);
    // Monaco may have carried the caret to where the peer says it is: what counts is that the peer did something.
    if (this.hasActed && this.peer.isActive) this.tag.flash();
    else this.tag.refresh();
    this.hasActed = false;
  }

  dispose(): void {
    this.lagTimer.dispose();
    this.tag.dispose();
    this.decorations.clear();
  }
}

/**
 * Draws other people's carets, selections and names into one editor while it shows one file.
 * Only peers that changed are drawn again, once per animation frame; in between, Monaco carries the cursors along with the text.
 */
export class RemoteCursors implements Disposable {
  private readonly options: RemoteCursorsOptions;
  private readonly views = new Map<string, PeerView>();
  private readonly disposables = new DisposableStore();
  private readonly frame: AnimationFrameTask;

  constructor(options: RemoteCursorsOptions) {
    this.options = options;
    const { codeEditor, binding } = options;
    this.frame = this.disposables.add(new AnimationFrameTask(() => this.render()));
    this.disposables.add(
      binding.onDidTakeIn(() => {
        for (const view of this.list()) view.awaitPeer(() => this.frame.request());
        if (this.list().some(({ isWaitingForText }) => isWaitingForText)) this.frame.request();
      }),
    );
    this.disposables.add(binding.onWillWrite((changes) => this.handleLocalEdit(changes)));
    this.disposables.add(
      codeEditor.onDidChangeModelContent(() => {
        if (this.list().some(({ tag }) => tag.isShown)) this.frame.request();
      }),
    );
    this.disposables.add(codeEditor.onMouseMove(({ target }) => this.hover(target.position ?? undefined)));
    this.disposables.add(codeEditor.onMouseLeave(() => this.hover(undefined)));
    this.disposables.add(
      toDisposable(() => {
        for (const view of this.views.values()) view.dispose();
        this.views.clear();
      }),
    );
  }

  /** Sets who is in the file, without the person at this window. Peers are told apart by their presence id. */
  setPeers(peers: Iterable<RemotePeer>): void {
    if (this.disposables.isDisposed) return;
    const gone = new Set(this.views.keys());
    for (const peer of peers) {
      gone.delete(peer.presenceId);
      const view = this.views.get(peer.presenceId);
      if (view) view.update(peer);
      else this.views.set(peer.presenceId, new PeerView(peer, this.options));
    }
    for (const presenceId of gone) {
      this.views.get(presenceId)?.dispose();
      this.views.delete(presenceId);
    }
    this.frame.request();
  }

  /** Where a peer's primary caret is drawn, for "follow" and "jump to"; undefined when it is nowhere in this file. */
  caretOf(presenceId: string): IPosition | undefined {
    return this.views.get(presenceId)?.caret();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  /** What is typed here at a peer's caret comes after it, also on the peer's screen; Monaco has pushed the caret along. */
  private handleLocalEdit(changes: readonly editor.IModelContentChange[]): void {
    const [only, ...others] = changes;
    if (!only) return;
    for (const view of this.list()) {
      if (others.length === 0 && !view.isAt(only.rangeOffset + only.text.length)) continue;
      view.isDirty = true;
      this.frame.request();
    }
  }

  private list(): PeerView[] {
    return [...this.views.values()];
  }

  private render(): void {
    for (const view of this.views.values()) {
      if (view.isDirty || view.isWaitingForText) view.render();
      else if (view.tag.isShown) view.tag.refresh();
    }
  }

  private hover(position: IPosition | undefined): void {
    for (const view of this.views.values()) {
      const caret = view.caret();
      const isNear =
        position !== undefined &&
        caret?.lineNumber === position.lineNumber &&
        Math.abs(caret.column - position.column) <= 1;
      view.tag.setHovered(isNear);
    }
  }
}
