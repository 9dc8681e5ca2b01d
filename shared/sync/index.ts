export { type ConnectionState, type KnownAccess, mayWrite, type SaveState } from './connection-state.ts';
export type { ConnectSocket, MessageSocket, SocketClose, SocketEvents } from './message-socket.ts';
export type { GrantedToken, TokenFailure, TokenResult, TokenSource } from './token-source.ts';
export {
  type JsonAnswer,
  type LinkGrant,
  LinkTokenSource,
  type LinkTokenSourceOptions,
  type PostJson,
} from './link-token-source.ts';
export { APPROVAL_POLL_MS, ApprovalWait } from './approval-wait.ts';
export {
  type DocumentStore,
  type OfflineStore,
  OfflineStoreError,
  type StoredDocument,
  type StoredUnacked,
  type SyncCursor,
} from './offline-store.ts';
export type { SyncHealth } from './connection-health.ts';
export type { NudgeReason } from './connection-loop.ts';
export { WakeWatch } from './wake-watch.ts';
export { mergeUpdates } from './merge-updates.ts';
export { countStructs, MAX_UPDATE_STRUCTS, splitUpdate } from './split-update.ts';
export type { SessionProblem } from './session-problem.ts';
export {
  describeProposals,
  ProposalDelivery,
  type ProposalDeliveryOptions,
  type ProposalLedger,
  type ProposalReport,
} from './proposal-delivery.ts';
export { readUnsentText, readUnsentTexts, type UnsentDocument, type UnsentText } from './unsent-texts.ts';
export { type AgreementState, isOwnWindow, peopleIn } from './agreement.ts';
export type { ResyncOutcome } from './resync.ts';
export type { ComparedCursor, HeadsAnswer, RelayHead } from './head-questions.ts';
export type { DocumentReplica } from './document-replica.ts';
export { type AckedEdits, type DocumentLease, isDocumentName } from './open-documents.ts';
export type { Participant } from './presence-channel.ts';
export type { SelfIdentity } from './own-identity.ts';
export { DELIVERY_ON_LEAVING_MS, RoomSession, type RoomSessionOptions } from './room-session.ts';
export { createRoom, type RequestOutcome } from './relay-requests.ts';
export type { ChangeAuthors } from './away/change-authors.ts';
export { resolveOverlap } from './away/overlap-ranges.ts';
export type { SessionAway } from './away/session-away.ts';
export type {
  AuthoredRange,
  AwayAction,
  AwayChange,
  AwayPerson,
  AwaySide,
  AwaySummary,
  AwayTexts,
  ChangeSize,
  ListChange,
  OverlapRange,
  TextChange,
} from './away/away-summary.ts';
