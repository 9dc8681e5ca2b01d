import type { Disposable } from '../../../shared/lifecycle/index.ts';
import type { LabelledEvent } from '../../../shared/sync/administration/index.ts';
import type { TransfersState, TuttiApi } from '../../ipc/index.ts';
import { type Observable, ObservableValue } from '../ui/observable.ts';
import type { Answer, Outcome } from '../ui/outcome.ts';
import type { FileContent, TransfersModel } from '../ui/transfers-model.ts';
import { askHost } from './ask-host.ts';
import { contentsOf } from './file-contents.ts';
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

  async listContents(fileId: string): Promise<Answer<readonly FileContent[]>> {
    const events: LabelledEvent[] = [];
    let before: number | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const asked = { before, limit: PAGE };
      const answer = await askHost(() => this.api.invoke('history:list-events', asked));
      if (!answer.ok) return answer;
      events.push(...answer.value.events);
      before = answer.value.next;
      if (before === undefined) break;
    }
    const { blob, sizeBytes } = this.room.get()?.index.get(fileId) ?? {};
    const current = blob === undefined ? undefined : { blob, sizeBytes };
    return { ok: true, value: contentsOf(fileId, current, events) };
  }

  async bringBack(fileId: string, { blob, sizeBytes }: FileContent): Promise<Outcome> {
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
