// Control and format characters could hide or turn around what others read.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Makes a text that somebody has chosen fit to be shown: one line, trimmed, at most so many code points. */
export function cleanText(text: string, maxCodePoints: number): string {
  // Cut first, so that an endless text costs nothing.
  const words = text.slice(0, 1024).replace(/\s+/gu, ' ').replace(INVISIBLE, '').trim();
  return Array.from(words).slice(0, maxCodePoints).join('').trim();
}
