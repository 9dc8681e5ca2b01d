import { describe, expect, it } from 'vitest';
import { createSeededRandom, type SeededRandom } from '../testing/seeded-random.ts';
import { formatAppLink, formatShareLink, parseShareLink } from './share-link.ts';

const ROUNDS = 20_000;
const SECRET = 'abcdefghijklmnopqrstuvwx-_012345';
const RELAYS = [
  'https://tutti.example.org',
  'http://127.0.0.1:7455',
  'http://[::1]:80',
  'https://h.example/team/tutti',
];
const LINKS = RELAYS.flatMap((relayUrl) => {
  const link = { relayUrl, room: 'Room_1-x', secret: SECRET };
  return [formatShareLink(link), formatAppLink(link)];
});
const PIECES = [
  ...':/?#@[]\\.%&= \t\n\0-_0x'.split(''),
  ...[
    '//',
    '..',
    '%2e',
    '%2F',
    '%00',
    'user:pass@',
    '@evil.example',
    'javascript:',
    'data:',
    'tutti://',
    '#',
    ':0',
    ':080',
  ],
  ...[
    '\u202e',
    '\u200b',
    '\u0456',
    '。',
    '/',
    '①',
    'ß',
    '🙂',
    '\ud800',
    '0x7f.1',
    '2130706433',
    '1.2.3',
    '::ffff:1.2.3.4',
  ],
];

function mutate(random: SeededRandom): string {
  let text = random.pick(LINKS);
  for (let count = random.below(4); count >= 0; count--) {
    const at = random.below(text.length + 1);
    const removes = random.chance(0.4) ? random.below(6) : 0;
    text = text.slice(0, at) + (random.chance(0.7) ? random.pick(PIECES) : '') + text.slice(at + removes);
  }
  return text;
}

describe('share links from other people', () => {
  it('are refused, or mean to a URL parser exactly what is shown', () => {
    const random = createSeededRandom(5_150);
    let accepted = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const text = mutate(random);
      const parsed = parseShareLink(text);
      if (!parsed.ok) {
        expect(parsed.explanation.length).toBeGreaterThan(20);
        continue;
      }
      accepted++;
      const { link } = parsed;
      expect([text, URL.canParse(link.relayUrl)]).toEqual([text, true]);
      const url = new URL(link.relayUrl);
      expect([text, url.username + url.password + url.search + url.hash]).toEqual([text, '']);
      expect(['http:', 'https:']).toContain(url.protocol);
      const [, authority = '', path = ''] = /^https?:\/\/([^/]*)(.*)$/.exec(link.relayUrl) ?? [];
      // A URL leaves out the port that its scheme implies.
      const shown = url.port === '' ? authority.replace(/:\d+$/, '') : authority;
      // URLs shorten IPv6 addresses.
      if (!shown.startsWith('[')) expect([text, shown]).toEqual([text, url.host]);
      expect([text, path === '' ? '/' : path]).toEqual([text, url.pathname]);
      for (const again of [formatShareLink(link), formatAppLink(link)]) {
        expect([text, parseShareLink(again)]).toEqual([text, parsed]);
      }
    }
    expect(accepted).toBeGreaterThan(ROUNDS / 50);
  });

  it('take no long time, however they are built', () => {
    for (const piece of ['/', 'a/', 'a.', '/join/', '%', '?', '&a=', 'tutti://join?', '[', ':', '-']) {
      for (const start of ['', 'https://', 'https://h/join/r#', 'tutti://join?', 'https://[']) {
        const startMs = performance.now();
        parseShareLink(start + piece.repeat(4_096 / piece.length));
        expect([start, piece, performance.now() - startMs < 1_000]).toEqual([start, piece, true]);
      }
    }
  });
});
