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
export { mergeUpdates } from './merge-updates.ts';
export type { SessionProblem } from './session-problem.ts';
export {
  ProposalDelivery,
  type ProposalDeliveryOptions,
  type ProposalLedger,
  type ProposalReport,
} from './proposal-delivery.ts';
export { readUnsentText, type UnsentDocument, type UnsentText } from './unsent-texts.ts';
export type { DocumentReplica } from './document-replica.ts';
export { type DocumentLease, isDocumentName } from './open-documents.ts';
export type { Participant } from './presence-channel.ts';
export { DELIVERY_ON_LEAVING_MS, RoomSession, type RoomSessionOptions, type SelfIdentity } from './room-session.ts';
export { createRoom, type RequestOutcome } from './relay-requests.ts';
