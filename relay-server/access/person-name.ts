import { PROTOCOL_LIMITS } from '../../shared/protocol/index.ts';
import { cleanText } from './clean-text.ts';

/** Makes a name fit to be shown: one line, trimmed, at most 64 code points. Undefined when nothing is left. */
export function cleanPersonName(name: string): string | undefined {
  const cleaned = cleanText(name, PROTOCOL_LIMITS.maxNameCodePoints);
  return cleaned === '' ? undefined : cleaned;
}
