import type { AwayAction, AwaySummary, AwayTexts } from '../away/away-summary.ts';
import { isDocumentName } from '../open-documents.ts';

/** Files that one message may name. */
const MAX_NAMED_FILES = 10_000;
const ACTIONS: readonly AwayAction[] = ['undo-theirs', 'undo-mine', 'restore-undone'];

/** What a window asks of the engine about what happened while this device was away. */
export type AwayWindowMessage =
  /** Answered by `away-texts` with the same `requestId`, which is the window's. */
  | { readonly type: 'away-read'; readonly requestId: number; readonly fileId: string }
  /** Answered by `away-done`. */
  | { readonly type: 'away-act'; readonly requestId: number; readonly fileId: string; readonly action: AwayAction }
  | { readonly type: 'away-looked'; readonly fileIds: readonly string[] }
  /** They are fine as they are, and need not be listed any longer. */
  | { readonly type: 'away-keep'; readonly fileIds: readonly string[] };

/** What the engine tells a window about it. */
export type AwayEngineMessage =
  /** After `attached`, and whenever it changes; the whole of it. */
  | { readonly type: 'away'; readonly summary: AwaySummary | undefined }
  | { readonly type: 'away-texts'; readonly requestId: number; readonly texts: AwayTexts }
  /** `explanation`: why it, or the reading, could not be done; for the person. */
  | { readonly type: 'away-done'; readonly requestId: number; readonly explanation: string | undefined };

/** Types of {@link AwayEngineMessage}. */
export const AWAY_ENGINE_MESSAGES = ['away', 'away-texts', 'away-done'] as const satisfies AwayEngineMessage['type'][];

/** Reads what a window sent; undefined when it is no such message. Windows are not trusted. */
export function readAwayMessage(value: object): AwayWindowMessage | undefined {
  if (!('type' in value)) return undefined;
  switch (value.type) {
    case 'away-read': {
      const request = readRequest(value);
      return request && { type: 'away-read', ...request };
    }
    case 'away-act': {
      const request = readRequest(value);
      const action = 'action' in value ? ACTIONS.find((known) => known === value.action) : undefined;
      return request && action && { type: 'away-act', ...request, action };
    }
    case 'away-looked':
    case 'away-keep': {
      const fileIds = 'fileIds' in value ? readFileIds(value.fileIds) : undefined;
      return fileIds && { type: value.type, fileIds };
    }
    default:
      return undefined;
  }
}

function readRequest(value: object): { readonly requestId: number; readonly fileId: string } | undefined {
  if (!('requestId' in value) || !('fileId' in value)) return undefined;
  const { requestId, fileId } = value;
  if (typeof requestId !== 'number' || !Number.isSafeInteger(requestId)) return undefined;
  return typeof fileId === 'string' && isDocumentName(fileId) ? { requestId, fileId } : undefined;
}

function readFileIds(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_NAMED_FILES) return undefined;
  const names = value.filter((name): name is string => typeof name === 'string' && isDocumentName(name));
  return names.length === value.length ? names : undefined;
}
