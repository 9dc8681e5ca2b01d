import type * as Y from 'yjs';
import { type Disposable, Emitter } from '../../lifecycle/index.ts';
import { WorkspaceIndex } from '../../workspace/index.ts';

/** Where the files of the list are. */
export interface Paths {
  /** Whether the list of files is there. */
  readonly isKnown: boolean;
  /** Ids of the files that are texts. */
  readonly texts: readonly string[];
  get(fileId: string): string | undefined;
  /** Id of the file that has this path. */
  find(path: string): string | undefined;
}

const NONE: Paths = { isKnown: false, texts: [], get: () => undefined, find: () => undefined };

/** Reads the list of files, as it is when it is asked for. */
export class ListedPaths implements Disposable {
  private readonly changed = new Emitter<void>();
  /** Fires when the list has changed, once it was asked for. */
  readonly onDidChange = this.changed.event;
  private readonly indexDocument: () => Y.Doc | undefined;
  /** Sorted again only when the list has changed: each file that is opened asks for its path. */
  private listed: { readonly doc: Y.Doc; readonly index: WorkspaceIndex; readonly watching: Disposable } | undefined;

  /** `indexDocument` gives the list when it is open. */
  constructor(indexDocument: () => Y.Doc | undefined) {
    this.indexDocument = indexDocument;
  }

  read(): Paths {
    const doc = this.indexDocument();
    if (!doc) return NONE;
    if (this.listed?.doc !== doc) {
      this.forget();
      const index = new WorkspaceIndex(doc, { random: () => 0, nowMs: () => 0 });
      const watching = index.onDidChange(() => this.changed.fire());
      this.listed = { doc, index, watching };
    }
    const { index } = this.listed;
    return {
      isKnown: true,
      get texts() {
        return index.files.flatMap(({ fileId, kind }) => (kind === 'text' ? [fileId] : []));
      },
      get: (fileId) => index.get(fileId)?.path,
      find: (path) => index.findByPath(path)?.fileId,
    };
  }

  dispose(): void {
    this.forget();
    this.changed.dispose();
  }

  private forget(): void {
    this.listed?.watching.dispose();
    this.listed?.index.dispose();
    this.listed = undefined;
  }
}
