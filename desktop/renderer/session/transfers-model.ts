import type { Disposable } from '../../../shared/lifecycle/index.ts';
import { readReplacements, type ReplacedContent } from '../../../shared/sync/blobs/index.ts';
import type { TransfersState, TuttiApi } from '../../ipc/index.ts';
import { type Observable, ObservableValue } from '../ui/observable.ts';
import type { Answer, Outcome } from '../ui/outcome.ts';
import type { EarlierContent, TransfersModel } from '../ui/transfers-model.ts';
import { askHost } from './ask-host.ts';
import type { OpenRoom } from './open-room.ts';
import { explainListLock } from './read-only.ts';

const NOTHING = { files: 0, doneBytes: 0, totalBytes: 0 } as const;
const NO_TRANSFERS: TransfersState = { up: NOTHING, down: NOTHING, files: [] };
const PAGE = 100;
/** Of the room's events so many pages are looked through. */
const MAX_PAGES = 10;

/** The contents of the open room's files that are no texts, as the host tells. */
export class RoomTransfersModel implements TransfersModel, Disposable {
  readonly state = new ObservableValue<TransfersState>(NO_TRANSFERS);
  private readonly room: Observable<OpenRoom | undefined>;
  private readonly api: TuttiApi;
  private readonly following: Disposable;
  private told: { readonly room: string; readonly state: TransfersState } | undefined;

  constructor(room: Observable<OpenRoom | undefined>, api: TuttiApi) {
    this.room = room;
    this.api = api;
    this.following = room.subscribe(() => this.show());
  }

  /** Takes what the host tells of a room, which may be before that is shown. */
  take(room: string, state: TransfersState): void {
    this.told = { room, state };
    this.show();
  }

  dispose(): void {
    this.following.dispose();
  }

  readContent(fileId: string): Promise<Answer<Uint8Array<ArrayBuffer>>> {
    return askHost(() => this.api.invoke('blob:read', { fileId }));
  }

  async saveCopy(fileId: string): Promise<Outcome> {
    const answer = await askHost(() => this.api.invoke('blob:save-copy', { fileId }));
    return answer.ok ? { ok: true } : answer;
  }

  async listEarlier(fileId: string): Promise<Answer<readonly EarlierContent[]>> {
    const earlier: EarlierContent[] = [];
    let before: number | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const asked = { before, limit: PAGE };
      const answer = await askHost(() => this.api.invoke('history:list-events', asked));
      if (!answer.ok) return answer;
      for (const { detail, actorName, atMs, receivedMs } of answer.value.events) {
        // The clock of who did it may be wrong.
        const by = { replacedMs: Math.min(atMs, receivedMs), replacedBy: actorName };
        for (const replaced of readReplacements(detail))
          if (replaced.fileId === fileId) addEarlier(earlier, replaced, by);
      }
      before = answer.value.next;
      if (before === undefined) break;
    }
    const current = this.room.get()?.index.get(fileId)?.blob;
    const seen = new Set([current]);
    return { ok: true, value: earlier.filter(({ blob }) => !seen.has(blob) && seen.add(blob)) };
  }

  async bringBack(fileId: string, { blob, sizeBytes }: EarlierContent): Promise<Outcome> {
    const room = this.room.get();
    if (!room) return { ok: false, explanation: 'No folder or room is open.' };
    const lock = explainListLock(room);
    if (lock !== undefined) return { ok: false, explanation: lock };
    const file = room.index.get(fileId);
    if (!file || file.kind === 'text') return { ok: false, explanation: 'The file is not in the room any more.' };
    room.index.update(fileId, { blob, ...(sizeBytes === undefined ? {} : { sizeBytes }) });
    return { ok: true };
  }

  private show(): void {
    const room = this.room.get()?.status.room;
    const { told } = this;
    this.state.set(told !== undefined && told.room === room ? told.state : NO_TRANSFERS);
  }
}

function addEarlier(
  earlier: EarlierContent[],
  { from, to, isConcurrent }: ReplacedContent,
  by: Pick<EarlierContent, 'replacedMs' | 'replacedBy'>,
): void {
  earlier.push({ ...from, ...by, ...(isConcurrent ? { isConcurrent } : {}) });
  // Of two at once, one may never have been seen by the other; it is a content of the file all the same.
  if (!earlier.some(({ blob }) => blob === to.blob)) earlier.push({ ...to, ...by });
}
