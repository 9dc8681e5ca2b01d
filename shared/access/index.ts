export { type DocumentAccess, documentAccess, isRole, type Role, ROLES } from './roles.ts';
export { formatAppLink, formatShareLink, type ParsedShareLink, parseShareLink, type ShareLink } from './share-link.ts';
export { readRoomTokenClaims, type RoomTokenClaims, TOKEN_AUDIENCE } from './token-claims.ts';
