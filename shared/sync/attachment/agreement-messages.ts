import { DIGEST_HASH_BYTES } from '../../protocol/index.ts';
import type { AgreementState } from '../agreement.ts';
import type { CopyHashes } from '../copy-digest.ts';
import { isDocumentName } from '../open-documents.ts';
import type { ResyncOutcome } from '../resync.ts';

/** What a window asks of the engine about copies of documents. */
export type AgreementWindowMessage =
  /** What the window's copy is at rest. */
  | ({ readonly type: 'copy'; readonly document: string } & CopyHashes)
  /** Answer to `pause`: the window sends no edits of it until `resume` or `reset`. */
  | { readonly type: 'paused'; readonly document: string }
  /** A text that never reached the engine, of a copy that is void now: it is listed as a new file beside the document. */
  | { readonly type: 'keep'; readonly document: string; readonly text: string }
  /** Answered by `resynced` with the same `requestId`, which is the window's. */
  | { readonly type: 'resync'; readonly document: string; readonly requestId: number; readonly isUnkept: boolean };

/** What the engine tells a window about them. */
export type AgreementEngineMessage =
  | { readonly type: 'agreement'; readonly document: string; readonly agreement: AgreementState }
  | { readonly type: 'pause'; readonly document: string }
  | { readonly type: 'resume'; readonly document: string }
  /** The engine's copy was begun anew: the window's is void, and takes no edits until the window opens it again. */
  | { readonly type: 'reset'; readonly document: string }
  | { readonly type: 'resynced'; readonly requestId: number; readonly outcome: ResyncOutcome };

/** Types of {@link AgreementEngineMessage}. */
export const AGREEMENT_ENGINE_MESSAGES = [
  'agreement',
  'pause',
  'resume',
  'reset',
  'resynced',
] as const satisfies AgreementEngineMessage['type'][];

/** Reads what a window sent; undefined when it is no such message. Windows are not trusted. */
export function readAgreementMessage(value: object): AgreementWindowMessage | undefined {
  if (!('type' in value) || !('document' in value)) return undefined;
  const { type, document } = value;
  if (typeof document !== 'string' || !isDocumentName(document)) return undefined;
  if (type === 'paused') return { type, document };
  if (type === 'copy') {
    if (!('state' in value) || !('text' in value)) return undefined;
    const { state, text } = value;
    return isHash(state) && isHash(text) ? { type, document, state, text } : undefined;
  }
  if (type === 'keep')
    return 'text' in value && typeof value.text === 'string' ? { type, document, text: value.text } : undefined;
  if (type !== 'resync' || !('requestId' in value) || !('isUnkept' in value)) return undefined;
  const { requestId, isUnkept } = value;
  if (typeof requestId !== 'number' || !Number.isSafeInteger(requestId)) return undefined;
  return typeof isUnkept === 'boolean' ? { type, document, requestId, isUnkept } : undefined;
}

function isHash(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.byteLength === DIGEST_HASH_BYTES;
}
