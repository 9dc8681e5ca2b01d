/** What owners ask of the relay about their room: links, people, settings, requests, proposals and what happened. */
export { RoomAdministration, type RoomAdministrationOptions } from './room-administration.ts';
export {
  explainRefusal,
  heeding,
  type RelayAnswer,
  type RelayRequest,
  type RoomAnswer,
  type RoomRequest,
  RoomRequests,
  type RoomRequestsOptions,
  type SendRequest,
} from './room-requests.ts';
/** What everybody in a room asks: labelled events of its history, and who changed what. */
export {
  type EventSpan,
  type EventsPage,
  type LabelledEvent,
  type LabelsPage,
  MAX_EVENT_DETAIL,
  MAX_EVENT_LABEL,
  MAX_EVENT_SPANS,
  type NewEvent,
  type RoomEvent,
  RoomEvents,
} from './room-events.ts';
export {
  type AuthorRun,
  type ChangedDocument,
  type ChangesSince,
  type ChangingPerson,
  type DocumentChanges,
  RoomChanges,
  type StructRange,
} from './room-changes.ts';
export { type LinkSecrets, MemoryLinkSecrets, RoomLinks, type RoomLinksOptions } from './room-links.ts';
export type {
  AuditEntry,
  ClosedLink,
  ClosedReason,
  JoinRequest,
  JoinVerdict,
  LinkForms,
  ListedRoomLink,
  MadeRoomLink,
  NewRoomLink,
  PeoplePage,
  PersonSession,
  Proposal,
  ProposalVerdict,
  Revocation,
  RoomLink,
  RoomPerson,
  SettingsChange,
} from './records.ts';
