import { type Disposable, DisposableStore, type Scheduler, toDisposable } from '../lifecycle/index.ts';

/** Somebody through whom people change documents, such as a window. */
export interface DocumentEditor {
  /** Resolves when it changes the document no more; undefined when it does not have it open. Undone by `resume`, which may come without it. */
  pause(document: string): Promise<void> | undefined;
  resume(document: string): void;
}

const ANSWER_MS = 5_000;

/** Keeps windows from changing a document for a while. */
export class WindowPauses {
  private readonly scheduler: Scheduler;
  private readonly editors = new Set<DocumentEditor>();
  private readonly paused = new Set<string>();

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  add(editor: DocumentEditor): Disposable {
    this.editors.add(editor);
    return toDisposable(() => this.editors.delete(editor));
  }

  /** Whether a document is paused: whoever opens it now is to pause, too. */
  isPaused(document: string): boolean {
    return this.paused.has(document);
  }

  /** One at a time for each document. Rejects with an Error in words for people when a window does not answer. Dispose the result to go on. */
  async pause(document: string): Promise<Disposable> {
    const owned = new DisposableStore();
    this.paused.add(document);
    owned.add(
      toDisposable(() => {
        this.paused.delete(document);
        for (const editor of this.editors) editor.resume(document);
      }),
    );
    const answers = [...this.editors].flatMap((editor) => editor.pause(document) ?? []);
    const isAnswered = await this.isInTime(Promise.all(answers));
    if (isAnswered) return owned;
    owned.dispose();
    throw new Error('A window in which the file is open does not answer. Close it, and try again.');
  }

  private async isInTime(answers: Promise<unknown>): Promise<boolean> {
    let timer: Disposable | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = this.scheduler.schedule(() => resolve(false), ANSWER_MS);
    });
    const isAnswered = await Promise.race([answers.then(() => true), late]);
    timer?.dispose();
    return isAnswered;
  }
}
