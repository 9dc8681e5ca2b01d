import { basename, join } from 'node:path';
import type { BaseIndex } from './base-index.ts';
import { isThere } from './disk-changes.ts';
import type { MirrorNotes } from './mirror-notes.ts';
import { originOfLocalCopy } from './own-files.ts';
import type { ProblemBoard } from './problem-board.ts';
import type { SharedFiles } from './shared-files.ts';
import { notKept } from './workspace-error.ts';

export interface SetAsidesOptions {
  /** Real path of the folder. */
  readonly root: string;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly notes: MirrorNotes;
  readonly problems: ProblemBoard;
}

/** Something that was in the way of a file of the room. */
export interface SetAside {
  readonly fileId: string;
  /** Where it was. */
  readonly path: string;
  /** Where it is now. */
  readonly aside: string;
}

interface Untold {
  readonly path: string;
  /** More than one when something came to the path again. */
  readonly asides: readonly string[];
  /** The person knows, but has not been told that the file has come. */
  readonly isTold: boolean;
}

/** What was moved out of the way of the room's files, and of which the person has to be told, be it at the next start. */
export class SetAsides {
  private readonly options: SetAsidesOptions;
  /** By file; until that was seen in its place. */
  private readonly untold = new Map<string, Untold>();

  constructor(options: SetAsidesOptions) {
    this.options = options;
  }

  /** Finds what a process that ended could not tell any more. */
  restore(): void {
    const { notes, root } = this.options;
    for (const aside of notes.names('aside')) {
      const fileId = notes.get('aside', aside);
      const name = originOfLocalCopy(basename(aside));
      if (fileId === undefined || name === undefined || !isThere(join(root, aside))) this.forget(aside);
      else this.add({ fileId, path: aside.slice(0, aside.length - basename(aside).length) + name, aside });
    }
  }

  /** Notes what is about to be moved. Rejects with WorkspaceError when that cannot be kept: it must not be moved then. */
  async begin({ fileId, path, aside }: SetAside): Promise<void> {
    this.options.notes.set('aside', aside, fileId);
    try {
      await this.options.bases.sync();
    } catch (error) {
      this.forget(aside);
      throw notKept(path, error);
    }
  }

  /** It was not moved. */
  forget(aside: string): void {
    this.options.notes.delete('aside', aside);
  }

  /** It was moved. */
  add({ fileId, path, aside }: SetAside): void {
    const { asides = [] } = this.untold.get(fileId) ?? {};
    this.untold.set(fileId, { path, asides: [...asides, aside], isTold: false });
  }

  /** Tells what was set aside for a file, if anything was: once that has come to its path, or has to wait. */
  tell(fileId: string, state: 'arrived' | 'waiting'): void {
    const { files, problems } = this.options;
    const untold = this.untold.get(fileId);
    if (!untold) return;
    if (state === 'arrived') this.untold.delete(fileId);
    else if (untold.isTold) return;
    else this.untold.set(fileId, { ...untold, isTold: true });
    const { path, asides } = untold;
    const isListed = files.get(fileId) !== undefined;
    problems.tell({
      id: `met:${fileId}`,
      severity: 'warning',
      path,
      ...(isListed ? { fileId } : {}),
      title: `${path} was different in the folder and in the room.`,
      detail: explain(asides.join(' and '), isListed ? state : 'removed'),
    });
    for (const aside of asides) this.forget(aside);
  }

  /** Tells everything that the person does not know yet. */
  tellRest(): void {
    for (const fileId of [...this.untold.keys()]) this.tell(fileId, 'waiting');
  }
}

function explain(aside: string, state: 'arrived' | 'waiting' | 'removed'): string {
  switch (state) {
    case 'arrived':
      return `The room's content is in the file now; what the folder had is beside it as ${aside}.`;
    case 'waiting':
      return `What the folder had is beside it as ${aside}. The room's content could not be put there yet.`;
    case 'removed':
      return `What the folder had is kept as ${aside}. The room has removed the file since.`;
  }
}
