import { inspect } from 'node:util';

/**
 * One line for a terminal: characters that would drive it, begin a line or turn the direction of others, such as those
 * in names of files, are written as escapes.
 */
export function terminalText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, escapeCharacter);
}

/** As {@link terminalText}, of an error that nobody expected, with where it and its causes came from in lines of their own. */
export function terminalError(error: unknown): string {
  const text = typeof error === 'string' ? error : inspect(error);
  return text.split('\n').map(terminalText).join('\n');
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
