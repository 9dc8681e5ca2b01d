import type * as Y from 'yjs';
import {
  type Disposable,
  Emitter,
  type Event,
  MutableDisposable,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import { CaretTracking } from './caret-tracking.ts';
import { applyLanguage, PLAIN_TEXT } from './language-for-path.ts';
import { editor, Uri } from './monaco.ts';
import { bindText, type TextBinding } from './text-binding.ts';
import { TextUndo } from './undo.ts';

/** A file's document as the session opens it. Disposing it tells the session that no editor shows the file any more. */
export interface OpenDocument extends Disposable {
  /** Resolves when the text has been loaded, and rejects with an error whose message the user can act on. */
  readonly text: Promise<Y.Text>;
  /** Fires when the text is void and must be opened again. */
  readonly onDidReset?: Event<void>;
}

export interface EditorModelsOptions {
  readonly openDocument: (fileId: string) => OpenDocument;
  /** Whether this person may change the file. */
  readonly canWrite: (fileId: string) => boolean;
}

/** Only a model that is ready may be edited. */
export type ModelState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly binding: TextBinding; readonly undo: TextUndo }
  | { readonly kind: 'failed'; readonly error: Error };

/** One use of a file's model. The model lives until its last reference is disposed. */
export interface ModelReference extends Disposable {
  readonly fileId: string;
  readonly model: editor.ITextModel;
  readonly state: ModelState;
  readonly onDidChangeState: Event<ModelState>;
}

const URI_SCHEME = 'tutti';

let nextModelNumber = 0;

class ModelEntry implements Disposable {
  readonly model: editor.ITextModel;
  readonly didChangeState = new Emitter<ModelState>();
  path: string;
  state: ModelState = { kind: 'loading' };
  referenceCount = 0;
  private document: OpenDocument;
  private readonly options: EditorModelsOptions;
  private readonly fileId: string;
  private readonly resetting = new MutableDisposable<Disposable>();
  private isDisposed = false;

  constructor(fileId: string, path: string, options: EditorModelsOptions) {
    this.path = path;
    this.fileId = fileId;
    this.options = options;
    // The number makes the address unique in the window; the path's end tells language services what the file is.
    const uri = Uri.from({ scheme: URI_SCHEME, path: `/${nextModelNumber++}/${path}` });
    this.model = editor.createModel('', PLAIN_TEXT, uri);
    applyLanguage(this.model, path);
    // Before any editor shows the model, and thus before there is a text to bind it to.
    CaretTracking.of(this.model);
    this.document = this.open();
  }

  private open(): OpenDocument {
    const { fileId, options } = this;
    const document = options.openDocument(fileId);
    this.resetting.value = document.onDidReset?.(() => this.reopen());
    document.text.then(
      (text) => {
        if (this.document === document) this.load(text, () => options.canWrite(fileId));
      },
      (error: unknown) => this.fail(error),
    );
    return document;
  }

  /** Binds the model, which keeps what it shows until then, to the text as it is opened again. */
  private reopen(): void {
    const { document, state } = this;
    this.enter({ kind: 'loading' });
    unbind(state);
    this.document = this.open();
    document.dispose();
  }

  rename(path: string): void {
    this.path = path;
    applyLanguage(this.model, path);
  }

  dispose(): void {
    this.isDisposed = true;
    this.resetting.dispose();
    unbind(this.state);
    this.didChangeState.dispose();
    this.model.dispose();
    this.document.dispose();
  }

  private load(text: Y.Text, canWrite: () => boolean): void {
    if (this.isDisposed) return;
    try {
      const binding = bindText({ model: this.model, text, canWrite });
      this.model.detectIndentation(true, 4);
      applyLanguage(this.model, this.path);
      this.enter({ kind: 'ready', binding, undo: new TextUndo(binding) });
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(reason: unknown): void {
    if (this.isDisposed) return;
    this.enter({ kind: 'failed', error: reason instanceof Error ? reason : new Error(String(reason)) });
  }

  private enter(state: ModelState): void {
    this.state = state;
    this.didChangeState.fire(state);
  }
}

function unbind(state: ModelState): void {
  if (state.kind !== 'ready') return;
  state.undo.dispose();
  state.binding.dispose();
}

/** The Monaco models of the files that are open in editors, one for each file, however many editors show it. */
export class EditorModels implements Disposable {
  private readonly entries = new Map<string, ModelEntry>();
  private readonly options: EditorModelsOptions;

  constructor(options: EditorModelsOptions) {
    this.options = options;
  }

  /** Opens a file's model, or another reference to it. The caller disposes the reference. */
  open(fileId: string, path: string): ModelReference {
    const entry = this.entries.get(fileId) ?? new ModelEntry(fileId, path, this.options);
    this.entries.set(fileId, entry);
    entry.referenceCount += 1;
    const release = toDisposable(() => {
      entry.referenceCount -= 1;
      if (entry.referenceCount === 0) this.close(fileId, entry);
    });
    return {
      fileId,
      model: entry.model,
      get state() {
        return entry.state;
      },
      onDidChangeState: entry.didChangeState.event,
      dispose: () => release.dispose(),
    };
  }

  /** Tells that a file has a new path, so that an open model takes on the language of its new name. */
  rename(fileId: string, path: string): void {
    this.entries.get(fileId)?.rename(path);
  }

  /** Disposes every model, also those that are still referenced. */
  dispose(): void {
    for (const [fileId, entry] of this.entries) this.close(fileId, entry);
  }

  private close(fileId: string, entry: ModelEntry): void {
    if (this.entries.get(fileId) !== entry) return;
    this.entries.delete(fileId);
    entry.dispose();
  }
}
