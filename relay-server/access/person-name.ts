import { PROTOCOL_LIMITS } from '../../shared/protocol/index.ts';

// Control and format characters could hide or turn around what others read.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Makes a name fit to be shown: one line, trimmed, at most 256 bytes. Undefined when nothing is left. */
export function cleanPersonName(name: string): string | undefined {
  // Cut first, so that an endless name costs nothing.
  const words = name.slice(0, 1024).replace(/\s+/gu, ' ').replace(INVISIBLE, '').trim();
  let cleaned = '';
  let byteLength = 0;
  for (const character of words) {
    byteLength += Buffer.byteLength(character);
    if (byteLength > PROTOCOL_LIMITS.maxNameBytes) break;
    cleaned += character;
  }
  cleaned = cleaned.trim();
  return cleaned === '' ? undefined : cleaned;
}
