export { BLOB_PART_BYTES, blobPartCount, isBlobId, MAX_ASKED_BLOBS } from './blob-id.ts';
export { CONTENT_TEXT, type FileKind, INDEX_DOCUMENT, isReservedDocument, type SharedFile } from './index-document.ts';
export { type FileChanges, isFileListed, type NewFile, SharedPathError, WorkspaceIndex } from './workspace-index.ts';
export { deleteContent, editContent, OBJECT_REPLACEMENT, readContent, shownBy } from './content-text.ts';
export { comparablePath, TakenPaths } from './taken-paths.ts';
export { createFileId } from './file-id.ts';
export { blobOfField, isAfter, type ListedContent, readListedContent } from './listed-contents.ts';
export { parseSharedPath } from './shared-path.ts';
export {
  decodeSelections,
  encodeSelections,
  MAX_SHARED_SELECTIONS,
  type RelativeSelection,
} from './selections-codec.ts';
export { decodePresenceState, encodePresenceState, type PresenceState } from './presence-state.ts';
export { isTalkText, MAX_TALK_CHARACTERS, type TalkEntry } from './talk-entry.ts';
export { CHAT_DOCUMENT, ChatLog, MAX_SHOWN_MESSAGES } from './chat-log.ts';
export {
  COMMENTS_DOCUMENT,
  type CommentedRange,
  type CommentThread,
  CommentThreads,
  MAX_QUOTE_CHARACTERS,
} from './comment-threads.ts';
export type { TextEdit } from './text-edit.ts';
export { applyTextEdits, differingLength, diskEdits, lineEdits, rebaseEdits, rebaseOver } from './three-way-merge.ts';
