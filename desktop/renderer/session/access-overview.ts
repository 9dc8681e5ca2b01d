import {
  type Disposable,
  DisposableStore,
  type Event,
  MutableDisposable,
  reportUnexpectedError,
  type Scheduler,
  systemScheduler,
} from '../../../shared/lifecycle/index.ts';
import type { PeoplePage, RoomPerson } from '../../../shared/sync/administration/index.ts';
import type { SelfIdentity } from '../../../shared/sync/index.ts';
import type { TuttiApi } from '../../ipc/index.ts';
import type { AccessOverview, OverviewState } from '../ui/access-model.ts';
import type { Answer } from '../ui/outcome.ts';
import { askHost } from './ask-host.ts';
import type { OpenRoom } from './open-room.ts';
import { describeDocument, type ListedFiles } from './proposals.ts';

/** What of an open room its overview is loaded by. */
export interface OverviewRoom extends ListedFiles {
  readonly session: {
    readonly self: Pick<SelfIdentity, 'role' | 'accessVersion'> | undefined;
    readonly onDidChangeSelf: Event<unknown>;
  };
  readonly onDidChangeFiles: OpenRoom['onDidChangeFiles'];
}

/** The relay does not tell when somebody waits no more who has gone away. */
const WAITING_AGAIN_MS = 60_000;

/**
 * Loads what owners know of their room, again with every change that the relay tells, and from time to time while
 * somebody waits to be let in.
 */
export class AccessOverviewLoader implements Disposable {
  private readonly disposables = new DisposableStore();
  private readonly waiting = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly room: OverviewRoom;
  private readonly api: Pick<TuttiApi, 'invoke'>;
  private readonly onChange: () => void;
  private readonly scheduler: Scheduler;
  private loadedVersion: number | undefined;
  private loading: Promise<void> | undefined;
  private isOutdated = false;
  /** How many pages of people are shown. */
  private shownPages = 1;
  private current: OverviewState = { kind: 'none' };

  /** `onChange` is called after every change of {@link state}. */
  constructor(
    room: OverviewRoom,
    api: Pick<TuttiApi, 'invoke'>,
    onChange: () => void,
    scheduler: Scheduler = systemScheduler,
  ) {
    this.scheduler = scheduler;
    this.room = room;
    this.api = api;
    this.onChange = onChange;
    this.disposables.add(room.session.onDidChangeSelf(() => this.follow()));
    this.disposables.add(room.onDidChangeFiles(() => this.renameProposals()));
    this.follow();
  }

  get state(): OverviewState {
    return this.current;
  }

  /** Asks the relay again, once more when it is being asked already; resolves when its last answer is there. */
  refresh(): Promise<void> {
    this.isOutdated = true;
    this.loading ??= this.load()
      .catch(reportUnexpectedError)
      .finally(() => {
        this.loading = undefined;
      });
    return this.loading;
  }

  /** Asks for one page more of people, from now on with every {@link refresh}. */
  async loadMorePeople(): Promise<void> {
    this.shownPages++;
    await this.refresh();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private follow(): void {
    const { self } = this.room.session;
    if (!self) {
      // What was known stays shown while there is no connection.
      this.loadedVersion = undefined;
    } else if (self.role !== 'owner') {
      this.loadedVersion = undefined;
      this.set({ kind: 'none' });
    } else if (self.accessVersion !== this.loadedVersion) {
      this.loadedVersion = self.accessVersion;
      void this.refresh();
    }
  }

  private async load(): Promise<void> {
    while (this.isOutdated && this.mayAsk) {
      this.isOutdated = false;
      if (this.current.kind === 'none') this.set({ kind: 'loading' });
      const next = await this.ask();
      if (this.mayAsk) this.set(next);
    }
  }

  private get mayAsk(): boolean {
    return !this.disposables.isDisposed && this.room.session.self?.role === 'owner';
  }

  private async ask(): Promise<OverviewState> {
    const { api } = this;
    const [links, people, settings, requests, proposals] = await Promise.all([
      askHost(() => api.invoke('access:list-links', undefined)),
      this.askForPeople(),
      askHost(() => api.invoke('access:read-settings', undefined)),
      askHost(() => api.invoke('access:list-join-requests', undefined)),
      askHost(() => api.invoke('access:list-proposals', undefined)),
    ]);
    const failed = [links, people, settings, requests, proposals].find((answer) => !answer.ok);
    if (!links.ok || !people.ok || !settings.ok || !requests.ok || !proposals.ok) {
      const explanation = failed && !failed.ok ? failed.explanation : '';
      const overview =
        this.current.kind === 'ready' || this.current.kind === 'failed' ? this.current.overview : undefined;
      return { kind: 'failed', explanation, overview };
    }
    const overview = {
      links: links.value,
      people: people.value.people,
      hasMorePeople: people.value.next !== undefined,
      settings: settings.value,
      requests: requests.value,
      proposals: proposals.value.map((proposal) => ({
        ...proposal,
        ...describeDocument(proposal.document, this.room),
      })),
    };
    return { kind: 'ready', overview };
  }

  private async askForPeople(): Promise<Answer<PeoplePage>> {
    const people = new Map<string, RoomPerson>();
    let next: string | undefined;
    for (let page = 0; page < this.shownPages; page++) {
      const after = next;
      const answer = await askHost(() => this.api.invoke('access:list-people', { after }));
      if (!answer.ok) return answer;
      // Later pages may have people of earlier ones again.
      for (const person of answer.value.people) if (!people.has(person.subject)) people.set(person.subject, person);
      ({ next } = answer.value);
      if (next === undefined) break;
    }
    return { ok: true, value: { people: [...people.values()], next } };
  }

  private renameProposals(): void {
    if (this.current.kind !== 'ready' || this.current.overview.proposals.length === 0) return;
    this.set({ kind: 'ready', overview: this.withNames(this.current.overview) });
  }

  private withNames(overview: AccessOverview): AccessOverview {
    const proposals = overview.proposals.map((proposal) => {
      const { subjectOfChange, unlisted } = describeDocument(proposal.document, this.room);
      const isSame =
        proposal.subjectOfChange === subjectOfChange &&
        proposal.unlisted?.lastPath === unlisted?.lastPath &&
        (proposal.unlisted === undefined) === (unlisted === undefined);
      // What shows a proposal reads it again for each new one.
      return isSame ? proposal : { ...proposal, subjectOfChange, unlisted };
    });
    return { ...overview, proposals };
  }

  private set(state: OverviewState): void {
    if (state === this.current || (state.kind === 'none' && this.current.kind === 'none')) return;
    this.current = state;
    const isWaitedFor = state.kind === 'ready' && state.overview.requests.length > 0;
    this.waiting.value = isWaitedFor ? this.scheduler.schedule(() => void this.refresh(), WAITING_AGAIN_MS) : undefined;
    this.onChange();
  }
}
