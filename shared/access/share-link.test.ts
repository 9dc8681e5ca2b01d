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
    'http://[2001:db8::8:800:200c:417a]',
    'https://xn--tti-hoa4e.example',
    'https://example.org/~team/a.b/c-d_e',
    'https://a-1.b-2.example:65535',
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
    ['port 0', `https://h:0/join/r#${SECRET}`],
    ['a port with zeros before it', `https://h:0443/join/r#${SECRET}`],
    ['a port that is none', `https://h:/join/r#${SECRET}`],
    ['a number as a host', `http://2130706433/join/r#${SECRET}`],
    ['a hexadecimal host', `http://0x7f.1/join/r#${SECRET}`],
    ['an octal host', `http://0177.0.0.1/join/r#${SECRET}`],
    ['an address of three parts', `http://127.0.1/join/r#${SECRET}`],
    ['an address beyond 255', `http://127.0.0.256/join/r#${SECRET}`],
    ['two dots in the host', `https://h..example/join/r#${SECRET}`],
    ['a dot at the end of the host', `https://h.example./join/r#${SECRET}`],
    ['an IPv6 host with a zone', `http://[fe80::1%25eth0]/join/r#${SECRET}`],
    ['an IPv6 host with too many parts', `http://[1:2:3:4:5:6:7:8:9]/join/r#${SECRET}`],
    ['an IPv6 host that is shortened twice', `http://[1::2::3]/join/r#${SECRET}`],
    ['an IPv6 host without brackets', `http://::1/join/r#${SECRET}`],
    ['an open bracket', `http://[::1/join/r#${SECRET}`],
    ['a host that turns its direction', `https://h\u202e.example/join/r#${SECRET}`],
    ['an ideographic full stop in the host', `https://h\u3002example/join/r#${SECRET}`],
    ['a password in the host', `https://user:pass@h/join/r#${SECRET}`],
    ['data', `data:text/html,//h/join/r#${SECRET}`],
    ['the relay twice', `tutti://join?relay=javascript%3A&relay=ftp%3A%2F%2Fh&room=r#${SECRET}`],
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
