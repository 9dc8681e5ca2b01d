import { isAfter, type SharedFile } from '../../../shared/workspace/index.ts';
import type { ReplacedContent } from '../../../shared/sync/blobs/index.ts';
import type { Arrival } from './arrival.ts';
import type { BaseIndex } from './base-index.ts';
import type { BlobContents, BlobState } from './blob-contents.ts';
import { placeContent, removeHashed } from './blob-files.ts';
import { describeRestored, describeUnlike, transferProblem } from './blob-messages.ts';
import { type DiskMeans, isThere } from './disk-changes.ts';
import type { DiskHashes, HashedFile } from './disk-hashes.ts';
import type { ExecutableBits } from './executable-bits.ts';
import type { MirrorPolicy } from './mirror-policy.ts';
import type { MovedTexts } from './moved-texts.ts';
import type { ProblemBoard } from './problem-board.ts';
import type { MirrorBase, SharedFiles } from './shared-files.ts';
import { type DiskFile, openDiskFile } from './text-file.ts';
import { hashBytes } from './text-format.ts';
import { notKept, toWorkspaceError } from './workspace-error.ts';

/** This device has given a file of the room another content, or one that came too late to be it. */
export interface ReplacedBlob extends ReplacedContent {
  readonly path: string;
}

export interface BlobSyncOptions {
  readonly means: DiskMeans;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly problems: ProblemBoard;
  readonly policy: MirrorPolicy;
  readonly moved: MovedTexts;
  readonly hashes: DiskHashes;
  readonly bits: ExecutableBits;
  readonly blobs: BlobContents;
  readonly onReplaced: (replaced: ReplacedBlob) => void;
  /** A file is to be replaced as soon as the relay has this content. */
  readonly onReplacing: (fileId: string, blob: string) => void;
  /** A file that may be shared is left at this path. */
  readonly onLeft: (path: string) => void;
}

export type BlobSyncOutcome = 'done' | 'again';

type DiskTextFile = Extract<DiskFile, { kind: 'text' }>;

/** Bases of texts without a character. */
const EMPTY_HASHES = [hashBytes(Buffer.alloc(0)), hashBytes(Buffer.from('\ufeff'))];

/** Whether this is the hash of a text without a character. */
export function isEmptyText(hash: string): boolean {
  return EMPTY_HASHES.includes(hash);
}

/** Whether disk and room agreed on a content that is no shared text. */
export function isBlobBase({ hash, text }: MirrorBase): boolean {
  return hash !== '' && text === '' && !isEmptyText(hash);
}

/**
 * Brings a file whose content is no shared text together in folder and room. Which content the room has, its list says:
 * the one written last. What it takes time to send or to fetch is waited for elsewhere: see {@link waitingFor}.
 */
export class BlobSync {
  private readonly options: BlobSyncOptions;
  private readonly hashes: DiskHashes;
  private readonly arrival: Pick<Arrival, 'setAside'>;
  /** Files by the content that they wait for. */
  private readonly waiting = new Map<string, Set<string>>();
  /** The content that each of them waits for. */
  private readonly awaited = new Map<string, string>();

  constructor(options: BlobSyncOptions, arrival: Pick<Arrival, 'setAside'>) {
    this.options = options;
    this.arrival = arrival;
    this.hashes = options.hashes;
  }

  /** Files that waited for a content; they are to be brought in step again. */
  takeWaiting(blob: string): readonly string[] {
    const fileIds = [...(this.waiting.get(blob) ?? [])];
    this.waiting.delete(blob);
    return fileIds;
  }

  /** Throws WorkspaceError. What is missing is deleted for sure, if it ever was there. */
  async sync(file: SharedFile, disk: DiskFile, absolutePath: string): Promise<BlobSyncOutcome> {
    const { policy } = this.options;
    const { fileId, path } = file;
    if (disk.kind === 'missing') return this.syncMissing(file, absolutePath);
    const here = await this.hashes.of(absolutePath, path);
    const base = this.adoptSaved(fileId, here);
    if (!here || !this.isStill(file)) return 'again';
    if (here.sha256 === file.blob) {
      this.agree(file, here.sha256);
      return 'done';
    }
    if (!base) return this.meet(file, here, absolutePath);
    const isChangedHere = base.hash !== here.sha256;
    const isChangedThere = file.blob !== undefined && file.blob !== base.hash;
    const isText = disk.kind === 'text' && disk.text !== '';
    if (isChangedThere && isChangedHere && !isText && this.mayList(fileId))
      return this.contend(file, here, absolutePath, disk.kind);
    if (isChangedThere) return this.bring(file, absolutePath, here, isChangedHere);
    if (!isChangedHere) policy.releaseFile(fileId);
    if (!isChangedHere && file.blob !== undefined) return 'done';
    if (!this.mayList(fileId)) {
      if (isChangedHere && base.hash !== '') policy.holdFile(fileId);
      return 'done';
    }
    if (isText && isChangedHere) return this.becomeText(file, disk);
    return this.offer(file, here, absolutePath, disk.kind);
  }

  /**
   * A text of the room is none any more on disk, where `base` is what both agreed on: its content goes into the room in
   * place of the text. Resolves to false when the room has another text by now; nothing is done then.
   */
  async replaceText(
    file: SharedFile,
    base: MirrorBase,
    kind: 'binary' | 'oversized',
    absolutePath: string,
  ): Promise<BlobSyncOutcome | false> {
    const { files, policy } = this.options;
    const { fileId, path } = file;
    const isSame = () => files.readText(fileId) === base.text;
    if (!isSame()) return false;
    if (!this.mayList(fileId)) {
      policy.holdFile(fileId);
      return 'done';
    }
    const here = await this.hashes.of(absolutePath, path);
    if (!here || !this.isStill(file)) return 'again';
    return isSame() ? this.offer(file, here, absolutePath, kind, isSame) : false;
  }

  /**
   * The room has a text where disk and room agreed on something else, and that is still there unless it was changed here:
   * then it is kept beside. Resolves to what the text replaces; undefined: nothing.
   */
  async clearForText(file: SharedFile, base: MirrorBase, absolutePath: string): Promise<HashedFile | undefined> {
    const here = await this.hashes.of(absolutePath, file.path);
    if (here?.sha256 === base.hash || !here) return here;
    await this.arrival.setAside(file);
    return undefined;
  }

  /**
   * Removes what lies where a file of the room was, when it is what both agreed on. Resolves to whether it is gone, and
   * to `again` when it changed meanwhile.
   */
  async removeAgreed(
    { path, hash }: MirrorBase,
    saving: MirrorBase | undefined,
    absolutePath: string,
  ): Promise<boolean | 'again'> {
    const there = await this.hashes.of(absolutePath, path);
    if (!there) return true;
    if (hash === '' || ![hash, saving?.hash].includes(there.sha256)) return false;
    return (await removeHashed({ absolutePath, path, there }, this.options.means)) ? true : 'again';
  }

  private async syncMissing(file: SharedFile, absolutePath: string): Promise<BlobSyncOutcome> {
    const { files, bases, problems, policy, moved } = this.options;
    const { fileId, path } = file;
    const base = bases.get(fileId);
    if (!base) return this.bring(file, absolutePath, undefined, false);
    if (file.blob !== undefined && file.blob !== base.hash) {
      const outcome = await this.bring(file, absolutePath, undefined, false);
      const isBack = outcome === 'done' && bases.get(fileId)?.hash === file.blob;
      if (isBack) problems.tell(describeRestored(file));
      return outcome;
    }
    if (!policy.takesRemoval(fileId)) {
      policy.holdFile(fileId);
      return 'done';
    }
    await this.makeSafe(absolutePath, path);
    if (!this.isStill(file) || isThere(absolutePath)) return 'again';
    if (!files.canKeep(fileId)) throw notKept(path);
    bases.delete(fileId);
    moved.forget(fileId);
    files.remove([fileId]);
    return 'done';
  }

  /** What was written when the process ended is what disk and room agree on: see `savingOf`. */
  private adoptSaved(fileId: string, here: HashedFile | undefined): MirrorBase | undefined {
    const { bases } = this.options;
    const base = bases.get(fileId);
    const saving = bases.savingOf(fileId);
    if (!here || saving?.hash !== here.sha256 || base?.hash === here.sha256) return base;
    const saved = { ...saving, path: base?.path ?? saving.path };
    bases.set(fileId, saved);
    return saved;
  }

  /** The same path was made on both sides, each without knowing of the other. */
  private async meet(file: SharedFile, here: HashedFile, absolutePath: string): Promise<BlobSyncOutcome> {
    const { bases, problems } = this.options;
    if (file.blob !== undefined) return this.bring(file, absolutePath, here, true);
    // Whoever listed it has not sent it yet, or was this device, which has lost what it knew.
    if (file.sizeBytes !== here.sizeBytes) {
      problems.tell(describeUnlike(file));
      return 'done';
    }
    bases.set(file.fileId, { path: file.path, hash: '', text: '' });
    return 'again';
  }

  /** Brings the room's content to the disk; what only the disk has is kept beside it. */
  private async bring(
    file: SharedFile,
    absolutePath: string,
    here: HashedFile | undefined,
    isOwn: boolean,
  ): Promise<BlobSyncOutcome> {
    const { files, bases, blobs, bits, means, policy } = this.options;
    const { fileId, path, blob } = file;
    if (blob === undefined) return 'done';
    const isWanted = () => this.awaited.get(fileId) === blob && files.get(fileId)?.blob === blob;
    this.awaited.set(fileId, blob);
    if (!this.isAtHand(file, blob, blobs.fetch({ blob, fileId, isWanted, ...sizeOf(file) }))) return 'done';
    if (isOwn) {
      await this.arrival.setAside(file);
      bases.delete(fileId);
      policy.releaseFile(fileId);
      return 'again';
    }
    if (bases.pathFor(fileId) !== path) await bases.whenFree(path);
    if (!files.canKeep(fileId)) throw notKept(path);
    const executable = bits.wanted(file, absolutePath);
    await bases.beginSave(fileId, { path, hash: blob, text: '', executable });
    const target = { absolutePath, path, content: blobs.read(blob), replaces: here, isWanted, executable };
    if (!(await placeContent(target, means))) return 'again';
    this.agree(file, blob, executable);
    return 'done';
  }

  /** Both sides have replaced the file, neither knowing of the other: what was written last counts. */
  private contend(
    file: SharedFile,
    here: HashedFile,
    absolutePath: string,
    kind: DiskFile['kind'],
  ): Promise<BlobSyncOutcome> {
    const { blob = '', writtenMs = 0 } = file;
    const isLast = isAfter({ blob: here.sha256, writtenMs: here.changedMs }, { blob, writtenMs });
    return isLast ? this.offer(file, here, absolutePath, kind) : this.giveWay(file, here, absolutePath);
  }

  /** Has the room keep what is on disk, which counts no more, and brings the room's content in its place. */
  private async giveWay(file: SharedFile, here: HashedFile, absolutePath: string): Promise<BlobSyncOutcome> {
    const { files, bases, onReplaced } = this.options;
    const { fileId, path, blob, sizeBytes } = file;
    if (blob === undefined) return 'again';
    const state = await this.send(file, here, absolutePath);
    if (state === 'again') return 'again';
    // What the relay does not take stays on this device alone.
    if (state.kind === 'refused') return this.bring(file, absolutePath, here, true);
    if (!this.isAtHand(file, here.sha256, state)) return 'done';
    if (!files.canKeep(fileId)) throw notKept(path);
    const from = { blob: here.sha256, sizeBytes: here.sizeBytes };
    const isNew = files.addContent(fileId, { ...from, writtenMs: here.changedMs });
    if (isNew) onReplaced({ fileId, path, from, to: { blob, sizeBytes }, isConcurrent: true });
    bases.set(fileId, { path, hash: here.sha256, text: '' });
    return 'again';
  }

  /** Brings what is on disk to the relay, unless disk or room have changed. */
  private async send(
    file: SharedFile,
    { sha256: blob, sizeBytes }: HashedFile,
    absolutePath: string,
    isStillSo: () => boolean = () => true,
  ): Promise<BlobState | 'again'> {
    const { files, blobs, means } = this.options;
    const { fileId, path } = file;
    // Else a loss of power may bring back what was there before, which would look like a change that undoes this one.
    await this.makeSafe(absolutePath, path);
    if (!this.isStill(file) || !isStillSo()) return 'again';
    const open = () => openDiskFile(absolutePath, { root: means.root, path });
    const isWanted = () => this.awaited.get(fileId) === blob && files.get(fileId)?.blob === file.blob;
    this.awaited.set(fileId, blob);
    return blobs.upload({ blob, fileId, sizeBytes, open, isWanted });
  }

  /** Sends what is on disk, and lists it once the relay has all of it. */
  private async offer(
    file: SharedFile,
    here: HashedFile,
    absolutePath: string,
    kind: DiskFile['kind'],
    isStillSo?: () => boolean,
  ): Promise<BlobSyncOutcome> {
    const { files, onReplaced, onReplacing } = this.options;
    const { fileId, path } = file;
    const { sha256: blob, sizeBytes, changedMs: writtenMs } = here;
    const state = await this.send(file, here, absolutePath, isStillSo);
    if (state === 'again') return 'again';
    if (state.kind === 'waits' && file.blob !== undefined && file.kind !== 'text') onReplacing(fileId, blob);
    if (!this.isAtHand(file, blob, state)) return 'done';
    const listedAs = kind === 'binary' || kind === 'oversized' ? kind : file.kind === 'text' ? 'binary' : file.kind;
    if (!files.canKeep(fileId)) throw notKept(path);
    files.update(fileId, { kind: listedAs, blob, sizeBytes, writtenMs });
    this.agree(file, blob);
    const from = file.blob;
    if (from !== undefined && file.kind !== 'text') {
      onReplaced({ fileId, path, from: { blob: from, sizeBytes: file.sizeBytes }, to: { blob, sizeBytes } });
    }
    return 'done';
  }

  /** What was no text has become one on this device. */
  private async becomeText(file: SharedFile, disk: DiskTextFile): Promise<BlobSyncOutcome> {
    const { files, bases, moved, onLeft } = this.options;
    const { fileId, path } = file;
    if (file.blob !== undefined) {
      // A text that it may have been once is not known here for sure: two would be mixed.
      bases.delete(fileId);
      moved.forget(fileId);
      files.remove([fileId]);
      onLeft(path);
      return 'done';
    }
    await files.whenTextReady(fileId);
    await files.whenKept(fileId);
    if (!this.isStill(file)) return 'again';
    if (files.readText(fileId) !== '') return 'done';
    if (!files.canKeep(fileId)) throw notKept(path);
    if (disk.text !== '') files.applyEdits(fileId, [{ offset: 0, deleteLength: 0, insert: disk.text }]);
    files.update(fileId, { kind: 'text', sizeBytes: disk.sizeBytes, ...disk.format });
    bases.set(fileId, { path, hash: disk.hash, text: disk.text });
    return 'done';
  }

  private agree({ fileId, path }: SharedFile, hash: string, executable?: boolean): void {
    const { files, bases, policy, problems } = this.options;
    const base = bases.get(fileId);
    if (base?.hash !== hash || base.path !== path || base.text !== '') {
      if (!files.canKeep(fileId)) throw notKept(path);
      bases.set(fileId, { path, hash, text: '', executable });
    }
    policy.releaseFile(fileId);
    problems.resolve(transferProblem(fileId));
    this.awaited.delete(fileId);
  }

  private isAtHand({ fileId, path }: SharedFile, blob: string, state: BlobState): boolean {
    const { problems } = this.options;
    const id = transferProblem(fileId);
    if (state.kind === 'there') {
      problems.resolve(id);
      return true;
    }
    this.waiting.set(blob, (this.waiting.get(blob) ?? new Set()).add(fileId));
    const detail = state.kind === 'refused' ? state.explanation : state.trouble;
    if (detail === undefined) problems.resolve(id);
    else {
      const title = `${path} is not in step with the room.`;
      problems.report({ id, severity: 'warning', path, fileId, title, detail, canRetry: true });
    }
    return false;
  }

  /** Whether what is done to a file on disk is done in the room's list, too. */
  private mayList(fileId: string): boolean {
    const { policy } = this.options;
    return policy.takesFiles && policy.takesRemoval(fileId);
  }

  /** Whether the room still has the file as it was looked at. */
  private isStill({ fileId, path, blob, kind }: SharedFile): boolean {
    const now = this.options.files.get(fileId);
    return now?.path === path && now.blob === blob && now.kind === kind;
  }

  private async makeSafe(absolutePath: string, path: string): Promise<void> {
    try {
      await this.options.means.durability.syncFile(absolutePath);
    } catch (error) {
      throw toWorkspaceError(error, path, 'read');
    }
  }
}

function sizeOf({ sizeBytes }: SharedFile): { readonly sizeBytes?: number } {
  return sizeBytes === undefined ? {} : { sizeBytes };
}
