/** What owners ask of the relay about their room: links, people, settings, requests, proposals and what happened. */
export {
  type RelayAnswer,
  type RelayRequest,
  RoomAdministration,
  type RoomAdministrationOptions,
  type SendRequest,
} from './room-administration.ts';
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
