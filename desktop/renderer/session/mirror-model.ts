import type { Disposable } from '../../../shared/lifecycle/index.ts';
import type {
  MirrorChoices,
  MirrorStart,
  MirrorState,
  Outcome as HostOutcome,
  TuttiApi,
  WorkspaceStatus,
} from '../../ipc/index.ts';
import type { MirrorModel, MirrorTexts } from '../ui/mirror-model.ts';
import { type Observable, ObservableValue } from '../ui/observable.ts';
import type { Answer, Outcome } from '../ui/outcome.ts';
import { askHost } from './ask-host.ts';

const NO_MIRROR: MirrorState = { kind: 'none' };

/** The folder that mirrors the open room, as the host tells. */
export class FolderMirrorModel implements MirrorModel, Disposable {
  readonly state = new ObservableValue<MirrorState>(NO_MIRROR);
  readonly canMirror: boolean;
  private readonly status: Observable<WorkspaceStatus>;
  private readonly api: TuttiApi;
  private readonly following: Disposable;
  private told: { readonly room: string; readonly state: MirrorState } | undefined;

  constructor(status: Observable<WorkspaceStatus>, api: TuttiApi, canMirror: boolean) {
    this.status = status;
    this.api = api;
    this.canMirror = canMirror;
    this.following = status.subscribe(() => this.show());
  }

  /** Takes what the host tells of a room, which may be before that is shown. */
  take(room: string, state: MirrorState): void {
    this.told = { room, state };
    this.show();
  }

  dispose(): void {
    this.following.dispose();
  }

  chooseFolder(): Promise<Outcome> {
    return ask(() => this.api.invoke('mirror:choose-folder', undefined));
  }

  review(): Promise<Outcome> {
    return ask(() => this.api.invoke('mirror:review', undefined));
  }

  readDifference(path: string): Promise<Answer<MirrorTexts>> {
    return askHost(() => this.api.invoke('mirror:read-difference', { path }));
  }

  start(choices: MirrorChoices): Promise<Answer<MirrorStart>> {
    return askHost(() => this.api.invoke('mirror:start', choices));
  }

  cancel(): Promise<Outcome> {
    return ask(() => this.api.invoke('mirror:cancel', undefined));
  }

  stop(): Promise<Outcome> {
    return ask(() => this.api.invoke('mirror:stop', undefined));
  }

  reveal(what: 'backup' | 'folder'): Promise<Outcome> {
    return ask(() => this.api.invoke(`mirror:show-${what}`, undefined));
  }

  showFile(path: string): Promise<Outcome> {
    return ask(() => this.api.invoke('mirror:show-file', { path }));
  }

  private show(): void {
    const status = this.status.get();
    const isTold = status.kind === 'open' && status.room === this.told?.room;
    const state = isTold && this.told ? this.told.state : NO_MIRROR;
    if (state !== this.state.get()) this.state.set(state);
  }
}

async function ask(request: () => Promise<HostOutcome<boolean>>): Promise<Outcome> {
  const outcome = await askHost(request);
  return outcome.ok ? { ok: true } : outcome;
}
