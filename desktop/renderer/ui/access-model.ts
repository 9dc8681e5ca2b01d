import type { Role, RoomSettings } from '../../../shared/access/index.ts';
import type {
  AuditEntry,
  ClosedLink,
  JoinRequest,
  JoinVerdict,
  LinkForms,
  ListedRoomLink,
  NewRoomLink,
  Proposal,
  Revocation,
  RoomPerson,
} from '../../../shared/sync/administration/index.ts';
import type { Disposable } from '../../../shared/lifecycle/index.ts';
import type { Observable } from './observable.ts';
import type { Answer, Outcome } from './outcome.ts';

/** What self may do in the room. */
export interface StandingView {
  readonly subject: string;
  readonly role: Role;
  /** Somebody else presents: self only watches, whatever the role. */
  readonly isWatching: boolean;
  /** Why self may do less or more than the link says; empty when that is not so. */
  readonly explanation: string;
  /** Name of who presents, self included; undefined when nobody does, or when that is not known here. */
  readonly presenterName: string | undefined;
  readonly isPresenting: boolean;
}

/** What owners know of their room. */
export interface AccessOverview {
  readonly links: readonly ListedRoomLink[];
  /** Who is or was in the room: owners and those who are connected first, then those seen last. */
  readonly people: readonly RoomPerson[];
  /** The relay has more of {@link people}. */
  readonly hasMorePeople: boolean;
  readonly settings: RoomSettings;
  readonly requests: readonly JoinRequest[];
  readonly proposals: readonly ProposalView[];
}

export interface ProposalView extends Proposal {
  /** What the proposal is about, for people: a path, or what else the document is. */
  readonly subjectOfChange: string;
  /** Set for a file that is not in the list: applying the proposal puts it back. */
  readonly unlisted: UnlistedFile | undefined;
}

/** A file that was deleted, or never listed. */
export interface UnlistedFile {
  /** Where it was, as far as this window has seen it. */
  readonly lastPath: string | undefined;
}

/** `explanation` of a failed one is for the person; what was known before stays shown beside it. */
export type OverviewState =
  | { readonly kind: 'none' }
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly overview: AccessOverview }
  | { readonly kind: 'failed'; readonly explanation: string; readonly overview: AccessOverview | undefined };

/** Self was put out of the room. */
export interface AccessLoss {
  /** In the relay's words. */
  readonly explanation: string;
  /** What became of edits that had not reached the relay; for the person, empty when there are none. */
  readonly edits: string;
  /** Whether there is anything to export. */
  readonly hasUnsent: boolean;
}

/** A proposal's document now, and as it would be with the proposal. */
export interface ProposalTexts {
  readonly title: string;
  /** Gives the editor its language. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** Who may do what in the room: for owners to manage, for everybody to understand. */
export interface AccessModel {
  /** Undefined while it is not known. */
  readonly standing: Observable<StandingView | undefined>;
  /** Whether self is an owner who is connected, or whose device made the room. */
  readonly canManage: Observable<boolean>;
  /** `none` for those who may not see it. */
  readonly overview: Observable<OverviewState>;
  readonly loss: Observable<AccessLoss | undefined>;
  /** Asks the relay again; resolves when the answer is there. */
  refresh(): Promise<void>;
  createLink(link: NewRoomLink): Promise<Answer<LinkForms>>;
  /** Puts a link that this device has made on the clipboard. */
  copyLink(linkId: string, form: keyof LinkForms): Promise<Outcome>;
  copyText(text: string): Promise<Outcome>;
  revoke(revocation: Revocation): Promise<Outcome>;
  /** Adds the next page to {@link AccessOverview.people}; resolves when it is there. */
  loadMorePeople(): Promise<void>;
  /** Undefined: as the link says. Gives the links by which nobody new comes for that reason. */
  setRole(subject: string, role: Role | undefined): Promise<Answer<readonly ClosedLink[]>>;
  writeSettings(change: Partial<RoomSettings>): Promise<Outcome>;
  decideJoinRequest(requestId: string, decision: JoinVerdict): Promise<Outcome>;
  /** Lets none of those in who ask now. */
  denyJoinRequests(requestIds: readonly string[]): Promise<Outcome>;
  listAudit(beforeSeq: number | undefined, limit: number): Promise<Answer<readonly AuditEntry[]>>;
  exportAudit(): Promise<Outcome>;
  readProposal(proposal: ProposalView): Promise<Answer<ProposalTexts>>;
  /** Makes the proposal's edits in the room, as edits of self. A file that is not in the list is listed at `path`. */
  applyProposal(proposal: ProposalView, path?: string): Promise<Outcome>;
  dropProposal(proposal: ProposalView): Promise<Outcome>;
  /** Shows both texts in `element`, which is empty and fills its parent. Disposing it leaves the element empty. */
  showDifference(element: HTMLElement, texts: ProposalTexts): Disposable;
  /** Saves what this device has and the relay has not. */
  exportUnsent(): Promise<Outcome>;
  /** Saves the room's text files as one archive. */
  exportFiles(): Promise<Outcome>;
  /** The link that opens this room in the app; undefined where that is not known, as in the app itself. */
  readonly appLink: Observable<string | undefined>;
}
