import { type Disposable, errorMessage, type Scheduler } from '../../../shared/lifecycle/index.ts';
import type { TuttiApi } from '../../ipc/index.ts';
import type { Outcome } from '../ui/outcome.ts';
import type { NotificationView } from '../ui/workbench-model.ts';
import { askHost } from './ask-host.ts';
import type { OpenRoom } from './open-room.ts';
import { archiveRoom, type LeftOutFile } from './room-archive.ts';

const PROGRESS_ID = 'files-copy:progress';
const RESULT_ID = 'files-copy:left-out';
/** Progress is shown so often at most. */
const PROGRESS_PERIOD_MS = 200;
/** Names that one message has room for. */
const MAX_NAMED = 20;

/** Where it is shown how a copy goes. */
export interface FilesCopyNotices {
  show(notification: NotificationView): void;
  remove(id: string): void;
}

export interface FilesCopyOptions {
  readonly api: Pick<TuttiApi, 'invoke'>;
  readonly notices: FilesCopyNotices;
  readonly scheduler: Scheduler;
}

/** Saves all files of the room as one archive; one at a time. */
export class FilesCopy implements Disposable {
  private readonly options: FilesCopyOptions;
  private running: AbortController | undefined;

  constructor(options: FilesCopyOptions) {
    this.options = options;
  }

  /** Lets the person choose where the archive goes. What is not in it is said by a notice that stays. */
  async save(room: OpenRoom, suggestedName: string): Promise<Outcome> {
    if (this.running) return { ok: false, explanation: 'A copy is being made already. Cancel it, or wait for it.' };
    const running = new AbortController();
    this.running = running;
    try {
      return await this.make(room, suggestedName, running.signal);
    } catch (error) {
      return { ok: false, explanation: errorMessage(error) };
    } finally {
      this.running = undefined;
      this.options.notices.remove(PROGRESS_ID);
    }
  }

  /** Nothing of what is under way is saved. */
  cancel(): void {
    this.running?.abort();
  }

  dispose(): void {
    this.cancel();
  }

  private async make(room: OpenRoom, suggestedName: string, signal: AbortSignal): Promise<Outcome> {
    const { api, notices, scheduler } = this.options;
    notices.remove(RESULT_ID);
    let shownMs = -Infinity;
    const onProgress = (done: number, total: number) => {
      if (signal.aborted || scheduler.elapsedMs() - shownMs < PROGRESS_PERIOD_MS) return;
      shownMs = scheduler.elapsedMs();
      notices.show(this.describeProgress(done, total));
    };
    onProgress(0, room.index.files.length);
    const readContent = (fileId: string) => askHost(() => api.invoke('blob:read-whole', { fileId }));
    const archive = await archiveRoom({ room, scheduler, readContent, signal, onProgress });
    notices.remove(PROGRESS_ID);
    if (!archive) return { ok: true };
    const { content, fileCount, leftOut } = archive;
    if (fileCount === 0) {
      const none = leftOut.length === 0 ? 'The room has no files.' : `None of them can be had: ${nameFiles(leftOut)}`;
      return { ok: false, explanation: none };
    }
    const saved = await askHost(() => api.invoke('file:save', { suggestedName, content }));
    if (!saved.ok) return saved;
    if (saved.value && leftOut.length > 0) notices.show(describeLeftOut(fileCount, leftOut));
    return { ok: true };
  }

  private describeProgress(done: number, total: number): NotificationView {
    return {
      id: PROGRESS_ID,
      severity: 'info',
      title: 'Fetching the files for the copy…',
      detail: `${done.toLocaleString('en')} of ${total.toLocaleString('en')} files`,
      actions: [{ label: 'Cancel', run: () => this.cancel() }],
    };
  }
}

function describeLeftOut(fileCount: number, leftOut: readonly LeftOutFile[]): NotificationView {
  const title = `The copy has ${countFiles(fileCount)}; ${countFiles(leftOut.length)} ${leftOut.length === 1 ? 'is' : 'are'} not in it.`;
  const detail = `${nameFiles(leftOut)} Save it again once you are online to have them all.`;
  const quoted = leftOut.slice(0, MAX_NAMED).map(({ path }) => path);
  return { id: RESULT_ID, severity: 'warning', title, detail, quoted, staysShown: true, actions: [] };
}

function nameFiles(leftOut: readonly LeftOutFile[]): string {
  const named = leftOut.slice(0, MAX_NAMED);
  const reasons = [...new Set(named.map(({ reason }) => reason))];
  const parts = reasons.map((reason) => {
    const paths = named.filter((file) => file.reason === reason).map(({ path }) => path);
    return `${paths.join(', ')}: ${reason.replace(/\.$/, '')}.`;
  });
  const more = leftOut.length - MAX_NAMED;
  return [...parts, ...(more > 0 ? [`And ${countFiles(more)} more.`] : [])].join(' ');
}

function countFiles(count: number): string {
  return count === 1 ? '1 file' : `${count.toLocaleString('en')} files`;
}
