import { DEFAULT_ROOM_SETTINGS } from '../../../../shared/access/index.ts';
import type {
  AuditEntry,
  ClosedLink,
  ListedRoomLink,
  RoomPerson,
} from '../../../../shared/sync/administration/index.ts';
import type {
  AccessLoss,
  AccessModel,
  AccessOverview,
  OverviewState,
  ProposalTexts,
  StandingView,
} from '../access-model.ts';
import { ObservableValue } from '../observable.ts';
import type { Outcome } from '../workbench-model.ts';

const LINKS = { url: 'https://relay.example/join/room#secret', appUrl: 'tutti://join?relay=x&room=room#secret' };

export const EMPTY_OVERVIEW: AccessOverview = {
  links: [],
  people: [],
  hasMorePeople: false,
  settings: DEFAULT_ROOM_SETTINGS,
  requests: [],
  proposals: [],
};

/** What an editor may do of whom nothing else is known. */
export const STANDING = {
  subject: 'me',
  role: 'editor',
  isWatching: false,
  explanation: '',
  presenterName: undefined,
  isPresenting: false,
} as const satisfies StandingView;

/** Access in memory, with everything settable from a test. */
export class FakeAccess {
  readonly canManage = new ObservableValue(true);
  readonly standing = new ObservableValue<StandingView | undefined>(undefined);
  readonly overview = new ObservableValue<OverviewState>({ kind: 'ready', overview: EMPTY_OVERVIEW });
  readonly loss = new ObservableValue<AccessLoss | undefined>(undefined);
  readonly appLink = new ObservableValue<string | undefined>(undefined);
  clipboard: Outcome = { ok: true };
  audit: readonly AuditEntry[] = [];
  /** What the next change of a role closes. */
  closedLinks: readonly ClosedLink[] = [];
  texts: ProposalTexts = { title: 'a.ts', path: 'a.ts', before: 'one\n', after: 'two\n' };
  readonly model: AccessModel;
  private readonly answer: (call: string) => Promise<Outcome>;

  /** `answer` notes what was asked for and says how it ends. */
  constructor(answer: (call: string) => Promise<Outcome>) {
    this.answer = answer;
    this.model = this.createModel();
  }

  setOverview(part: Partial<AccessOverview>): void {
    this.overview.set({ kind: 'ready', overview: { ...EMPTY_OVERVIEW, ...part } });
  }

  private createModel(): AccessModel {
    const { answer } = this;
    return {
      standing: this.standing,
      canManage: this.canManage,
      overview: this.overview,
      loss: this.loss,
      appLink: this.appLink,
      refresh: async () => undefined,
      createLink: async (link) => {
        const outcome = await answer(`createLink ${JSON.stringify(link)}`);
        return outcome.ok ? { ok: true, value: LINKS } : outcome;
      },
      copyLink: (linkId, form) => answer(`copyLink ${linkId} ${form}`),
      copyText: async () => this.clipboard,
      revoke: (revocation) => answer(`revoke ${JSON.stringify(revocation)}`),
      loadMorePeople: async () => void (await answer('loadMorePeople')),
      setRole: async (subject, role) => {
        const outcome = await answer(`setRole ${subject} ${role ?? ''}`);
        return outcome.ok ? { ok: true, value: this.closedLinks } : outcome;
      },
      writeSettings: (change) => answer(`writeSettings ${JSON.stringify(change)}`),
      denyJoinRequests: (requestIds) => answer(`deny ${requestIds.join(' ')}`),
      decideJoinRequest: (requestId, decision) => answer(`decide ${requestId} ${decision}`),
      listAudit: async (beforeSeq, limit) => {
        const outcome = await answer(`listAudit ${beforeSeq ?? 'newest'}`);
        const older = this.audit.filter(({ seq }) => beforeSeq === undefined || seq < beforeSeq);
        return outcome.ok ? { ok: true, value: older.slice(0, limit) } : outcome;
      },
      exportAudit: () => answer('exportAudit'),
      readProposal: async ({ proposalId }) => {
        const outcome = await answer(`readProposal ${proposalId}`);
        return outcome.ok ? { ok: true, value: this.texts } : outcome;
      },
      applyProposal: ({ proposalId }, path) => answer(`apply ${proposalId}${path === undefined ? '' : ` at ${path}`}`),
      dropProposal: ({ proposalId }) => answer(`drop ${proposalId}`),
      showDifference: (element, { before, after }) => {
        element.textContent = `${before} → ${after}`;
        return { dispose: () => element.replaceChildren() };
      },
      exportUnsent: () => answer('exportUnsent'),
      exportFiles: () => answer('exportFiles'),
    };
  }
}

/** A link that works. */
export function createLink(linkId: string, rest: Partial<ListedRoomLink> = {}): ListedRoomLink {
  return {
    linkId,
    role: 'editor',
    label: linkId,
    createdAtMs: 0,
    createdBy: 'owner',
    expiresAtMs: undefined,
    maxUses: undefined,
    uses: 0,
    needsApproval: false,
    paths: undefined,
    closedAtMs: undefined,
    closedReason: undefined,
    revokedAtMs: undefined,
    isCopyable: true,
    ...rest,
  };
}

/** Somebody who was in the room. */
export function createPerson(name: string, rest: Partial<RoomPerson> = {}): RoomPerson {
  const sessions = [{ sessionId: `session of ${name}`, lastSeenMs: 0, isRevoked: false }];
  const base = { subject: name, name, role: 'editor', linkId: 'l', firstSeenMs: 0, lastSeenMs: 0 } as const;
  return { ...base, isRevoked: false, sessions, ...rest };
}
