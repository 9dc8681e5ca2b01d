export { CONTENT_TEXT, type FileKind, INDEX_DOCUMENT, type SharedFile } from './index-document.ts';
export { comparablePath, isFileListed, type NewFile, SharedPathError, WorkspaceIndex } from './workspace-index.ts';
export { createFileId } from './file-id.ts';
export { parseSharedPath } from './shared-path.ts';
export {
  decodeSelections,
  encodeSelections,
  MAX_SHARED_SELECTIONS,
  type RelativeSelection,
} from './selections-codec.ts';
export { decodePresenceState, encodePresenceState, type PresenceState } from './presence-state.ts';
