import {
  type Disposable,
  DisposableStore,
  type Event,
  MutableDisposable,
  reportUnexpectedError,
  type Scheduler,
  systemScheduler,
} from '../../../shared/lifecycle/index.ts';
import type { SelfIdentity } from '../../../shared/sync/index.ts';
import type { TuttiApi } from '../../ipc/index.ts';
import type { AccessOverview, OverviewState } from '../ui/access-model.ts';
import { askHost } from './ask-host.ts';
import type { OpenRoom } from './open-room.ts';
import { describeDocument } from './proposals.ts';

/** What of an open room its overview is loaded by. */
export interface OverviewRoom {
  readonly session: {
    readonly self: Pick<SelfIdentity, 'role' | 'accessVersion'> | undefined;
    readonly onDidChangeSelf: Event<unknown>;
  };
  readonly index: Pick<OpenRoom['index'], 'get'>;
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
      askHost(() => api.invoke('access:list-people', undefined)),
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
      people: people.value,
      settings: settings.value,
      requests: requests.value,
      proposals: proposals.value.map((proposal) => ({ ...proposal, subjectOfChange: '' })),
    };
    return { kind: 'ready', overview: this.withNames(overview) };
  }

  private renameProposals(): void {
    if (this.current.kind !== 'ready' || this.current.overview.proposals.length === 0) return;
    this.set({ kind: 'ready', overview: this.withNames(this.current.overview) });
  }

  private withNames(overview: AccessOverview): AccessOverview {
    const pathOf = (fileId: string) => this.room.index.get(fileId)?.path;
    return {
      ...overview,
      proposals: overview.proposals.map((proposal) => ({
        ...proposal,
        subjectOfChange: describeDocument(proposal.document, pathOf),
      })),
    };
  }

  private set(state: OverviewState): void {
    if (state === this.current || (state.kind === 'none' && this.current.kind === 'none')) return;
    this.current = state;
    const isWaitedFor = state.kind === 'ready' && state.overview.requests.length > 0;
    this.waiting.value = isWaitedFor ? this.scheduler.schedule(() => void this.refresh(), WAITING_AGAIN_MS) : undefined;
    this.onChange();
  }
}
