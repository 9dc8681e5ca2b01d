import { documentAccess } from '../../../shared/access/index.ts';
import { type Disposable, DisposableStore, Emitter } from '../../../shared/lifecycle/index.ts';
import type { DocumentReplica, RoomSession } from '../../../shared/sync/index.ts';
import { INDEX_DOCUMENT } from '../../../shared/workspace/index.ts';
import type { MirrorDirection } from '../../ipc/index.ts';
import type { MirrorNotes } from '../workspace/mirror-notes.ts';
import type { MirrorPolicy } from '../workspace/mirror-policy.ts';

/** Value of what is held by choice. */
const CHOSEN = 'chosen';
const MAX_LISTED = 20;
const DIRECTION_NOTE = 'direction';
const DIRECTIONS: readonly MirrorDirection[] = ['to-disk', 'texts', 'both'];

/**
 * Lets as much of the folder into the room as self may write there. Less counts at once; more only when it is put into
 * force, so that what was done on disk before can be held first. Without a relay, what counted last does.
 */
export class MirrorAccess implements MirrorPolicy, Disposable {
  private readonly session: RoomSession;
  private readonly index: DocumentReplica;
  private readonly notes: MirrorNotes;
  private readonly disposables = new DisposableStore();
  private readonly changed = this.disposables.add(new Emitter<void>());
  private readonly raised = this.disposables.add(new Emitter<void>());
  private readonly held = this.disposables.add(new Emitter<void>());
  private inForce: MirrorDirection;

  /** Fires when the direction in force or the held files may have changed. */
  readonly onDidChange = this.changed.event;
  /** Fires when self may do more than is in force. */
  readonly onDidRaise = this.raised.event;
  /** Fires when something was held that was not before. */
  readonly onDidHold = this.held.event;

  /** `index` is the room's list. `usual` counts where nothing is noted and the relay has not answered. */
  constructor(session: RoomSession, index: DocumentReplica, notes: MirrorNotes, usual: MirrorDirection) {
    this.session = session;
    this.index = index;
    this.notes = notes;
    const noted = DIRECTIONS.find((direction) => direction === notes.get('setting', DIRECTION_NOTE));
    this.inForce = noted ?? this.granted ?? usual;
    this.disposables.add(session.onDidChangeSelf(() => this.notice()));
    this.disposables.add(index.onDidChangeStatus(() => this.notice()));
  }

  get direction(): MirrorDirection {
    return this.inForce;
  }

  /** Whether self may do more than is in force. */
  get isRaised(): boolean {
    const { granted } = this;
    return granted !== undefined && isMore(granted, this.inForce);
  }

  get heldCount(): number {
    return this.heldIds.size + this.notes.names('held-path').length;
  }

  /** The person has looked at everything that is held, and did not share it. */
  get isHeldByChoice(): boolean {
    const { notes } = this;
    const isChosen = (path: string) => notes.get('held-path', path) === CHOSEN;
    return this.heldIds.size === 0 && notes.names('held-path').every(isChosen);
  }

  /** Paths of the first of what is held, of which `files` are in the room. */
  listHeld(files: readonly { readonly fileId: string; readonly path: string }[]): readonly string[] {
    const changed = this.heldIds;
    const inRoom = files.filter(({ fileId }) => changed.has(fileId)).map(({ path }) => path);
    return [...inRoom, ...this.notes.names('held-path')].toSorted().slice(0, MAX_LISTED);
  }

  /** Puts what self may do into force, and notes it. */
  enforce(): void {
    this.set(this.granted ?? this.inForce);
  }

  get takesFiles(): boolean {
    return this.inForce === 'both';
  }

  takesEdits(fileId: string): boolean {
    return this.inForce !== 'to-disk' && !this.isFileHeld(fileId);
  }

  takesRemoval(fileId: string): boolean {
    return this.inForce === 'both' && !this.isFileHeld(fileId);
  }

  isPathHeld(path: string): boolean {
    return this.notes.get('held-path', path) !== undefined;
  }

  holdPath(path: string): void {
    if (this.isPathHeld(path)) return;
    this.notes.set('held-path', path, '');
    this.held.fire();
    this.changed.fire();
  }

  isFileHeld(fileId: string): boolean {
    return this.notes.get('held-file', fileId) !== undefined || this.isBitHeld(fileId);
  }

  holdFile(fileId: string): void {
    this.hold('held-file', fileId);
  }

  releaseFile(fileId: string): void {
    this.release('held-file', fileId);
  }

  /** Whether it is held that the file became executable, or ceased to be so. */
  isBitHeld(fileId: string): boolean {
    return this.notes.get('held-bit', fileId) !== undefined;
  }

  holdBit(fileId: string): void {
    this.hold('held-bit', fileId);
  }

  releaseBit(fileId: string): void {
    this.release('held-bit', fileId);
  }

  /** Holds these paths, and nothing else, because the person wants it so. */
  holdOnly(paths: readonly string[]): void {
    for (const fileId of this.notes.names('held-file')) this.notes.delete('held-file', fileId);
    for (const fileId of this.notes.names('held-bit')) this.notes.delete('held-bit', fileId);
    const kept = new Set(paths);
    for (const path of this.notes.names('held-path')) if (!kept.has(path)) this.notes.delete('held-path', path);
    for (const path of kept) this.notes.set('held-path', path, CHOSEN);
    this.changed.fire();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private get heldIds(): ReadonlySet<string> {
    return new Set([...this.notes.names('held-file'), ...this.notes.names('held-bit')]);
  }

  private hold(kind: 'held-file' | 'held-bit', fileId: string): void {
    if (this.notes.get(kind, fileId) !== undefined) return;
    this.notes.set(kind, fileId, '');
    this.held.fire();
    this.changed.fire();
  }

  private release(kind: 'held-file' | 'held-bit', fileId: string): void {
    if (this.notes.get(kind, fileId) === undefined) return;
    this.notes.delete(kind, fileId);
    this.changed.fire();
  }

  /** What the relay lets self do, as far as it has told on this connection. */
  private get granted(): MirrorDirection | undefined {
    const { self } = this.session;
    // Somebody presents: edits wait until that is over, and what self may do otherwise goes on to count.
    if (!self || self.writesAs !== self.role) return undefined;
    if (documentAccess(self.writesAs, INDEX_DOCUMENT) !== 'write') return 'to-disk';
    const { access } = this.index;
    if (access === 'unknown') return undefined;
    return access === 'write' ? 'both' : 'texts';
  }

  private notice(): void {
    const { granted } = this;
    if (granted === undefined || granted === this.inForce) return;
    if (isMore(granted, this.inForce)) this.raised.fire();
    else this.set(granted);
  }

  private set(direction: MirrorDirection): void {
    this.notes.set('setting', DIRECTION_NOTE, direction);
    if (direction === this.inForce) return;
    this.inForce = direction;
    this.changed.fire();
  }
}

function isMore(direction: MirrorDirection, than: MirrorDirection): boolean {
  return DIRECTIONS.indexOf(direction) > DIRECTIONS.indexOf(than);
}
