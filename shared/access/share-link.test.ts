import { describe, expect, it } from 'vitest';
import { formatAppLink, formatShareLink, parseShareLink } from './share-link.ts';

const SECRET = 'abcdefghijklmnopqrstuvwx-_012345';
const LINK = { relayUrl: 'https://tutti.example.org', room: 'Room_1-x', secret: SECRET };

describe('share links', () => {
  it.each([
    'https://tutti.example.org',
    'http://127.0.0.1:7455',
    'http://[::1]:7455',
    'https://example.org/team/tutti',
    'http://localhost:80',
  ])('of %s are read in both forms', (relayUrl) => {
    const link = { ...LINK, relayUrl };
    expect(parseShareLink(formatShareLink(link))).toEqual({ ok: true, link });
    expect(parseShareLink(formatAppLink(link))).toEqual({ ok: true, link });
  });

  it.each([
    ['spaces around', `  https://tutti.example.org/join/Room_1-x#${SECRET}\n`],
    ['capitals in the host', `HTTPS://Tutti.Example.ORG/join/Room_1-x#${SECRET}`],
    ['a slash at the end', `https://tutti.example.org/join/Room_1-x/#${SECRET}`],
    ['a query that a mail program added', `https://tutti.example.org/join/Room_1-x?utm_source=mail#${SECRET}`],
    [
      'a slash at the end of the relay',
      `tutti://join?relay=https%3A%2F%2Ftutti.example.org%2F&room=Room_1-x#${SECRET}`,
    ],
    ['a slash after join', `tutti://join/?relay=https%3A%2F%2Ftutti.example.org&room=Room_1-x#${SECRET}`],
    ['parameters of a later version', `tutti://join?v=2&relay=https%3A%2F%2Ftutti.example.org&room=Room_1-x#${SECRET}`],
  ])('are read with %s', (_what, text) => {
    expect(parseShareLink(text)).toEqual({ ok: true, link: LINK });
  });

  it.each([
    ['nothing', ''],
    ['words', 'please join us'],
    ['another scheme', `javascript:alert(1)//join/r#${SECRET}`],
    ['a file', `file:///join/r#${SECRET}`],
    ['a script in the relay', `tutti://join?relay=javascript%3Aalert(1)&room=r#${SECRET}`],
    ['a socket address', `wss://h/join/r#${SECRET}`],
    ['no secret', 'https://h/join/r'],
    ['an empty secret', 'https://h/join/r#'],
    ['a short secret', 'https://h/join/r#short'],
    ['an endless secret', `https://h/join/r#${'a'.repeat(129)}`],
    ['a secret with other signs', `https://h/join/r#${SECRET}%00`],
    ['a secret in the query', `https://h/join/r?secret=${SECRET}`],
    ['no room', `https://h/join/#${SECRET}`],
    ['a room with dots', `https://h/join/..#${SECRET}`],
    ['a room with a slash', `tutti://join?relay=https%3A%2F%2Fh&room=a%2Fb#${SECRET}`],
    ['an endless room', `https://h/join/${'r'.repeat(65)}#${SECRET}`],
    ['an encoded room', `https://h/join/%72#${SECRET}`],
    ['a user in the host', `https://tutti.example.org@evil.example/join/r#${SECRET}`],
    ['a user in the relay', `tutti://join?relay=https%3A%2F%2Fgood%40evil&room=r#${SECRET}`],
    ['a backslash in the host', `https://evil.example\\.tutti.example.org/join/r#${SECRET}`],
    ['a host of another alphabet', `https://tutt\u0456.example/join/r#${SECRET}`],
    ['no host', `https:///join/r#${SECRET}`],
    ['a port beyond all ports', `https://h:99999/join/r#${SECRET}`],
    ['steps up in the path', `https://h/a/../join/r#${SECRET}`],
    ['encoded steps up', `https://h/%2e%2e/join/r#${SECRET}`],
    ['a query in the relay', `tutti://join?relay=https%3A%2F%2Fh%2F%3Fx&room=r#${SECRET}`],
    ['a fragment in the relay', `tutti://join?relay=https%3A%2F%2Fh%23x&room=r#${SECRET}`],
    ['a broken escape', `tutti://join?relay=%E0%A4%A&room=r#${SECRET}`],
    ['no relay', `tutti://join?room=r#${SECRET}`],
    ['another action', `tutti://open?relay=https%3A%2F%2Fh&room=r#${SECRET}`],
    ['two lines', `https://h/join/r\n#${SECRET}`],
    ['a very long text', `https://h/${'a/'.repeat(50_000)}join/r#${SECRET}`],
    ['words after the link', `https://h/join/r#${SECRET} see you`],
  ])('with %s are refused with words for people', (_what, text) => {
    const parsed = parseShareLink(text);
    expect(parsed.ok).toBe(false);
    expect(parsed.ok || parsed.explanation.length > 20).toBe(true);
    expect(parsed.ok || !parsed.explanation.includes(SECRET)).toBe(true);
  });

  it('never put the secret where servers see it', () => {
    for (const text of [formatShareLink(LINK), formatAppLink(LINK)]) {
      const url = new URL(text);
      expect(url.hash).toBe(`#${SECRET}`);
      expect(`${url.pathname}${url.search}`).not.toContain(SECRET);
    }
  });
});
