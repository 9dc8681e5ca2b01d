import { expect, it } from 'vitest';
import { terminalError, terminalText } from './terminal-text.ts';

it('escapes what would drive a terminal, and leaves all else as it is', () => {
  expect(terminalText('a\u001b[31mred\nnext\u009b2J\u007f.txt')).toBe('a\\x1b[31mred\\x0anext\\x9b2J\\x7f.txt');
  expect(terminalText('\u202egpj.exe\u2028')).toBe('\\u{202e}gpj.exe\\u{2028}');
  expect(terminalText('Übung 日本 👍 "a b"')).toBe('Übung 日本 👍 "a b"');
});

it('keeps the lines of an error, and nothing else of what is in it', () => {
  const error = new Error('no such file "\u001b]0;owned\u0007"');
  expect(terminalError(error)).toMatch(/^Error: no such file "\\x1b\]0;owned\\x07"\n +at /);
  expect(terminalError('\u001bc')).toBe('\\x1bc');
});

it('tells what an error was caused by, and what it is made of', () => {
  const cause = new Error('no space \u001bc left');
  const all = new AggregateError([new TypeError('first\u0007')], 'two failed', { cause });
  const told = terminalError(all);
  expect(told).toMatch(/^AggregateError: two failed\n +at /);
  expect(told).toContain('Error: no space \\x1bc left');
  expect(told).toContain('TypeError: first\\x07');
  for (const line of told.split('\n')) expect(line).toBe(terminalText(line));
});
