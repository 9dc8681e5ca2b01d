import type { HistoryChannels } from '../ipc/index.ts';
import { readField } from './request-fields.ts';
import type { RequestReader } from './typed-ipc.ts';

const MAX_PAGE = 100;

/** One check per channel: what comes from a window is untrusted. */
export const HISTORY_READERS: { readonly [C in keyof HistoryChannels]: RequestReader<C> } = {
  'history:list-events': (value) => {
    const limit = readField(value, 'limit');
    if (!isCount(limit) || limit > MAX_PAGE) return undefined;
    const before = readField(value, 'before');
    if (before === undefined) return { request: { before, limit } };
    return isCount(before) ? { request: { before, limit } } : undefined;
  },
  'history:list-event-documents': (value) => {
    const seq = readField(value, 'seq');
    return isCount(seq) ? { request: { seq } } : undefined;
  },
};

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
