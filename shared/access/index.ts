export { type DocumentAccess, documentAccess, isAtLeast, isRole, type Role, ROLES } from './roles.ts';
export {
  CHAT_POLICIES,
  type ChatPolicy,
  DEFAULT_ROOM_SETTINGS,
  isChatPolicy,
  type RoomSettings,
} from './room-settings.ts';
export { formatAppLink, formatShareLink, type ParsedShareLink, parseShareLink, type ShareLink } from './share-link.ts';
export { readRoomTokenClaims, type RoomTokenClaims, TOKEN_AUDIENCE } from './token-claims.ts';
export { checkPathPatterns, matchesPaths, MAX_PATTERN_LENGTH } from './path-patterns.ts';
