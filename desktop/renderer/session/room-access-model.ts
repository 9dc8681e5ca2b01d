import type { Role, RoomSettings } from '../../../shared/access/index.ts';
import { formatAppLink } from '../../../shared/access/index.ts';
import { type Disposable, DisposableStore, systemScheduler } from '../../../shared/lifecycle/index.ts';
import type {
  AuditEntry,
  ClosedLink,
  JoinVerdict,
  LinkForms,
  NewRoomLink,
  Revocation,
} from '../../../shared/sync/administration/index.ts';
import type { TuttiApi } from '../../ipc/index.ts';
import type { WorkbenchHost } from '../host/workbench-host.ts';
import { showDifference } from '../editor/index.ts';
import type {
  AccessLoss,
  AccessModel,
  OverviewState,
  ProposalTexts,
  ProposalView,
  StandingView,
} from '../ui/access-model.ts';
import { type Observable, ObservableValue } from '../ui/observable.ts';
import type { Answer, Outcome } from '../ui/outcome.ts';
import { AccessLossWatch } from './access-loss.ts';
import { AccessOverviewLoader } from './access-overview.ts';
import { askHost } from './ask-host.ts';
import { createPatch } from './file-actions.ts';
import { FilesCopy, type FilesCopyNotices } from './files-copy.ts';
import { observeEach, updateOn } from './observe.ts';
import type { OpenRoom } from './open-room.ts';
import { applyProposalUpdate, readProposalTexts } from './proposals.ts';

const NO_ROOM: Outcome & { readonly ok: false } = { ok: false, explanation: 'No room is open.' };
const NONE: OverviewState = { kind: 'none' };

/** Who may do what in the open room, as far as this window may know it. */
export class RoomAccessModel implements AccessModel, Disposable {
  readonly standing = new ObservableValue<StandingView | undefined>(undefined);
  readonly canManage = new ObservableValue(false);
  readonly overview = new ObservableValue<OverviewState>(NONE);
  readonly loss = new ObservableValue<AccessLoss | undefined>(undefined);
  readonly appLink = new ObservableValue<string | undefined>(undefined);
  private readonly disposables = new DisposableStore();
  private readonly room: Observable<OpenRoom | undefined>;
  private readonly api: TuttiApi;
  private readonly loader: Observable<AccessOverviewLoader | undefined>;
  private readonly filesCopy: FilesCopy;

  /** `notices` shows how far a copy of the files is, and what is not in it. */
  constructor(
    room: Observable<OpenRoom | undefined>,
    { api, shareLink }: Pick<WorkbenchHost, 'api' | 'shareLink'>,
    notices: FilesCopyNotices,
  ) {
    this.room = room;
    this.api = api;
    this.filesCopy = this.disposables.add(new FilesCopy({ api, notices, scheduler: systemScheduler }));
    // Of a room that is left nothing is copied any more.
    this.disposables.add(room.subscribe(() => this.filesCopy.cancel()));
    const loader = this.disposables.add(
      observeEach(room, (open) => new AccessOverviewLoader(open, api, () => this.update())),
    );
    this.loader = loader;
    this.disposables.add(
      observeEach(room, ({ session }) =>
        updateOn(
          () => this.update(),
          (listener) => session.onDidChangeSelf(listener),
          (listener) => session.onDidChangeParticipants(listener),
          (listener) => session.onDidChangeState(listener),
        ),
      ),
    );
    this.disposables.add(observeEach(room, (open) => new AccessLossWatch(open, api, (loss) => this.loss.set(loss))));
    this.disposables.add(
      room.subscribe(() => {
        if (!room.get()) this.loss.set(undefined);
        this.update();
        const link = room.get() && shareLink();
        this.appLink.set(link && formatAppLink(link));
      }),
    );
  }

  async refresh(): Promise<void> {
    await this.loader.get()?.refresh();
  }

  createLink(link: NewRoomLink): Promise<Answer<LinkForms>> {
    return this.change(() => this.api.invoke('access:create-link', link));
  }

  async copyLink(linkId: string, form: keyof LinkForms): Promise<Outcome> {
    const read = await askHost(() => this.api.invoke('access:read-link', { linkId }));
    return read.ok ? this.copyText(read.value[form]) : read;
  }

  copyText(text: string): Promise<Outcome> {
    return askHost(() => this.api.invoke('clipboard:write', { text }));
  }

  revoke(revocation: Revocation): Promise<Outcome> {
    return this.change(() => this.api.invoke('access:revoke', revocation));
  }

  async loadMorePeople(): Promise<void> {
    await this.loader.get()?.loadMorePeople();
  }

  setRole(subject: string, role: Role | undefined): Promise<Answer<readonly ClosedLink[]>> {
    return this.change(() => this.api.invoke('access:set-role', { subject, role }));
  }

  writeSettings(change: Partial<RoomSettings>): Promise<Outcome> {
    const { presenter = null, chat } = change;
    const written = { ...('presenter' in change && { presenter }), ...(chat !== undefined && { chat }) };
    return this.change(() => this.api.invoke('access:write-settings', written));
  }

  decideJoinRequest(requestId: string, decision: JoinVerdict): Promise<Outcome> {
    return this.change(() => this.api.invoke('access:decide-join-request', { requestId, decision }));
  }

  async denyJoinRequests(requestIds: readonly string[]): Promise<Outcome> {
    const refused = new Map<string, Outcome>();
    // One after another: the relay answers a device only so fast.
    for (const requestId of requestIds) {
      const outcome = await askHost(() =>
        this.api.invoke('access:decide-join-request', { requestId, decision: 'denied' }),
      );
      if (!outcome.ok) refused.set(requestId, outcome);
    }
    await this.refresh();
    // Whoever gave up meanwhile cannot be answered, and need not be.
    const state = this.overview.get();
    const waiting = state.kind === 'ready' ? state.overview.requests.map(({ requestId }) => requestId) : requestIds;
    return waiting.flatMap((requestId) => refused.get(requestId) ?? [])[0] ?? { ok: true };
  }

  listAudit(beforeSeq: number | undefined, limit: number): Promise<Answer<readonly AuditEntry[]>> {
    return askHost(() => this.api.invoke('access:list-audit', { beforeSeq, limit }));
  }

  async exportAudit(): Promise<Outcome> {
    const lines = await askHost(() => this.api.invoke('access:export-audit', undefined));
    return lines.ok ? this.save('audit.ndjson', new TextEncoder().encode(lines.value)) : lines;
  }

  async readProposal(proposal: ProposalView): Promise<Answer<ProposalTexts>> {
    const room = this.room.get();
    if (!room) return NO_ROOM;
    const update = await this.fetchProposal(proposal);
    return update.ok ? readProposalTexts(room, proposal, update.value) : update;
  }

  async applyProposal(proposal: ProposalView, path?: string): Promise<Outcome> {
    const room = this.room.get();
    if (!room) return NO_ROOM;
    const update = await this.fetchProposal(proposal);
    if (!update.ok) return update;
    const applied = await applyProposalUpdate(room, proposal.document, update.value, path);
    return applied.ok ? this.settle(proposal, 'applied') : applied;
  }

  dropProposal(proposal: ProposalView): Promise<Outcome> {
    return this.settle(proposal, 'dropped');
  }

  showDifference(element: HTMLElement, texts: ProposalTexts): Disposable {
    return showDifference(element, texts);
  }

  async exportUnsent(): Promise<Outcome> {
    const room = this.room.get();
    if (!room) return NO_ROOM;
    const texts = await askHost(() => this.api.invoke('edits:read-unsent', undefined));
    if (!texts.ok) return texts;
    const patch = createPatch(texts.value, (fileId) => room.index.get(fileId)?.path);
    if (patch === '') return { ok: false, explanation: 'There is nothing to export: the relay has all of your edits.' };
    return this.save('my-edits.patch', new TextEncoder().encode(patch));
  }

  async exportFiles(): Promise<Outcome> {
    const room = this.room.get();
    if (!room) return NO_ROOM;
    const name = (room.index.roomName ?? 'room').replaceAll(/[^\w .-]/g, '_').slice(0, 100);
    return this.filesCopy.save(room, `${name}.zip`);
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private save(suggestedName: string, content: Uint8Array): Promise<Outcome> {
    return askHost(() => this.api.invoke('file:save', { suggestedName, content }));
  }

  private fetchProposal({ proposalId }: ProposalView): Promise<Answer<Uint8Array>> {
    return askHost(() => this.api.invoke('access:read-proposal', { proposalId }));
  }

  private settle({ proposalId }: ProposalView, state: 'applied' | 'dropped'): Promise<Outcome> {
    return this.change(() => this.api.invoke('access:settle-proposal', { proposalId, state }));
  }

  private async change<T>(ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
    const outcome = await askHost(ask);
    // The relay tells of it as well; without a connection this is the only sign.
    void this.refresh();
    return outcome;
  }

  private update(): void {
    const room = this.room.get();
    const self = room?.session.self;
    this.canManage.set(self ? self.role === 'owner' : (room?.status.isOwner ?? false));
    this.overview.set(this.loader.get()?.state ?? NONE);
    this.standing.set(room && self ? this.describeStanding(room, self) : undefined);
  }

  private describeStanding({ session }: OpenRoom, self: NonNullable<OpenRoom['session']['self']>): StandingView {
    const { subject, role, writesAs, presenter, accessExplanation } = self;
    const state = this.overview.get();
    const overview = state.kind === 'ready' || state.kind === 'failed' ? state.overview : undefined;
    const isWatching = writesAs !== role;
    const isPresenting = presenter === subject;
    const other = [...session.participants.values()].find((participant) => participant.subject === presenter);
    const known = overview?.people.find((person) => person.subject === presenter);
    const name = isPresenting ? self.name : (other?.name ?? known?.name);
    return {
      subject,
      role,
      isWatching,
      explanation: accessExplanation,
      presenterName: presenter === undefined ? undefined : (name ?? 'Somebody'),
      isPresenting,
    };
  }
}
