import { type Disposable, DisposableStore, type Scheduler, scheduleEvery } from '../../../shared/lifecycle/index.ts';
import type { Outcome as HostOutcome, StoredRoom, WorkspaceStatus } from '../../ipc/index.ts';
import type { WorkbenchHost } from '../host/workbench-host.ts';
import { type Observable, ObservableValue } from '../ui/observable.ts';
import type { Outcome } from '../ui/outcome.ts';
import type { StorageModel, StoredRoomView } from '../ui/storage-model.ts';
import { askHost } from './ask-host.ts';

const MEASURE_EVERY_MS = 30_000;

/** What this device keeps, as the host tells. */
export class DeviceStorageModel implements StorageModel, Disposable {
  readonly rooms = new ObservableValue<readonly StoredRoomView[] | undefined>(undefined);
  readonly sizeBytes = new ObservableValue<number | undefined>(undefined);
  readonly current = new ObservableValue<StoredRoomView | undefined>(undefined);
  readonly canOpenWindows: boolean;
  private readonly status: Observable<WorkspaceStatus>;
  private readonly host: WorkbenchHost;
  private readonly disposables = new DisposableStore();

  constructor(status: Observable<WorkspaceStatus>, host: WorkbenchHost, scheduler: Scheduler) {
    this.status = status;
    this.host = host;
    this.canOpenWindows = host.kind === 'electron';
    this.disposables.add(status.subscribe(() => void this.measure()));
    this.disposables.add(scheduleEvery(scheduler, () => void this.measure(), MEASURE_EVERY_MS));
  }

  async refresh(): Promise<Outcome> {
    const outcome = await askHost(() => this.host.api.invoke('storage:list', undefined));
    if (!outcome.ok) return outcome;
    this.rooms.set(outcome.value.rooms.map(toView));
    this.sizeBytes.set(outcome.value.sizeBytes);
    return { ok: true };
  }

  open(key: string): Promise<Outcome> {
    return this.ask(() => this.host.api.invoke('storage:open', { key }));
  }

  async forget(key: string, evenUnsent: boolean): Promise<Outcome> {
    const outcome = await this.ask(() => this.host.api.invoke('storage:forget', { key, evenUnsent }));
    await this.refresh();
    return outcome;
  }

  openWindow(): Promise<Outcome> {
    return this.ask(() => this.host.api.invoke('window:new', undefined));
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private async measure(): Promise<void> {
    if (this.status.get().kind !== 'open') return this.current.set(undefined);
    const outcome = await askHost(() => this.host.api.invoke('storage:current', undefined));
    // A figure for a tooltip: when it cannot be had, there is none.
    this.current.set(outcome.ok && outcome.value ? toView(outcome.value) : undefined);
  }

  private async ask(ask: () => Promise<HostOutcome<boolean>>): Promise<Outcome> {
    const outcome = await askHost(ask);
    return outcome.ok ? { ok: true } : outcome;
  }
}

function toView({ relayUrl, ...room }: StoredRoom): StoredRoomView {
  return { ...room, relayHost: relayUrl === undefined ? undefined : hostOf(relayUrl) };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
