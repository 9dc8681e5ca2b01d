// Control and format characters could hide or turn around what others read; the rest shows nothing where a letter should be.
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0\u{1d159}]|\u034f|\u17b4|\u17b5|[\u180b-\u180f]/gu;
/** What joins them is invisible by itself, and only these sequences may have it. */
const EMOJI = /\p{RGI_Emoji}/gv;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Makes a text that somebody has chosen fit to be shown: one line, trimmed, at most so many code points. Empty when
 * nothing of it can be seen.
 */
export function cleanText(text: string, maxCodePoints: number): string {
  // Cut first, so that an endless text costs nothing.
  const words = removeInvisible(text.slice(0, 1024).replace(/\s+/gu, ' ')).trim();
  return VISIBLE.test(words) ? cutGraphemes(words, maxCodePoints).trim() : '';
}

function removeInvisible(text: string): string {
  let kept = '';
  let end = 0;
  for (const { 0: emoji, index } of text.matchAll(EMOJI)) {
    kept += text.slice(end, index).replace(INVISIBLE, '') + emoji;
    end = index + emoji.length;
  }
  return kept + text.slice(end).replace(INVISIBLE, '');
}

/** What people take for one character is not cut, unless it is all that there is. */
function cutGraphemes(text: string, maxCodePoints: number): string {
  if ([...text].length <= maxCodePoints) return text;
  let cut = '';
  let codePoints = 0;
  for (const { segment } of graphemes.segment(text)) {
    codePoints += [...segment].length;
    if (codePoints > maxCodePoints) break;
    cut += segment;
  }
  return cut === '' ? [...text].slice(0, maxCodePoints).join('') : cut;
}
