import { expect, it } from 'vitest';
import { readWindowMessage } from './attachment-messages.ts';

const HASH = new Uint8Array(16);

it('takes what windows say of copies', () => {
  for (const message of [
    { type: 'copy', document: 'file', state: HASH, text: HASH },
    { type: 'paused', document: 'file' },
    { type: 'resync', document: 'file', requestId: 3, isUnkept: false },
  ]) {
    expect(readWindowMessage({ ...message, more: 1 })).toEqual(message);
  }
});

it.each([
  { type: 'copy', document: 'file', state: HASH, text: new Uint8Array(15) },
  { type: 'copy', document: 'file', state: [1, 2], text: HASH },
  { type: 'copy', document: '../etc', state: HASH, text: HASH },
  { type: 'copy', document: 'file' },
  { type: 'paused', document: 7 },
  { type: 'paused' },
  { type: 'resync', document: 'file', requestId: 0.5, isUnkept: true },
  { type: 'resync', document: 'file', requestId: 1, isUnkept: 'yes' },
  { type: 'resync', document: 'file', requestId: 1 },
  { type: 'reset', document: 'file' },
])('refuses %j', (value) => {
  expect(readWindowMessage(value)).toBeUndefined();
});
