import { PROTOCOL_LIMITS } from '../../shared/protocol/index.ts';

// Control and format characters could hide or turn around what others read.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Makes a name fit to be shown: one line, trimmed, at most 64 code points. Undefined when nothing is left. */
export function cleanPersonName(name: string): string | undefined {
  // Cut first, so that an endless name costs nothing.
  const words = name.slice(0, 1024).replace(/\s+/gu, ' ').replace(INVISIBLE, '').trim();
  const cleaned = Array.from(words).slice(0, PROTOCOL_LIMITS.maxNameCodePoints).join('').trim();
  return cleaned === '' ? undefined : cleaned;
}
