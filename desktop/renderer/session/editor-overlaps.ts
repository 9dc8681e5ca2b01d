import { type Disposable, DisposableStore, Emitter, MutableDisposable } from '../../../shared/lifecycle/index.ts';
import type { AwayChange } from '../../../shared/sync/away/away-summary.ts';
import { type EditorPane, type OverlapMark, OverlapMarks } from '../editor/index.ts';
import type { OpenRoom } from './open-room.ts';

const NAMES = new Intl.ListFormat('en');
const MAX_NAMES = 3;

/** Overlapping edits of a room that were looked at in this window, while others of the same file were not. */
export class SeenOverlaps implements Disposable {
  private readonly changed = new Emitter<void>();
  private readonly room: OpenRoom;
  /** By file; until the file itself is known to be looked at. */
  private readonly keys = new Map<string, Set<string>>();

  readonly onDidChange = this.changed.event;

  constructor(room: OpenRoom) {
    this.room = room;
  }

  /** The places of a file that are still to be looked at. */
  unseen(fileId: string): readonly OverlapMark[] {
    const change = this.changeOf(fileId);
    // If more of it is told later, all of it is to be looked at.
    if (change?.isLookedAt) this.keys.delete(fileId);
    if (!change || change.isLookedAt || change.undone !== undefined) return [];
    const seen = this.keys.get(fileId);
    return marksOf(change).filter(({ key }) => seen?.has(key) !== true);
  }

  /** What the marks of a file are about; for people. */
  explain(fileId: string): string {
    const names = this.changeOf(fileId)?.people.map(({ name }) => name) ?? [];
    const others = names.length === 0 ? ['somebody else'] : names.slice(0, MAX_NAMES);
    return `${NAMES.format(['You', ...others])} changed this while you were away. Press to compare.`;
  }

  /** The file is looked at once all of its places are. */
  add(fileId: string, key: string): void {
    const seen = this.keys.get(fileId) ?? new Set();
    if (seen.has(key)) return;
    this.keys.set(fileId, seen.add(key));
    if (this.unseen(fileId).length === 0) this.room.session.away.lookedAt([fileId]);
    this.changed.fire();
  }

  dispose(): void {
    this.changed.dispose();
  }

  private changeOf(fileId: string): AwayChange | undefined {
    return this.room.session.away.summary?.changes.find((change) => change.fileId === fileId);
  }
}

export interface EditorOverlapsOptions {
  readonly pane: EditorPane;
  readonly room: OpenRoom;
  readonly seen: SeenOverlaps;
  readonly fileId: string;
  /** The sign of a mark was pressed. */
  readonly onPressed: (fileId: string) => void;
}

/** The marks of overlapping edits in one editor. */
export class EditorOverlaps implements Disposable {
  private readonly options: EditorOverlapsOptions;
  private readonly disposables = new DisposableStore();
  private readonly whileReady = this.disposables.add(new MutableDisposable<DisposableStore>());
  private marks: OverlapMarks | undefined;

  constructor(options: EditorOverlapsOptions) {
    const { pane, room, seen } = options;
    this.options = options;
    this.disposables.add(pane.onDidChangeState(() => this.followText()));
    this.disposables.add(room.session.away.onDidChange(() => this.show()));
    this.disposables.add(seen.onDidChange(() => this.show()));
    this.followText();
  }

  /** Puts the caret to the next or previous place, which is looked at thereby. */
  reveal(direction: 'next' | 'previous'): void {
    const { pane, seen, fileId } = this.options;
    const target = this.marks?.neighbour(direction);
    if (!target) return;
    pane.reveal({ lineNumber: target.range.startLineNumber, column: 1 });
    pane.focus();
    seen.add(fileId, target.key);
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private followText(): void {
    const { pane, seen, fileId, onPressed } = this.options;
    const { state, codeEditor } = pane;
    this.whileReady.value = undefined;
    this.marks = undefined;
    if (state?.kind !== 'ready') return;
    const whileReady = new DisposableStore();
    this.whileReady.value = whileReady;
    this.marks = whileReady.add(new OverlapMarks({ codeEditor, binding: state.binding }));
    whileReady.add(this.marks.onDidVisit((key) => seen.add(fileId, key)));
    whileReady.add(this.marks.onDidPress(() => onPressed(fileId)));
    this.show();
  }

  private show(): void {
    const { seen, fileId } = this.options;
    this.marks?.setMarks(seen.unseen(fileId), seen.explain(fileId));
  }
}

function marksOf({ overlaps }: AwayChange): readonly OverlapMark[] {
  return overlaps.map(({ start, end }) => ({ key: JSON.stringify([start, end]), start, end }));
}
