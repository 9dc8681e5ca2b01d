import {
  type Disposable,
  DisposableStore,
  MutableDisposable,
  reportUnexpectedError,
  type Scheduler,
  scheduleEvery,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import type { LabelledEvent, LabelsPage } from '../../../shared/sync/administration/index.ts';
import { readReplacement, readReplacements } from '../../../shared/sync/blobs/index.ts';
import type { InvokeRequest, InvokeResponse } from '../../ipc/index.ts';
import type { EventFilesView, EventsModel, RoomEventsState, RoomEventView } from '../ui/events-model.ts';
import { type Observable, ObservableValue } from '../ui/observable.ts';
import type { Answer } from '../ui/outcome.ts';
import { askHost } from './ask-host.ts';
import { nameFiles } from './event-files.ts';
import { observeEach, updateOn } from './observe.ts';
import type { OpenRoom } from './open-room.ts';
import { rememberedIdentity } from './own-identity.ts';
import { absentColor, colorsBySubject } from './participant-colors.ts';

const PAGE = 30;
/** How often the relay is asked while somebody looks at the events. */
const ASK_EVERY_MS = 5_000;
/** And so long after a change of the list of files: whoever made it tells of it once the relay has all that belongs to it. */
const ASK_AFTER_CHANGE_MS: readonly number[] = [500, 2_000];
/** Pages that are asked for at once when those before have nothing that self may see. */
const MAX_EMPTY_PAGES = 10;
const NONE: RoomEventsState = { events: [], hasMore: false, isLoading: false, explanation: undefined };

/** Asks the host about the open room's events. */
export interface EventsHost {
  list(page: InvokeRequest<'history:list-events'>): Promise<InvokeResponse<'history:list-events'>>;
  listDocuments(
    event: InvokeRequest<'history:list-event-documents'>,
  ): Promise<InvokeResponse<'history:list-event-documents'>>;
}

interface KnownEvents {
  /** Newest first. */
  readonly events: readonly LabelledEvent[];
  readonly next: number | undefined;
}

/** The labelled events of the open room, as the relay tells them. */
export class RoomEventsModel implements EventsModel, Disposable {
  readonly state = new ObservableValue<RoomEventsState>(NONE);
  private readonly disposables = new DisposableStore();
  private readonly asking = this.disposables.add(new MutableDisposable());
  private readonly askingSoon = this.disposables.add(new DisposableStore());
  private readonly room: Observable<OpenRoom | undefined>;
  private readonly host: EventsHost;
  private readonly scheduler: Scheduler;
  private known: KnownEvents | undefined;
  /** Who self was in the room last. */
  private own: string | undefined;
  private explanation: string | undefined;
  private watchers = 0;
  private isStale = false;
  private pending = 0;

  constructor(room: Observable<OpenRoom | undefined>, host: EventsHost, scheduler: Scheduler) {
    this.room = room;
    this.host = host;
    this.scheduler = scheduler;
    this.disposables.add(room.subscribe(() => this.changeRoom()));
    this.disposables.add(
      observeEach(room, (open) => {
        let wasOnline = false;
        return updateOn(
          () => {
            const isOnline = open.session.state.kind === 'online';
            if (isOnline && !wasOnline) this.refresh();
            wasOnline = isOnline;
            this.show();
          },
          (listener) => open.session.onDidChangeState(listener),
          (listener) => open.session.onDidChangeSelf(listener),
          (listener) => open.session.onDidChangeParticipants(listener),
        );
      }),
    );
    this.disposables.add(observeEach(room, ({ session }) => session.away.onDidChange(() => this.refresh())));
    this.disposables.add(
      observeEach(room, (open) =>
        open.onDidChangeFiles(() => {
          this.show();
          this.refreshSoon();
        }),
      ),
    );
  }

  watch(): Disposable {
    this.watchers++;
    this.asking.value ??= scheduleEvery(this.scheduler, () => this.poll(), ASK_EVERY_MS);
    this.refresh();
    return toDisposable(() => {
      this.watchers--;
      if (this.watchers === 0) this.asking.value = undefined;
    });
  }

  refresh(): void {
    if (this.watchers === 0) return;
    // What is being answered may be from before.
    this.isStale = this.pending > 0;
    if (this.isStale) return;
    void this.ask(undefined, (newest) => renew(this.known, newest)).catch(reportUnexpectedError);
  }

  /** This device has told the relay of an event of a room. */
  notePosted(room: string): void {
    if (this.room.get()?.status.room === room) this.refresh();
  }

  async loadMore(): Promise<void> {
    for (let page = 0; page < MAX_EMPTY_PAGES; page++) {
      const { known } = this;
      if (known?.next === undefined) return;
      const count = known.events.length;
      await this.ask(known.next, (older) => ({ events: union(known.events, older.events), next: older.next }));
      if (this.explanation !== undefined || (this.known?.events.length ?? 0) > count) return;
    }
  }

  async listFiles(seq: number): Promise<Answer<EventFilesView>> {
    const room = this.room.get();
    const event = this.known?.events.find((listed) => listed.seq === seq);
    if (!room || !event) return { ok: false, explanation: 'This event is of a room that is not open any more.' };
    // The edit of a file that is no text is one of the list of files.
    const replaced = readReplacements(event.detail).map(({ fileId }) => fileId);
    if (event.kind === 'blob' && replaced.length > 0)
      return { ok: true, value: nameFiles(room, replaced, event.files) };
    const answer = await askHost(() => this.host.listDocuments({ seq }));
    if (!answer.ok) return answer;
    return { ok: true, value: nameFiles(room, [...new Set([...answer.value, ...replaced])], event.files) };
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private poll(): void {
    if (this.pending === 0) this.refresh();
  }

  private refreshSoon(): void {
    this.askingSoon.clear();
    if (this.watchers === 0) return;
    for (const delayMs of ASK_AFTER_CHANGE_MS)
      this.askingSoon.add(this.scheduler.schedule(() => this.refresh(), delayMs));
  }

  private async ask(before: number | undefined, take: (page: LabelsPage) => KnownEvents): Promise<void> {
    const room = this.room.get();
    if (!room) return;
    this.pending++;
    this.show();
    const answer: Answer<LabelsPage> = await askHost(() => this.host.list({ before, limit: PAGE }));
    this.pending--;
    if (this.room.get() === room) {
      this.explanation = answer.ok ? undefined : answer.explanation;
      if (answer.ok) this.known = take(answer.value);
    }
    this.show();
    if (this.isStale && this.pending === 0) this.refresh();
  }

  private changeRoom(): void {
    this.known = undefined;
    this.own = undefined;
    this.explanation = undefined;
    this.refresh();
    this.show();
  }

  private show(): void {
    if (this.disposables.isDisposed) return;
    const room = this.room.get();
    const { known, explanation } = this;
    if (room) this.own = room.session.self?.subject ?? this.own ?? rememberedIdentity(room.status.room)?.subject;
    const next: RoomEventsState = room
      ? {
          events: known ? describe(room, known.events, this.own) : [],
          hasMore: known?.next !== undefined,
          isLoading: this.pending > 0,
          explanation,
        }
      : NONE;
    if (JSON.stringify(next) !== JSON.stringify(this.state.get())) this.state.set(next);
  }
}

function describe(room: OpenRoom, events: readonly LabelledEvent[], own: string | undefined): readonly RoomEventView[] {
  const colors = colorsBySubject(room);
  const passedOver = findPassedOver(room, events);
  return events.map(({ seq, kind, label, files, actor, actorName, atMs, receivedMs }) => ({
    seq,
    kind,
    label: passedOver.has(seq) ? `${label}, where another version counts` : label,
    fileCount: files,
    name: actorName,
    colorIndex: colors.get(actor) ?? absentColor({ subject: actor, name: actorName }),
    isSelf: actor === own,
    // The clock of somebody's device may be wrong.
    atMs: Math.min(atMs, receivedMs),
  }));
}

/** Events that are newer than the one that brought what their file has now: of two at once, the other one counts. */
function findPassedOver({ index }: OpenRoom, events: readonly LabelledEvent[]): ReadonlySet<number> {
  const passedOver = new Set<number>();
  const newer = new Map<string, number[]>();
  for (const { seq, kind, detail } of events) {
    const said = kind === 'blob' ? readReplacement(detail) : undefined;
    // The label of one that came too late says so.
    if (!said || said.isConcurrent) continue;
    const before = newer.get(said.fileId) ?? [];
    if (said.to.blob === index.get(said.fileId)?.blob) for (const later of before.splice(0)) passedOver.add(later);
    else newer.set(said.fileId, [...before, seq]);
  }
  return passedOver;
}

/** The newest page, with what is known of older ones where nothing can be missing in between. */
function renew(known: KnownEvents | undefined, newest: LabelsPage): KnownEvents {
  const { next } = newest;
  if (!known || next === undefined || !known.events.some(({ seq }) => seq >= next)) return newest;
  return { events: union(newest.events, known.events), next: known.next };
}

function union(newer: readonly LabelledEvent[], older: readonly LabelledEvent[]): readonly LabelledEvent[] {
  const bySeq = new Map([...older, ...newer].map((event) => [event.seq, event]));
  return [...bySeq.values()].toSorted((a, b) => b.seq - a.seq);
}
